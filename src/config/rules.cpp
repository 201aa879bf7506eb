#include "config/condition.h"
#include "config/parser.h"

// Who may come in, and where they go: `acl`, `tcp-request`, `use_backend`, `use-server`.

namespace novip::config {

namespace {

void add_acl(Parser& p, const Arguments& words) {
  const std::string& name = words[0];
  if (!valid_name(name))
    return p.error("character not permitted in ACL name '" + name + "'; " +
                   std::string(valid_name_text));
  if (name == "or" || name == "if" || name == "unless")
    return p.error("'" + name + "' cannot be the name of an ACL");
  auto& tests = p.draft().acls[name];  // even when it is wrong: it was told of
  if (auto test = read_test(p, words, 1, words.size())) tests.push_back(*std::move(test));
}

/// Rules for clients that a proxy without the side for them would never apply.
bool has_side(Parser& p, unsigned side) {
  if (p.section() & (side | in_defaults)) return true;
  p.error(p.name() + " is not allowed here: " + std::string(section_name(p.section())) + " '" +
          p.proxy().name + "' has no " + (side == frontend_side ? "frontend" : "backend") +
          " capability");
  return false;
}

void add_access_rule(Parser& p, const Arguments& words, std::vector<AccessRule>& rules) {
  const std::string& action = words[0];
  if (action != "accept" && action != "reject")
    return p.error(p.name() + " supports 'accept' and 'reject', got '" + action +
                   "': novip inspects no traffic and keeps no counters of clients");
  if (auto condition = read_condition(p, words, 1))
    rules.push_back({action == "accept", *std::move(condition)});
}

void add_connection_rule(Parser& p, const Arguments& words) {
  if (has_side(p, frontend_side)) add_access_rule(p, words, p.proxy().connection_rules);
}

void add_session_rule(Parser& p, const Arguments& words) {
  if (has_side(p, frontend_side)) add_access_rule(p, words, p.proxy().session_rules);
}

void add_content_rule(Parser& p, const Arguments& words) {
  add_access_rule(p, words, p.proxy().content_rules);
}

/// No rule waits for anything that the client has to say.
void set_inspect_delay(Parser& p, const Arguments& words) {
  (void)p.time("tcp-request inspect-delay", words[0]);
}

void add_use_backend(Parser& p, const Arguments& words) {
  if (!has_side(p, frontend_side)) return;
  if (words[0].find('%') != std::string::npos)
    return p.error("'use_backend' expects the name of a backend: expressions such as '" + words[0] +
                   "' are not supported");
  if (auto condition = read_condition(p, words, 1))
    p.proxy().use_backend.push_back({p.here(), words[0], -1, *std::move(condition)});
}

void add_use_server(Parser& p, const Arguments& words) {
  if (!has_side(p, backend_side)) return;
  if (words.size() < 2) return p.error("'use-server' expects 'if' or 'unless' and a condition");
  if (auto condition = read_condition(p, words, 1))
    p.proxy().use_server.push_back({p.here(), words[0], -1, *std::move(condition)});
}

constexpr std::string_view an_action = "'accept' or 'reject'";
constexpr Keyword rule_rows[] = {
    {"acl", anywhere, 2, any_number, add_acl, "a name and a criterion"},
    {"tcp-request connection", anywhere, 1, any_number, add_connection_rule, an_action},
    {"tcp-request session", anywhere, 1, any_number, add_session_rule, an_action},
    {"tcp-request content", anywhere, 1, any_number, add_content_rule, an_action},
    {"tcp-request inspect-delay", anywhere, 1, 1, set_inspect_delay, "a time"},
    {"use_backend", anywhere, 1, any_number, add_use_backend, "the name of a backend"},
    {"use-server", anywhere, 1, any_number, add_use_server, "the name of a server"},
};

}  // namespace

std::span<const Keyword> rule_keywords() { return rule_rows; }

}  // namespace novip::config
