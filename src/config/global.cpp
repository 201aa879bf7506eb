#include <algorithm>

#include "config/bind.h"
#include "config/log_line.h"
#include "config/parser.h"
#include "config/tls_words.h"

// Section `global`, but for what novip does not have (absent.cpp).

namespace novip::config {

namespace {

Global& global(Parser& p) { return p.config().global; }

template <std::string Global::*text>
void set_text(Parser& p, const Arguments& words) {
  global(p).*text = words.joined();
}

template <unsigned Global::*value, unsigned least, unsigned most>
void set_number(Parser& p, const Arguments& words) {
  if (const auto n = p.number(p.keyword().name, words[0], least, most)) global(p).*value = *n;
}

template <Milliseconds Global::*value>
void set_time(Parser& p, const Arguments& words) {
  if (const auto time = p.time(p.keyword().name, words[0])) global(p).*value = *time;
}

/// What a command line option or the service manager decides as well.
void accept(Parser&, const Arguments&) {}

void set_log(Parser& p, const Arguments& words) {
  if (p.negated()) return global(p).logs.clear();
  if (words[0] == "global") return p.error("'log global' is for proxies; here give an address");
  if (const auto target = read_log(p, words)) global(p).logs.push_back(*target);
}

void set_user(Parser& p, const Arguments& words) {
  global(p).user = words[0];
  if (!p.lookup().enabled()) return;
  if (const auto uid = Lookup::user(words[0]))
    global(p).uid = *uid;
  else
    p.error(uid.error().message);
}

void set_group(Parser& p, const Arguments& words) {
  global(p).group = words[0];
  if (!p.lookup().enabled()) return;
  if (const auto gid = Lookup::group(words[0]))
    global(p).gid = *gid;
  else
    p.error(gid.error().message);
}

void set_node(Parser& p, const Arguments& words) {
  const bool valid = std::all_of(words[0].begin(), words[0].end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
  if (!valid)
    return p.error("'node' expects letters, digits, '.', '-' and '_' only, got '" + words[0] + "'");
  global(p).node = words[0];
}

void set_variable(Parser& p, const Arguments& words) {
  if (p.keyword().name == "presetenv" && p.variable(words[0])) return;
  p.set_variable(words[0], words[1]);
}

void unset_variables(Parser& p, const Arguments& words) {
  for (std::size_t i = 0; i < words.size(); ++i) p.set_variable(words[i], std::nullopt);
}

void reset_variables(Parser& p, const Arguments& words) {
  std::set<std::string> kept;
  for (std::size_t i = 0; i < words.size(); ++i) kept.insert(words[i]);
  p.forget_variables(std::move(kept));
}

void set_server_verify(Parser& p, const Arguments& words) {
  if (words[0] == "none")
    p.server_verify = Verify::none;
  else if (words[0] == "required")
    p.server_verify = Verify::required;
  else
    p.error("'ssl-server-verify' expects 'none' or 'required', got '" + words[0] + "'");
}

using TlsDefaults = TlsProtocol Global::*;

template <TlsDefaults side, std::string TlsProtocol::*text>
void set_tls_text(Parser& p, const Arguments& words) {
  (global(p).*side).*text = words[0];
}

TlsProtocol& itself(TlsProtocol& protocol) { return protocol; }

template <TlsDefaults side>
void set_tls_options(Parser& p, const Arguments& words) {
  read_options<TlsProtocol>(p, words, 0, tls_protocol_options<TlsProtocol, itself>, global(p).*side,
                            p.name());
}

void add_stats_socket(Parser& p, const Arguments& words) {
  StatsSocket socket;
  for (auto& bind : read_bind(p, words, &socket)) {
    socket.bind = std::move(bind);
    global(p).stats_sockets.push_back(socket);
  }
}

constexpr Keyword global_rows[] = {
    {"daemon", in_global, 0, 0, [](Parser& p, const Arguments&) { global(p).daemon = true; }, ""},
    {"master-worker", in_global, 0, 1, accept, ""},
    {"quiet", in_global, 0, 0, accept, ""},
    {"zero-warning", in_global, 0, 0,
     [](Parser& p, const Arguments&) { p.zero_warning = p.here(); }, ""},
    {"set-dumpable", in_global, 0, 0,
     [](Parser& p, const Arguments&) { global(p).dumpable = true; }, ""},
    {"pidfile", in_global, 1, 1, set_text<&Global::pidfile>, "a file name"},
    {"chroot", in_global, 1, 1, set_text<&Global::chroot>, "a directory"},
    {"user", in_global, 1, 1, set_user, "a user name"},
    {"group", in_global, 1, 1, set_group, "a group name"},
    {"uid", in_global, 1, 1,
     [](Parser& p, const Arguments& words) {
       if (const auto n = p.number("uid", words[0], 0, 4294967294)) global(p).uid = *n;
     },
     "a user number"},
    {"gid", in_global, 1, 1,
     [](Parser& p, const Arguments& words) {
       if (const auto n = p.number("gid", words[0], 0, 4294967294)) global(p).gid = *n;
     },
     "a group number"},
    {"maxconn", in_global, 1, 1, set_number<&Global::maxconn, 0, 10000000>, "a number"},
    {"maxstarting", in_global, 1, 1, set_number<&Global::maxstarting, 1, 10000000>, "a number"},
    {"nbthread", in_global, 1, 1, set_number<&Global::nbthread, 1, 64>, "a number of threads"},
    {"nosplice", in_global, 0, 0, [](Parser& p, const Arguments&) { global(p).nosplice = true; },
     ""},
    {"ulimit-n", in_global, 1, 1, set_number<&Global::ulimit_n, 1, 1073741816>, "a number"},
    {"spread-checks", in_global, 1, 1, set_number<&Global::spread_checks, 0, 50>, "a percentage"},
    {"hard-stop-after", in_global, 1, 1, set_time<&Global::hard_stop_after>, "a time"},
    {"log", in_global, 2, any_number, set_log, "<address> and <facility>", true},
    {"log-tag", in_global, 1, 1, set_text<&Global::log_tag>, "a tag"},
    {"log-send-hostname", in_global, 0, 1,
     [](Parser& p, const Arguments& words) { global(p).log_send_hostname = words[0]; }, ""},
    {"node", in_global, 1, 1, set_node, "a name"},
    {"description", in_global, 1, any_number, set_text<&Global::description>, "a text"},
    {"setenv", in_global, 2, 2, set_variable, "a name and a value", false, true},
    {"presetenv", in_global, 2, 2, set_variable, "a name and a value", false, true},
    {"unsetenv", in_global, 1, any_number, unset_variables, "at least one variable name"},
    {"resetenv", in_global, 0, any_number, reset_variables, ""},
    {"ca-base", in_global, 1, 1, [](Parser& p, const Arguments& words) { p.ca_base = words[0]; },
     "a directory"},
    {"crt-base", in_global, 1, 1, [](Parser& p, const Arguments& words) { p.crt_base = words[0]; },
     "a directory"},
    {"ssl-server-verify", in_global, 1, 1, set_server_verify, "'none' or 'required'"},
    {"ssl-default-bind-options", in_global, 1, any_number, set_tls_options<&Global::bind_tls>,
     "words such as 'ssl-min-ver TLSv1.2'"},
    {"ssl-default-bind-ciphers", in_global, 1, 1,
     set_tls_text<&Global::bind_tls, &TlsProtocol::ciphers>, "a list of ciphers"},
    {"ssl-default-bind-ciphersuites", in_global, 1, 1,
     set_tls_text<&Global::bind_tls, &TlsProtocol::ciphersuites>, "a list of cipher suites"},
    {"ssl-default-server-options", in_global, 1, any_number, set_tls_options<&Global::server_tls>,
     "words such as 'ssl-min-ver TLSv1.2'"},
    {"ssl-default-server-ciphers", in_global, 1, 1,
     set_tls_text<&Global::server_tls, &TlsProtocol::ciphers>, "a list of ciphers"},
    {"ssl-default-server-ciphersuites", in_global, 1, 1,
     set_tls_text<&Global::server_tls, &TlsProtocol::ciphersuites>, "a list of cipher suites"},
    {"stats socket", in_global, 1, any_number, add_stats_socket,
     "an address or a path to a UNIX socket"},
    {"stats timeout", in_global, 1, 1, set_time<&Global::stats_timeout>, "a time"},
    {"stats maxconn", in_global, 1, 1, set_number<&Global::stats_maxconn, 1, 10000000>,
     "a number of connections"},
};

}  // namespace

std::span<const Keyword> global_keywords() { return global_rows; }

}  // namespace novip::config
