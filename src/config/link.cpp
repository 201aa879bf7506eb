#include <algorithm>

#include "config/model.h"

namespace novip::config {

namespace {

/// The proxy of that name with the side that is asked for; one that is retired is none.
int find_proxy(const Config& config, const std::string& name, bool backend) {
  const auto found = std::ranges::find_if(config.proxies, [&](const Proxy& proxy) {
    return proxy.name == name && !proxy.retired &&
           (backend ? proxy.is_backend() : proxy.is_frontend());
  });
  return found == config.proxies.end() ? -1 : static_cast<int>(found - config.proxies.begin());
}

int find_server(const Proxy& proxy, const std::string& name) {
  const auto found = std::ranges::find_if(
      proxy.servers, [&](const Server& server) { return server.name == name && !server.retired; });
  return found == proxy.servers.end() ? -1 : static_cast<int>(found - proxy.servers.begin());
}

void link_test(const Config& config, std::size_t here, Test& test) {
  const bool frontend = test.fetch == Test::Fetch::frontend_sessions;
  test.proxy_index =
      test.proxy.empty() ? static_cast<int>(here) : find_proxy(config, test.proxy, !frontend);
  if (test.fetch == Test::Fetch::server_up && test.proxy_index >= 0)
    test.server_index =
        find_server(config.proxies[static_cast<std::size_t>(test.proxy_index)], test.server);
}

void link_condition(const Config& config, std::size_t here, Condition& condition) {
  for (auto& all : condition.any)
    for (Term& term : all)
      for (Test& test : term.any) link_test(config, here, test);
}

bool rules_ask_tls(const Proxy& proxy) {
  const auto asks = [](const auto& rule) { return rule.condition.asks_tls(); };
  return std::ranges::any_of(proxy.content_rules, asks) ||
         std::ranges::any_of(proxy.use_backend, asks);
}

}  // namespace

bool StatsPage::asks_who() const {
  const auto asks = [](const PageRule& rule) { return rule.action == PageRule::Action::auth; };
  return !users.empty() || std::ranges::any_of(rules, asks) ||
         std::ranges::any_of(outer_rules, asks);
}

void link(Config& config) {
  for (std::size_t i = 0; i < config.proxies.size(); ++i) {
    Proxy& proxy = config.proxies[i];
    for (auto* rules : {&proxy.connection_rules, &proxy.session_rules, &proxy.content_rules})
      for (AccessRule& rule : *rules) link_condition(config, i, rule.condition);
    for (ChoiceRule& rule : proxy.use_backend) {
      rule.index = find_proxy(config, rule.name, true);
      link_condition(config, i, rule.condition);
    }
    for (ChoiceRule& rule : proxy.use_server) {
      rule.index = find_server(proxy, rule.name);
      link_condition(config, i, rule.condition);
    }
    for (StickRule& rule : proxy.stick_rules) link_condition(config, i, rule.condition);
    proxy.rules_ask_tls = rules_ask_tls(proxy);
    for (auto* rules : {&proxy.stats.outer_rules, &proxy.stats.rules})
      for (PageRule& rule : *rules) link_condition(config, i, rule.condition);
    link_condition(config, i, proxy.stats.admin_if);
  }
}

}  // namespace novip::config
