#include "config/server_option_table.h"
#include "config/tls_words.h"

// The options of a `server` or `node` line that are about TLS (configuration.txt, 5.2).

namespace novip::config {

namespace {

using Value = const std::string&;
constexpr auto no_effect = ServerOption::Absence::no_effect;

TlsProtocol& protocol_of(ServerLine& line) { return line.server.tls.protocol; }

void set_verify(Parser& p, ServerLine& line, Value v) {
  if (v == "none")
    line.server.tls.verify = Verify::none;
  else if (v == "required")
    line.server.tls.verify = Verify::required;
  else
    p.error("'verify' expects 'none' or 'required', got '" + v + "'");
}

/// A name, HAProxy's `str(NAME)`, or `ssl_fc_sni`.
void set_sni(Parser& p, ServerLine& line, Value v) {
  ServerTls& tls = line.server.tls;
  tls.sni_of_client = v == "ssl_fc_sni";
  tls.sni = tls.sni_of_client ? "" : v;
  if (v.starts_with("str(") && v.ends_with(')')) tls.sni = v.substr(4, v.size() - 5);
  if (tls.sni.find_first_of("(),") != std::string::npos)
    p.error("'sni' expects a name, str(<name>) or ssl_fc_sni, got '" + v + "'");
}

constexpr ServerOption own[] = {
    {"ssl", 0, [](Parser&, ServerLine& line, Value) { line.server.tls.sessions = true; }, ""},
    {"no-ssl", 0, [](Parser&, ServerLine& line, Value) { line.server.tls.sessions = false; }, ""},
    {"verify", 1, set_verify, "'none' or 'required'"},
    {"verifyhost", 1, [](Parser&, ServerLine& line, Value v) { line.server.tls.verify_host = v; },
     "a host name"},
    {"ca-file", 1,
     [](Parser& p, ServerLine& line, Value v) {
       set_tls_file(p, line.server.tls.ca_file, p.ca_base, v);
     },
     "a file name"},
    {"crl-file", 1,
     [](Parser& p, ServerLine& line, Value v) {
       set_tls_file(p, line.server.tls.crl_file, p.ca_base, v);
     },
     "a file name"},
    {"crt", 1,
     [](Parser& p, ServerLine& line, Value v) {
       set_tls_file(p, line.server.tls.certificate, p.crt_base, v);
     },
     "a file name"},
    {"sni", 1, set_sni, "a name, str(<name>) or ssl_fc_sni"},
    {"ssl-reuse", 0, nullptr, "PostgreSQL resumes no TLS session", no_effect},
    {"no-ssl-reuse", 0, nullptr, "PostgreSQL resumes no TLS session", no_effect},
    {"alpn", 1, nullptr, "PostgreSQL is asked for TLS in its own protocol", no_effect},
    {"npn", 1, nullptr, "PostgreSQL is asked for TLS in its own protocol", no_effect},
    {"check-alpn", 1, nullptr, "checks have no ALPN", no_effect},
};

}  // namespace

std::span<const ServerOption> server_tls_options() {
  static const std::vector<ServerOption> all = [] {
    std::vector<ServerOption> rows(std::begin(own), std::end(own));
    const auto& shared = tls_protocol_options<ServerLine, protocol_of>;
    rows.insert(rows.end(), std::begin(shared), std::end(shared));
    return rows;
  }();
  return all;
}

}  // namespace novip::config
