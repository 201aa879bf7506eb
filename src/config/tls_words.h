#pragma once

#include <string>

#include "config/option_table.h"
#include "config/tls_model.h"

namespace novip::config {

/// The words about versions and ciphers, which stand on `bind` and `server` lines and in `global`'s
/// `ssl-default-…-options`.
void set_least_version(Parser& p, TlsProtocol& protocol, const std::string& value);
void set_greatest_version(Parser& p, TlsProtocol& protocol, const std::string& value);
/// By the option's name: `no-tlsv10`, `force-tlsv12`, …
void exclude_version(Parser& p, TlsProtocol& protocol);
void force_version(Parser& p, TlsProtocol& protocol);

/// A file's path below `base` (`ca-base`, `crt-base`), readable. `@…` names no file.
void set_tls_file(Parser& p, std::string& file, const std::string& base, const std::string& value);

/// `verify none|required` towards a server.
void set_server_verify(Parser& p, ServerTls& tls, const std::string& value);

/// What was not said is as `fallback` says.
void fill_in(TlsProtocol& protocol, const TlsProtocol& fallback);

/// `of` gives the protocol that a line is about.
template <typename Line, TlsProtocol& (*of)(Line&)>
inline constexpr LineOption<Line> tls_protocol_options[] = {
    {"ssl-min-ver", 1,
     [](Parser& p, Line& line, const std::string& v) { set_least_version(p, of(line), v); },
     "a version such as TLSv1.2"},
    {"ssl-max-ver", 1,
     [](Parser& p, Line& line, const std::string& v) { set_greatest_version(p, of(line), v); },
     "a version such as TLSv1.3"},
    {"no-sslv3", 0, [](Parser&, Line&, const std::string&) {}, ""},  // nobody speaks it any more
    {"no-tlsv10", 0,
     [](Parser& p, Line& line, const std::string&) { exclude_version(p, of(line)); }, ""},
    {"no-tlsv11", 0,
     [](Parser& p, Line& line, const std::string&) { exclude_version(p, of(line)); }, ""},
    {"no-tlsv12", 0,
     [](Parser& p, Line& line, const std::string&) { exclude_version(p, of(line)); }, ""},
    {"no-tlsv13", 0,
     [](Parser& p, Line& line, const std::string&) { exclude_version(p, of(line)); }, ""},
    {"force-tlsv10", 0,
     [](Parser& p, Line& line, const std::string&) { force_version(p, of(line)); }, ""},
    {"force-tlsv11", 0,
     [](Parser& p, Line& line, const std::string&) { force_version(p, of(line)); }, ""},
    {"force-tlsv12", 0,
     [](Parser& p, Line& line, const std::string&) { force_version(p, of(line)); }, ""},
    {"force-tlsv13", 0,
     [](Parser& p, Line& line, const std::string&) { force_version(p, of(line)); }, ""},
    {"force-sslv3", 0, nullptr, "SSLv3 is broken, and OpenSSL has it no more"},
    {"no-tls-tickets", 0, [](Parser&, Line&, const std::string&) {}, ""},  // novip gives none
    {"ciphers", 1, [](Parser&, Line& line, const std::string& v) { of(line).ciphers = v; },
     "a list of ciphers"},
    {"ciphersuites", 1,
     [](Parser&, Line& line, const std::string& v) { of(line).ciphersuites = v; },
     "a list of cipher suites"},
    {"curves", 1, [](Parser&, Line& line, const std::string& v) { of(line).curves = v; },
     "a list of curves"},
    {"ecdhe", 1, [](Parser&, Line& line, const std::string& v) { of(line).curves = v; }, "a curve"},
};

/// Whose certificates are good, and what is shown: on lines that say to whom novip connects. `of`
/// gives the settings that a line is about.
template <typename Line, ServerTls& (*of)(Line&)>
inline constexpr LineOption<Line> tls_peer_options[] = {
    {"verify", 1,
     [](Parser& p, Line& line, const std::string& v) { set_server_verify(p, of(line), v); },
     "'none' or 'required'"},
    {"verifyhost", 1, [](Parser&, Line& line, const std::string& v) { of(line).verify_host = v; },
     "a host name"},
    {"ca-file", 1,
     [](Parser& p, Line& line, const std::string& v) {
       set_tls_file(p, of(line).ca_file, p.ca_base, v);
     },
     "a file name"},
    {"crl-file", 1,
     [](Parser& p, Line& line, const std::string& v) {
       set_tls_file(p, of(line).crl_file, p.ca_base, v);
     },
     "a file name"},
    {"crt", 1,
     [](Parser& p, Line& line, const std::string& v) {
       set_tls_file(p, of(line).certificate, p.crt_base, v);
     },
     "a file name"},
};

}  // namespace novip::config
