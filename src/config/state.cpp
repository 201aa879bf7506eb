#include "base/network.h"
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

void add_allowed(Parser& p, const Arguments& words) {
  constexpr std::size_t most = 256;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto network = Network::parse(words[i]);
    if (!network)
      return p.error("'allow' expects numeric addresses and networks such as 10.20.30.0/24, got '" +
                     words[i] + "'");
    if (p.state().allow.size() == most) return p.error("too many addresses");
    p.state().allow.push_back(*network);
  }
}

void set_source_maxconn(Parser& p, const Arguments& words) {
  if (const auto n = p.number("source-maxconn", words[0], 1, 1000000))
    p.state().source_maxconn = *n;
}

void set_source_rate(Parser& p, const Arguments& words) {
  if (const auto n = p.number("source-rate", words[0], 1, 1000000)) p.state().source_rate = *n;
}

void set_quorum(Parser& p, const Arguments& words) {
  if (words[0] != "corosync")
    return p.error("'require-quorum' expects 'corosync', not '" + std::string(words[0]) + "'");
  p.state().require_quorum = true;
}

constexpr Keyword state_rows[] = {
    {"bind", in_state, 1, any_number, add_bind, "{<path>|[addr1]:port1[-end1]}... [mode http]"},
    {"postgres", in_state, 1, 1,
     [](Parser& p, const Arguments& words) { p.state().conninfo = words[0]; },
     "a connection string in quotes, such as \"host=/run/postgresql port=5434\"", false, true},
    {"interval", in_state, 1, 1, set_interval, "a time"},
    {"lease", in_state, 1, 1, set_lease, "a time"},
    {"maxconn", in_state, 1, 1, set_maxconn, "a number of connections"},
    {"allow", in_state, 1, any_number, add_allowed, "addresses and networks"},
    {"token-file", in_state, 1, 1,
     [](Parser& p, const Arguments& words) { p.state().token_file = words[0]; }, "a file name"},
    {"source-maxconn", in_state, 1, 1, set_source_maxconn, "a number of connections"},
    {"source-rate", in_state, 1, 1, set_source_rate, "connections a second"},
    {"require-quorum", in_state, 1, 1, set_quorum, "corosync"},
};

}  // namespace

std::span<const Keyword> state_keywords() { return state_rows; }

}  // namespace novip::config
