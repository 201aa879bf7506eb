#include "config/address.h"
#include "config/bind.h"
#include "config/parser.h"

// The side of a proxy that clients see: `frontend`, and `listen`.

namespace novip::config {

namespace {

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

template <unsigned Proxy::*value, unsigned least>
void set_number(Parser& p, const Arguments& words) {
  if (const auto n = p.number(p.keyword().name, words[0], least, 10000000)) p.proxy().*value = *n;
}

/// `option tcplog` and `log-format`: the last one counts.
void set_tcplog(Parser& p, const Arguments&) {
  Proxy& proxy = p.proxy();
  if (p.draft().is_defaults && proxy.log_format && !p.negated())
    p.warning("'option tcplog' overrides previous 'log-format' in 'defaults' section");
  proxy.tcplog = !p.negated();
  proxy.log_format = {};
  p.draft().log_format_fault.reset();
}

void set_log_format(Parser& p, const Arguments& words) {
  if (words.size() > 1)
    return p.error(
        "'log-format' expects only one argument, don't forget to escape spaces or "
        "to use quotes");
  Proxy& proxy = p.proxy();
  if (p.draft().is_defaults && proxy.tcplog)
    p.warning("'log-format' overrides previous 'option tcplog' in 'defaults' section");
  proxy.tcplog = false;
  proxy.log_format = {};
  p.draft().log_format_fault.reset();
  if (auto format = parse_line_format(words[0]))
    proxy.log_format = *std::move(format);
  else
    p.draft().log_format_fault.emplace(p.here(), format.error());
}

void set_httplog(Parser& p, const Arguments& words) {
  set_tcplog(p, words);
  if (!p.negated())
    p.warning(
        "'option httplog' is HTTP only: falling back to 'option tcplog', as novip forwards "
        "TCP");
}

constexpr Keyword frontend_rows[] = {
    {"bind", frontend_side, 1, any_number, add_bind,
     "{<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments"},
    {"maxconn", in_fe, 1, 1, set_number<&Proxy::maxconn, 0>, "a number of connections"},
    {"backlog", in_fe, 1, 1, set_number<&Proxy::backlog, 1>, "a number of connections"},
    {"default_backend", in_fe, 1, 1,
     [](Parser& p, const Arguments& words) { p.proxy().default_backend = words[0]; },
     "the name of a backend"},
    {"option tcplog", in_fe, 0, 0, set_tcplog, "", true},
    {"log-format", in_fe, 1, any_number, set_log_format, "a format"},
    {"option httplog", in_fe, 0, 1, set_httplog, "", true},
    {"option dontlognull", in_fe, 0, 0, set_flag<&Proxy::dontlognull>, "", true},
    {"option dontlog-normal", in_fe, 0, 0, set_flag<&Proxy::dontlog_normal>, "", true},
    {"option logasap", in_fe, 0, 0, set_flag<&Proxy::logasap>, "", true},
};

}  // namespace

std::span<const Keyword> frontend_keywords() { return frontend_rows; }

}  // namespace novip::config
