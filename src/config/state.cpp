#include "config/address.h"
#include "config/bind.h"
#include "config/parser.h"

// Section `state`, novip's own: this node's PostgreSQL, and who may ask about it.

namespace novip::config {

namespace {

void add_bind(Parser& p, const Arguments& words) {
  bool http = false;
  auto added = read_bind(p, words, nullptr, &http);
  auto& binds = http ? p.state().http : p.state().binds;
  for (auto& bind : added) {
    if (bind.accept_proxy) return p.error("'accept-proxy' is for proxies, not for 'state'");
    if (binds.size() == max_bind_addresses) return p.error("too many addresses");
    binds.push_back(std::move(bind));
  }
}

void set_interval(Parser& p, const Arguments& words) {
  if (const auto time = p.time("interval", words[0], 10ms)) p.state().interval = *time;
}

void set_lease(Parser& p, const Arguments& words) {
  if (const auto time = p.time("lease", words[0], 10ms)) p.state().lease = *time;
}

void set_maxconn(Parser& p, const Arguments& words) {
  if (const auto n = p.number("maxconn", words[0], 1, 1000000)) p.state().maxconn = *n;
}

void set_quorum(Parser& p, const Arguments& words) {
  if (words[0] != "corosync")
    return p.error("'require-quorum' expects 'corosync', not '" + std::string(words[0]) + "'");
  p.state().require_quorum = true;
}

constexpr Keyword rows[] = {
    {"bind", in_state, 1, any_number, add_bind, "{<path>|[addr1]:port1[-end1]}... [mode http]"},
    {"postgres", in_state, 1, 1,
     [](Parser& p, const Arguments& words) { p.state().conninfo = words[0]; },
     "a connection string in quotes, such as \"host=/run/postgresql port=5434\""},
    {"interval", in_state, 1, 1, set_interval, "a time"},
    {"lease", in_state, 1, 1, set_lease, "a time"},
    {"maxconn", in_state, 1, 1, set_maxconn, "a number of connections"},
    {"require-quorum", in_state, 1, 1, set_quorum, "corosync"},
};

}  // namespace

std::span<const Keyword> state_keywords() { return rows; }

}  // namespace novip::config
