#include "config/validate_rules.h"

#include <algorithm>

#include "config/validate_servers.h"

namespace novip::config {

namespace {

/// Those that are asked when somebody wants to see the statistics page.
template <typename Visit>
void for_page_conditions(StatsPage& page, Visit visit) {
  for (auto* rules : {&page.outer_rules, &page.rules})
    for (PageRule& rule : *rules) visit(rule.condition);
  visit(page.admin_if);
}

/// Those of sessions.
template <typename Visit>
void for_conditions(Proxy& proxy, Visit visit) {
  for (auto* rules : {&proxy.connection_rules, &proxy.session_rules, &proxy.content_rules})
    for (AccessRule& rule : *rules) visit(rule.condition);
  for (auto* rules : {&proxy.use_backend, &proxy.use_server})
    for (ChoiceRule& rule : *rules) visit(rule.condition);
  for (StickRule& rule : proxy.stick_rules) visit(rule.condition);
}

std::string subject(const Test& test) {
  return test.server.empty() ? test.proxy : test.proxy + "/" + test.server;
}

void check_condition(Parser& p, const Proxy& proxy, const Condition& condition) {
  for (const auto& all : condition.any)
    for (const Term& term : all)
      for (const Test& test : term.any) {
        if (!term.acl.empty() && !test.proxy.empty()) continue;  // told of by check_acls()
        const bool of_server = test.fetch == Test::Fetch::server_up;
        if (test.proxy_index < 0 || (of_server && test.server_index < 0))
          p.error_at(proxy.where, "a condition of " + title(proxy) + " asks about '" +
                                      subject(test) + "', which is not there");
      }
}

/// Nobody but the statistics page has users.
void check_no_user(Parser& p, const Proxy& proxy, const Condition& condition) {
  for (const auto& all : condition.any)
    for (const Term& term : all)
      for (const Test& test : term.any)
        if (!test.userlist.empty())
          p.error_at(proxy.where, "a condition of " + title(proxy) +
                                      " asks for a user: 'http_auth' is for 'stats http-request', "
                                      "'stats admin' and 'http-request auth'");
}

void check_userlists(Parser& p, const Proxy& proxy, const Condition& condition) {
  const auto& lists = p.config().userlists;
  for (const auto& all : condition.any)
    for (const Term& term : all)
      for (const Test& test : term.any)
        if (!test.userlist.empty() &&
            std::ranges::find(lists, test.userlist, &Userlist::name) == lists.end())
          p.error_at(proxy.where,
                     title(proxy) + ": unable to find userlist '" + test.userlist + "'");
}

/// `stats auth` is a rule of its own.
void check_page(Parser& p, Proxy& proxy) {
  StatsPage& page = proxy.stats;
  for_page_conditions(page, [&](const Condition& condition) {
    check_condition(p, proxy, condition);
    check_userlists(p, proxy, condition);
  });
  if (!page.rules.empty() && (!page.users.empty() || page.realm != StatsPage{}.realm))
    p.error_at(proxy.where, title(proxy) +
                                ": 'stats auth'/'realm' and 'http-request' can't be used at the "
                                "same time");
}

/// Users that a group's line names get that group.
void join_groups(Parser& p, Userlist& list) {
  for (const auto& group : list.groups)
    for (const auto& name : group.users) {
      const auto user = std::ranges::find(list.users, name, &Userlist::User::name);
      if (user == list.users.end())
        p.error_at(group.where, "unable to find user '" + name + "' of group '" + group.name +
                                    "' in userlist '" + list.name + "'");
      else
        user->groups.push_back(group.name);
    }
  for (const auto& user : list.users)
    for (const auto& name : user.groups)
      if (std::ranges::find(list.groups, name, &Userlist::Group::name) == list.groups.end())
        p.error_at(list.where, "unable to find group '" + name + "' of user '" + user.name +
                                   "' in userlist '" + list.name + "'");
}

bool is_there(const Config& config, const Test& test) {
  const bool frontend = test.fetch == Test::Fetch::frontend_sessions;
  return std::ranges::any_of(config.proxies, [&](const Proxy& proxy) {
    const bool has_side = frontend ? proxy.is_frontend() : proxy.is_backend();
    return proxy.name == test.proxy && has_side &&
           (test.server.empty() ||
            std::ranges::find(proxy.servers, test.server, &Server::name) != proxy.servers.end());
  });
}

/// Whether a rule uses it or not.
void check_acls(Parser& p, const Draft& draft) {
  for (const auto& [name, tests] : draft.acls)
    for (const Test& test : tests)
      if (!test.proxy.empty() && !is_there(p.config(), test))
        p.error_at(draft.proxy.where, "acl '" + name + "' of " + title(draft.proxy) +
                                          " asks about '" + subject(test) +
                                          "', which is not there");
}

/// Rules that come before TLS cannot ask about it, and none can where TLS passes through.
void check_tls_rules(Parser& p, const Proxy& proxy) {
  for (auto* rules : {&proxy.connection_rules, &proxy.session_rules})
    for (const AccessRule& rule : *rules)
      if (rule.condition.asks_tls())
        p.error_at(proxy.where, "a 'tcp-request connection' or 'tcp-request session' rule of " +
                                    title(proxy) +
                                    " asks about TLS, which begins after it: write 'tcp-request "
                                    "content'");
  const auto ends_tls = [](const Bind& bind) { return bind.tls.has_value(); };
  if (proxy.rules_ask_tls && proxy.is_frontend() && std::ranges::none_of(proxy.binds, ends_tls))
    p.warning_at(proxy.where, "rules of " + title(proxy) +
                                  " ask about TLS, which ends at none of its 'bind' lines ('ssl'): "
                                  "'ssl_fc' and 'ssl_fc_sni' are never true there");
}

/// A frontend's clients may not be led to a statistics page, nor to what is disabled.
void check_use_backend(Parser& p, const Proxy& proxy, const ChoiceRule& rule) {
  if (rule.index < 0)
    return p.error_at(rule.where,
                      title(proxy) + ": unable to find required use_backend: '" + rule.name + "'");
  const Proxy& backend = p.config().proxies[static_cast<std::size_t>(rule.index)];
  if (backend.mode != proxy.mode)
    p.error_at(rule.where,
               title(proxy) + ": use_backend '" + rule.name + "' has another mode (tcp, http)");
}

void check_stick_rule(Parser& p, const Proxy& proxy, const StickRule& rule) {
  if (!rule.table.empty() && rule.table != proxy.name)
    p.error_at(rule.where, title(proxy) + ": 'table " + rule.table +
                               "' is not supported: a table has servers of its own proxy only");
  else if (!proxy.stick_table)
    p.error_at(rule.where, title(proxy) + ": unable to find stick-table '" + proxy.name + "'");
}

}  // namespace

void expand_acls(Draft& draft) {
  const auto expand = [&draft](Condition& condition) {
    for (auto& all : condition.any)
      for (Term& term : all)
        if (!term.acl.empty()) term.any = draft.acls[term.acl];
  };
  for_conditions(draft.proxy, expand);
  for_page_conditions(draft.proxy.stats, expand);
}

void validate_rules(Parser& p) {
  for (Userlist& list : p.config().userlists) join_groups(p, list);
  for (const Draft& draft : p.proxies())
    if (!draft.proxy.disabled) check_acls(p, draft);
  for (Proxy& proxy : p.config().proxies) {
    if (proxy.disabled) continue;
    check_tls_rules(p, proxy);
    for_conditions(proxy, [&](const Condition& condition) {
      check_condition(p, proxy, condition);
      check_no_user(p, proxy, condition);
    });
    check_page(p, proxy);
    for (const ChoiceRule& rule : proxy.use_backend) check_use_backend(p, proxy, rule);
    for (const ChoiceRule& rule : proxy.use_server)
      if (rule.index < 0)
        p.error_at(rule.where,
                   title(proxy) + ": unable to find server '" + rule.name + "' of 'use-server'");
    for (const StickRule& rule : proxy.stick_rules) check_stick_rule(p, proxy, rule);
  }
}

}  // namespace novip::config
