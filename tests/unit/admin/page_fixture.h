#pragma once

#include <string>
#include <utility>

#include "admin/page_answer.h"
#include "fixture.h"

namespace novip::admin {

namespace http = boost::beast::http;

/// The statistics page of the fixture's third proxy, and somebody on this machine who asks for it.
class PageTest : public AdminTest {
 protected:
  PageTest() {
    site.statistics = statistics.get();
    site.proxy = 2;
    site.token = "secret";
  }
  PageResponse ask_page(PageRequest request) {
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    return answer_page(site, client, request, now);
  }
  PageResponse get(const std::string& target, http::verb verb = http::verb::get) {
    PageRequest request(verb, target, 11);
    request.set(http::field::host, host);
    return ask_page(std::move(request));
  }
  /// A form that was sent from this site's own page.
  PageResponse post(const std::string& body, const std::string& origin = "http://127.0.0.1:7000") {
    PageRequest request(http::verb::post, "/", 11);
    request.set(http::field::host, host);
    if (!origin.empty()) request.set(http::field::origin, origin);
    request.body() = body;
    return ask_page(std::move(request));
  }
  config::StatsPage& settings() { return config->proxies[2].stats; }

  PageSite site;
  PageClient client{"127.0.0.1", true};
  std::string authorization;
  std::string host = "127.0.0.1:7000";
};

/// `unless http_auth(people)`.
inline config::Condition unless_proven() {
  config::Test known;
  known.fetch = config::Test::Fetch::user;
  known.userlist = "people";
  return {true, {{{false, "", {known}}}}};
}

}  // namespace novip::admin
