#include "config/log_line.h"
#include "config/parser.h"

// What stands in every kind of proxy and in `defaults`.

namespace novip::config {

namespace {

constexpr unsigned in_fe = in_defaults | frontend_side;

void set_mode(Parser& p, const Arguments& words) {
  if (words[0] == "tcp")
    p.proxy().mode = Mode::tcp;
  else if (words[0] == "http")
    p.proxy().mode = Mode::http;
  else
    return p.error("unknown proxy mode '" + words[0] + "'; novip knows 'tcp', and 'http' for a " +
                   "statistics page");
  p.draft().mode_set = p.here();
}

void set_log(Parser& p, const Arguments& words) {
  if (p.negated()) {
    p.proxy().logs.clear();
    p.draft().log_global = false;
  } else if (words[0] == "global") {
    if (words.size() > 1) return p.error("'log global' takes no other argument");
    p.draft().log_global = true;
  } else if (words.size() < 2) {
    p.error("'log' expects <address> and <facility>, or 'global'");
  } else if (const auto target = read_log(p, words)) {
    p.proxy().logs.push_back(*target);
  }
}

void set_id(Parser& p, const Arguments& words) {
  if (const auto id = p.number("id", words[0], 1, 2147483647)) p.proxy().id = *id;
}

template <Milliseconds Timeouts::*timeout>
void set_timeout(Parser& p, const Arguments& words) {
  if (const auto time = p.time(p.keyword().name, words[0])) p.proxy().timeouts.*timeout = *time;
}

/// As in HAProxy 0 is as if it had not been written, in `defaults` neither.
template <std::optional<Milliseconds> Timeouts::*timeout>
void set_optional_timeout(Parser& p, const Arguments& words) {
  const auto time = p.time(p.keyword().name, words[0]);
  if (!time) return;
  p.proxy().timeouts.*timeout = time;
  if (*time == 0ms) (p.proxy().timeouts.*timeout).reset();
}

void set_keepalive(Parser& p, const Arguments&) {
  p.proxy().client_keepalive.enabled = p.proxy().server_keepalive.enabled = !p.negated();
}

template <Keepalive Proxy::*side>
void set_keepalive_of(Parser& p, const Arguments&) {
  (p.proxy().*side).enabled = !p.negated();
}

template <Keepalive Proxy::*side>
void set_keepalive_count(Parser& p, const Arguments& words) {
  if (const auto n = p.number(p.keyword().name, words[0], 1, 127)) (p.proxy().*side).count = *n;
}

/// In seconds where no unit is written, as in HAProxy; the kernel takes 1 to 32767.
template <Keepalive Proxy::*side, seconds Keepalive::*time>
void set_keepalive_time(Parser& p, const Arguments& words) {
  const auto given = p.time(p.keyword().name, words[0], 1s, 1s);
  if (!given) return;
  if (*given > 32767s)
    return p.error(p.name() + " is at most 32767 seconds, got '" + words[0] + "'");
  (p.proxy().*side).*time = std::chrono::duration_cast<seconds>(*given);
}

constexpr Keyword proxy_rows[] = {
    {"mode", anywhere, 1, 1, set_mode, "'tcp' or 'http'"},
    {"log", anywhere, 1, any_number, set_log, "<address> and <facility>, or 'global'", true},
    {"log-tag", anywhere, 1, 1,
     [](Parser& p, const Arguments& words) { p.proxy().log_tag = words[0]; }, "a tag"},
    {"disabled", anywhere, 0, 0, [](Parser& p, const Arguments&) { p.proxy().disabled = true; },
     ""},
    {"enabled", anywhere, 0, 0, [](Parser& p, const Arguments&) { p.proxy().disabled = false; },
     ""},
    {"id", any_proxy, 1, 1, set_id, "a number above 0"},
    {"description", any_proxy, 1, any_number,
     [](Parser& p, const Arguments& words) { p.proxy().description = words.joined(); }, "a text"},
    {"option tcpka", anywhere, 0, 0, set_keepalive, "", true},
    {"option splice-auto", anywhere, 0, 0, set_flag<&Proxy::splice_auto>, "", true},
    {"option splice-request", anywhere, 0, 0, set_flag<&Proxy::splice_request>, "", true},
    {"option splice-response", anywhere, 0, 0, set_flag<&Proxy::splice_response>, "", true},
    {"option clitcpka", in_fe, 0, 0, set_keepalive_of<&Proxy::client_keepalive>, "", true},
    {"option srvtcpka", in_be, 0, 0, set_keepalive_of<&Proxy::server_keepalive>, "", true},
    {"clitcpka-cnt", in_fe, 1, 1, set_keepalive_count<&Proxy::client_keepalive>, "a number"},
    {"srvtcpka-cnt", in_be, 1, 1, set_keepalive_count<&Proxy::server_keepalive>, "a number"},
    {"clitcpka-idle", in_fe, 1, 1, set_keepalive_time<&Proxy::client_keepalive, &Keepalive::idle>,
     a_time},
    {"srvtcpka-idle", in_be, 1, 1, set_keepalive_time<&Proxy::server_keepalive, &Keepalive::idle>,
     a_time},
    {"clitcpka-intvl", in_fe, 1, 1,
     set_keepalive_time<&Proxy::client_keepalive, &Keepalive::interval>, a_time},
    {"srvtcpka-intvl", in_be, 1, 1,
     set_keepalive_time<&Proxy::server_keepalive, &Keepalive::interval>, a_time},

    {"timeout client", in_fe, 1, 1, set_timeout<&Timeouts::client>, a_time},
    {"timeout client-hs", in_fe, 1, 1, set_optional_timeout<&Timeouts::client_hs>, a_time},
    {"timeout client-fin", in_fe, 1, 1, set_optional_timeout<&Timeouts::client_fin>, a_time},
    {"timeout connect", in_be, 1, 1, set_timeout<&Timeouts::connect>, a_time},
    {"timeout server", in_be, 1, 1, set_timeout<&Timeouts::server>, a_time},
    {"timeout server-fin", in_be, 1, 1, set_optional_timeout<&Timeouts::server_fin>, a_time},
    {"timeout check", in_be, 1, 1, set_optional_timeout<&Timeouts::check>, a_time},
    {"timeout queue", in_be, 1, 1, set_optional_timeout<&Timeouts::queue>, a_time},
    {"timeout tunnel", in_be, 1, 1, set_optional_timeout<&Timeouts::tunnel>, a_time},
};

}  // namespace

std::span<const Keyword> proxy_keywords() { return proxy_rows; }

}  // namespace novip::config
