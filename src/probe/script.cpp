#include "probe/script.h"

#include "base/text.h"
#include "pgwire/startup.h"

namespace novip::probe {

namespace {

std::vector<Step> steps_of(const config::TcpCheck& check) {
  std::vector<Step> steps;
  for (const auto& rule : check.rules) {
    if (const auto* connect = std::get_if<config::CheckConnect>(&rule)) {
      steps.emplace_back(connect);
    } else if (const auto* send = std::get_if<config::CheckSend>(&rule)) {
      steps.emplace_back(send);
    } else {
      steps.emplace_back(Expectation(std::get<config::Expect>(rule)));
    }
  }
  return steps;
}

/// What a backend without `http-check expect` expects.
const config::Expect& any_success() {
  static const config::Expect expect = [] {
    config::Expect made;
    made.kind = config::Expect::Kind::status;
    made.codes = {{200, 399}};
    return made;
  }();
  return expect;
}

std::vector<Expectation> expectations_of(const config::HttpCheck& check) {
  std::vector<Expectation> expectations;
  for (const auto& expect : check.expect) expectations.emplace_back(expect);
  if (expectations.empty()) expectations.emplace_back(any_success());
  return expectations;
}

}  // namespace

Script::Script(const config::Proxy& proxy) {
  if (const auto* tcp = std::get_if<config::TcpCheck>(&proxy.check)) steps = steps_of(*tcp);
  if (const auto* http = std::get_if<config::HttpCheck>(&proxy.check)) {
    expect = expectations_of(*http);
    request = http_request(http->request);
  }
  if (const auto* pgsql = std::get_if<config::PgsqlCheck>(&proxy.check))
    request = pgwire::startup_message({{"user", pgsql->user}});
}

std::string http_request(const config::HttpSend& send) {
  std::string request = send.method + ' ' + send.uri + ' ' + send.version + "\r\n";
  bool connection_said = false;
  for (const auto& header : send.headers) {
    const std::string name = to_lower(header.name);
    if (name == "content-length" || name == "transfer-encoding") continue;  // told by the body
    connection_said = connection_said || name == "connection";
    request += name + ": " + header.value + "\r\n";
  }
  if (!send.body.empty()) request += "content-length: " + std::to_string(send.body.size()) + "\r\n";
  // HTTP/1.0 closes by itself.
  if (!connection_said && send.version != "HTTP/1.0") request += "connection: close\r\n";
  return request + "\r\n" + send.body;
}

}  // namespace novip::probe
