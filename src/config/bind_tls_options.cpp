#include <algorithm>

#include "base/text.h"
#include "config/bind_option_table.h"
#include "config/tls_words.h"

// The options of a `bind` line that are about TLS (configuration.txt, 5.1). PostgreSQL's clients
// ask for it within their own protocol, or begin with it when they know ALPN's "postgresql". Those
// of the statistics page and of the state's REST speak HTTPS.

namespace novip::config {

namespace {

using Value = const std::string&;

TlsProtocol& protocol_of(BindLine& line) { return line.tls.protocol; }

void set_verify(Parser& p, BindLine& line, Value v) {
  if (v == "none")
    line.tls.verify = ClientVerify::none;
  else if (v == "optional")
    line.tls.verify = ClientVerify::optional;
  else if (v == "required")
    line.tls.verify = ClientVerify::required;
  else
    p.error("'verify' expects 'none', 'optional' or 'required', got '" + v + "'");
}

void set_alpn(Parser&, BindLine& line, Value v) {
  for (const auto name : split(v, ',')) line.tls.alpn.emplace_back(name);
}

void add_certificate(Parser& p, BindLine& line, Value v) {
  set_tls_file(p, line.tls.certificates.emplace_back(), p.crt_base, v);
}

constexpr BindOption own[] = {
    {"ssl", 0, [](Parser&, BindLine& line, Value) { line.ssl = true; }, ""},
    {"require-ssl", 0, [](Parser&, BindLine& line, Value) { line.tls.required = true; }, ""},
    {"crt", 1, add_certificate, "a file or directory of certificates with their keys"},
    {"crt-list", 1,
     [](Parser& p, BindLine& line, Value v) {
       set_tls_file(p, line.tls.lists.emplace_back(), "", v);
     },
     "a file name"},
    {"ca-file", 1,
     [](Parser& p, BindLine& line, Value v) { set_tls_file(p, line.tls.ca_file, p.ca_base, v); },
     "a file name"},
    {"crl-file", 1,
     [](Parser& p, BindLine& line, Value v) { set_tls_file(p, line.tls.crl_file, p.ca_base, v); },
     "a file name"},
    {"verify", 1, set_verify, "'none', 'optional' or 'required'"},
    {"alpn", 1, set_alpn, "'postgresql', or 'http/1.1' for a statistics page"},
    {"strict-sni", 0, [](Parser&, BindLine& line, Value) { line.tls.strict_sni = true; }, ""},
    {"prefer-client-ciphers", 0, nullptr, "novip always follows the client's order", no_effect},
    {"tls-ticket-keys", 1, nullptr,
     "novip gives no tickets: PostgreSQL's clients resume no session", no_effect},
    {"no-ca-names", 0, nullptr, "novip tells its clients which authorities it knows", no_effect},
    {"npn", 1, nullptr, "PostgreSQL's clients know ALPN", no_effect},
    {"ca-verify-file", 1, nullptr, "give all authorities in 'ca-file'"},
    {"ca-sign-file", 1, nullptr, "novip makes no certificates"},
    {"generate-certificates", 0, nullptr, "novip makes no certificates"},
    {"ca-ignore-err", 1, nullptr, "novip ignores no error of a certificate"},
    {"crt-ignore-err", 1, nullptr, "novip ignores no error of a certificate"},
    {"allow-0rtt", 0, nullptr, "what can be sent twice is no way to begin a session"},
};

}  // namespace

std::span<const BindOption> bind_tls_options() {
  static const std::vector<BindOption> all = [] {
    std::vector<BindOption> rows(std::begin(own), std::end(own));
    const auto& shared = tls_protocol_options<BindLine, protocol_of>;
    rows.insert(rows.end(), std::begin(shared), std::end(shared));
    return rows;
  }();
  return all;
}

void set_bind_tls(Parser& p, BindLine& line) {
  const BindTls& tls = line.tls;
  const std::string start = p.name() + " " + line.bind.text + ": ";
  if (!line.ssl && tls.required)
    return p.error(start + "'require-ssl' without 'ssl': nobody could connect");
  if (!line.ssl) {
    if (tls != BindTls{}) p.warning(start + "what is said about TLS has no effect without 'ssl'");
    return;
  }
  if (line.socket != nullptr || (line.http != nullptr && !*line.http))
    return p.error(start +
                   "'ssl' is for 'bind' lines of proxies, and for 'mode http' of section 'state'");
  if (tls.certificates.empty() && tls.lists.empty())
    p.error(start + "'ssl' needs a certificate: give 'crt', a PEM file of it and its key");
  if (tls.verify != ClientVerify::none && tls.ca_file.empty())
    p.error(start + "'verify' needs 'ca-file', the authorities whose certificates are good");
  line.bind.tls = tls;
  // Who comes in plain has no certificate.
  line.bind.tls->required = tls.required || tls.verify == ClientVerify::required;
  if (line.http != nullptr) check_alpn(p, line.bind, Mode::http);
}

void check_alpn(Parser& p, const Bind& bind, Mode mode) {
  if (!bind.tls || bind.tls->alpn.empty()) return;
  const std::string spoken = mode == Mode::http ? "http/1.1" : "postgresql";
  if (std::ranges::find(bind.tls->alpn, spoken) == bind.tls->alpn.end())
    p.error_at(bind.where, "'bind " + bind.text + "': 'alpn' must name '" + spoken +
                               "', the only protocol that novip speaks there");
}

}  // namespace novip::config
