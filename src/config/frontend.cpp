#include "config/address.h"
#include "config/bind.h"
#include "config/parser.h"

// The side of a proxy that clients see: `frontend`, and `listen`.

namespace novip::config {

namespace {

constexpr unsigned in_fe = in_defaults | frontend_side;

void add_bind(Parser& p, const Arguments& words) {
  auto& binds = p.proxy().binds;
  p.draft().bind_written = true;
  for (auto& bind : read_bind(p, words)) {
    if (binds.size() == max_bind_addresses)
      return p.error("too many addresses, at most 65536 are allowed for a proxy");
    bind.place = binds.size();
    binds.push_back(std::move(bind));
  }
}

template <bool Proxy::*flag>
void set_flag(Parser& p, const Arguments&) {
  p.proxy().*flag = !p.negated();
}

template <unsigned Proxy::*value, unsigned least>
void set_number(Parser& p, const Arguments& words) {
  if (const auto n = p.number(p.keyword().name, words[0], least, 10000000)) p.proxy().*value = *n;
}

void set_httplog(Parser& p, const Arguments&) {
  p.proxy().tcplog = !p.negated();
  if (!p.negated())
    p.warning(
        "'option httplog' is HTTP only: falling back to 'option tcplog', as novip forwards "
        "TCP");
}

constexpr Keyword rows[] = {
    {"bind", frontend_side, 1, any_number, add_bind,
     "{<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments"},
    {"maxconn", in_fe, 1, 1, set_number<&Proxy::maxconn, 0>, "a number of connections"},
    {"backlog", in_fe, 1, 1, set_number<&Proxy::backlog, 1>, "a number of connections"},
    {"default_backend", in_fe, 1, 1,
     [](Parser& p, const Arguments& words) { p.proxy().default_backend = words[0]; },
     "the name of a backend"},
    {"option tcplog", in_fe, 0, 0, set_flag<&Proxy::tcplog>, "", true},
    {"option httplog", in_fe, 0, 1, set_httplog, "", true},
    {"option dontlognull", in_fe, 0, 0, set_flag<&Proxy::dontlognull>, "", true},
    {"option dontlog-normal", in_fe, 0, 0, set_flag<&Proxy::dontlog_normal>, "", true},
    {"option logasap", in_fe, 0, 0, set_flag<&Proxy::logasap>, "", true},
};

}  // namespace

std::span<const Keyword> frontend_keywords() { return rows; }

}  // namespace novip::config
