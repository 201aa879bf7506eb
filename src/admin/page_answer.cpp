#include "admin/page_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "admin/cluster_report.h"
#include "admin/haproxy_metrics.h"
#include "admin/overview.h"
#include "admin/page_access.h"
#include "admin/page_assets.h"
#include "admin/page_html.h"
#include "admin/page_orders.h"
#include "admin/page_request.h"
#include "admin/show_stat.h"
#include "base/secret.h"

namespace novip::admin {

namespace http = boost::beast::http;

namespace {

using Format = PageTarget::Format;

/// Boost has a string_view of its own.
std::string_view text_of(boost::core::string_view text) { return {text.data(), text.size()}; }

/// One request with all that decides about its answer.
struct Visit {
  const PageSite& site;
  const PageClient& client;
  const PageRequest& request;
  const config::StatsPage& settings;
  PageTarget target;
  std::string user;  // empty: nobody had to say who they are
  TimePoint now;
  Scope scope;
  std::vector<cluster::Proof> proofs;
  std::shared_ptr<const cluster::Snapshot> snapshot;

  cluster::Situation situation() const {
    return {*snapshot,          *statistics().process().load, client.source,
            client.destination, client.server_name,           &proofs};
  }

  const Statistics& statistics() const { return *site.statistics; }
  std::string_view request_target() const { return text_of(request.target()); }
  std::string_view header(http::field name) const { return text_of(request[name]); }
  std::string_view header(const char* name) const { return text_of(request[name]); }
};

PageResponse respond(http::status status, const char* type, std::string body) {
  PageResponse response(status, 11);
  response.set(http::field::content_type, type);
  response.body() = std::move(body);
  return response;
}

PageResponse text_response(http::status status, std::string body) {
  return respond(status, "text/plain; charset=utf-8", std::move(body));
}

PageResponse unauthorized(std::string_view name) {
  auto response = text_response(http::status::unauthorized,
                                "You need a valid user and password to access this content.\n");
  std::string realm;
  for (const char c : name) {
    if (c == '"' || c == '\\') realm += '\\';
    realm += c;
  }
  response.set(http::field::www_authenticate, "Basic realm=\"" + realm + "\"");
  return response;
}

PageResponse not_allowed(const config::StatsPage& settings) {
  auto response = text_response(http::status::method_not_allowed, "Use GET or HEAD.\n");
  response.set(http::field::allow, settings.admin ? "GET, HEAD, POST" : "GET, HEAD");
  return response;
}

/// The script and the style: their names change when they do.
PageResponse asset(const char* type, std::string_view text) {
  auto response = respond(http::status::ok, type, std::string(text));
  response.set(http::field::cache_control, "private, max-age=86400, immutable");
  return response;
}

/// Whether this client may give orders at all. Without `stats auth` only one on this machine, which
/// asked for it by an address: a name could have been made to point here by anybody.
bool may_order(const Visit& visit) {
  const auto& settings = visit.settings;
  if (!settings.admin || (settings.admin_local && !visit.client.local)) return false;
  if (!cluster::holds(settings.admin_if, visit.situation())) return false;
  if (!visit.user.empty()) return true;
  return !settings.asks_who() && visit.client.local &&
         is_loopback_host(visit.header(http::field::host));
}

PageView view_for(const Visit& visit) {
  return {visit.site.statistics,
          &visit.settings,
          visit.target,
          visit.scope,
          may_order(visit) ? visit.site.token : "",
          visit.now};
}

PageResponse html_response(const Visit& visit) {
  auto response = respond(http::status::ok, "text/html; charset=utf-8", page_html(view_for(visit)));
  response.set("content-security-policy", page_security_policy);
  return response;
}

std::string live_text(const Visit& visit) {
  auto text =
      overview_json(visit.statistics(), visit.scope, visit.now, visit.target.since, Events::most);
  if (visit.site.history)
    text.insert(1,
                "\"history\":" + visit.site.history->json(visit.target.after, visit.scope) + ",");
  return text;
}

/// What no script keeps up to date is asked for again, as HAProxy has it; the page itself is not
/// (page_refresh): that would take away where somebody scrolled to and what they have chosen.
PageResponse refreshed(const Visit& visit, PageResponse response) {
  const auto seconds = visit.settings.refresh.count();
  if (visit.target.refresh && seconds > 0) response.set("refresh", std::to_string(seconds));
  return response;
}

PageResponse show(const Visit& visit) {
  switch (visit.target.format) {
    case Format::html:
      return html_response(visit);
    case Format::csv:
      return refreshed(visit, text_response(http::status::ok, stat_csv(rows_for(view_for(visit)))));
    case Format::typed:
      return refreshed(
          visit, text_response(http::status::ok, stat_typed(rows_for(view_for(visit)), false)));
    case Format::json:
      return refreshed(visit, respond(http::status::ok, "application/json",
                                      stat_json(rows_for(view_for(visit)))));
    case Format::live:
      return respond(http::status::ok, "application/json", live_text(visit));
    case Format::tables:
      return respond(http::status::ok, "text/html; charset=utf-8", tables_html(view_for(visit)));
    case Format::script:
      return asset("text/javascript; charset=utf-8", page_script);
    case Format::style:
      return asset("text/css; charset=utf-8", page_style);
  }
  return text_response(http::status::not_found, "There is nothing here.\n");
}

PageResponse forbidden(const char* why) { return text_response(http::status::forbidden, why); }

/// The form's answer, as HAProxy's: back to the page, which says how it went.
PageResponse back_to_page(const Visit& visit, OrderResult result) {
  auto response = text_response(http::status::see_other, "");
  response.set(http::field::location, visit.settings.uri + ";st=" + std::string(code_of(result)));
  return response;
}

PageResponse take_order(const Visit& visit) {
  if (!may_order(visit)) return back_to_page(visit, OrderResult::denied);
  const auto order = parse_page_order(visit.request.body());
  if (!order) return back_to_page(visit, OrderResult::invalid);
  const auto from = provenance(visit.header(http::field::origin), visit.header("sec-fetch-site"),
                               visit.header(http::field::host));
  if (from == Provenance::foreign)
    return forbidden("This order was sent from a page of another site.\n");
  if (from == Provenance::unsaid && !same_secret(order->token, visit.site.token))
    return forbidden(
        "Send the page's token (the form's field \"t\"), or an Origin header that says this "
        "site, to prove that the order is yours.\n");
  const std::string who = (visit.user.empty() ? "" : visit.user + " at ") + visit.client.address;
  return back_to_page(visit, carry_out(visit.statistics(), visit.scope, *order, who, visit.now));
}

/// "/metrics" and what it asks for, as HAProxy's exporter takes it; or nothing of the kind.
std::optional<std::string_view> metrics_query(const config::StatsPage& settings,
                                              std::string_view target) {
  const auto mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  const std::string_view wanted =
      settings.metrics ? std::string_view(settings.metrics->path) : "/metrics";
  const bool begins = settings.metrics && settings.metrics->prefix;
  if (begins ? !path.starts_with(wanted) : path != wanted) return std::nullopt;
  return target.substr(std::min(mark + 1, target.size()));
}

PageResponse metrics_response(const Visit& visit, std::string_view query) {
  const auto method = visit.request.method();
  if (method != http::verb::get && method != http::verb::head) return not_allowed(visit.settings);
  const auto choice = parse_metrics_query(query);
  if (!choice)
    return text_response(http::status::bad_request,
                         "There is no such scope, or an escape is broken.\n");
  const InfoMoment moment{visit.now, std::chrono::system_clock::now(), visit.site.listeners};
  std::string text = haproxy_metrics(visit.statistics(), *choice, moment);
  if (choice->own) text += cluster_metrics(visit.statistics(), visit.now);
  return respond(http::status::ok, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

/// Takes in who asks, as far as that is proven to this page: it may ask nobody, and the password is
/// another page's.
void identify(Visit& visit) {
  const auto visitor = parse_credentials(visit.header(http::field::authorization));
  if (!visitor) return;
  const auto lists = userlists_of(visit.settings, visit.statistics().roster().config().userlists);
  visit.proofs = proofs_of(lists, *visitor, visit.client.right_hashes);
  if (!visit.proofs.empty()) visit.user = visitor->name;
}

/// None: the rules let the visitor in.
std::optional<PageResponse> refusal_by(std::span<const config::PageRule> rules,
                                       const Visit& visit) {
  using Action = config::PageRule::Action;
  const auto* const rule = deciding(rules, visit.situation());
  if (rule == nullptr || rule->action == Action::allow) return std::nullopt;
  if (rule->action == Action::auth) return unauthorized(rule->realm);
  return forbidden("The rules of this page do not let you see it.\n");
}

/// As in HAProxy the exporter is a service of its own, which `stats auth` does not guard; where the
/// configuration does not name it, it is a part of the page.
PageResponse choose_response(Visit& visit) {
  identify(visit);
  const auto metrics = metrics_query(visit.settings, visit.request_target());
  const std::span outer(visit.settings.outer_rules);
  const auto& exporter = visit.settings.metrics;
  const bool exported = metrics && exporter;
  if (auto refusal = refusal_by(exported ? outer.first(exporter->after) : outer, visit))
    return std::move(*refusal);
  if (exported) return metrics_response(visit, *metrics);
  if (!visit.settings.enabled || (!visit.target.matches && !metrics))
    return text_response(http::status::not_found, "There is nothing here.\n");
  if (!visit.settings.users.empty()) {
    visit.user = authorized_user(visit.header(http::field::authorization), visit.settings.users);
    if (visit.user.empty()) return unauthorized(visit.settings.realm);
  }
  if (auto refusal = refusal_by(visit.settings.rules, visit)) return std::move(*refusal);
  if (metrics && !visit.settings.scope.empty())
    return text_response(
        http::status::not_found,
        "Metrics are of every proxy, and this page shows some ('stats scope'): name "
        "them with 'http-request use-service prometheus-exporter'.\n");
  if (metrics) return metrics_response(visit, *metrics);
  const auto method = visit.request.method();
  if (method == http::verb::post && visit.settings.admin) return take_order(visit);
  if (method != http::verb::get && method != http::verb::head) return not_allowed(visit.settings);
  return show(visit);
}

/// What every answer carries.
void finish(PageResponse& response, const PageRequest& request) {
  if (response[http::field::cache_control].empty())
    response.set(http::field::cache_control, "no-cache");
  response.set("x-content-type-options", "nosniff");
  // Not "no-referrer": the browser would keep back where an order comes from, too.
  response.set("referrer-policy", "same-origin");
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
}

}  // namespace

PageResponse answer_page(const PageSite& site, const PageClient& client, const PageRequest& request,
                         TimePoint now) {
  const auto& settings = site.statistics->proxy(site.proxy).settings->stats;
  Visit visit{site,
              client,
              request,
              settings,
              parse_page_target(text_of(request.target()), settings.uri),
              "",
              now,
              Scope(*site.statistics, site.proxy),
              {},
              site.statistics->roster().snapshot()};
  auto response = choose_response(visit);
  finish(response, request);
  return response;
}

}  // namespace novip::admin
