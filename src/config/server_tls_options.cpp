#include "config/server_option_table.h"
#include "config/tls_words.h"

// The options of a `server` or `node` line that are about TLS (configuration.txt, 5.2).

namespace novip::config {

namespace {

using Value = const std::string&;

ServerTls& tls_of(ServerLine& line) { return line.server.tls; }
TlsProtocol& protocol_of(ServerLine& line) { return line.server.tls.protocol; }

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
    const auto& peer = tls_peer_options<ServerLine, tls_of>;
    const auto& protocol = tls_protocol_options<ServerLine, protocol_of>;
    rows.insert(rows.end(), std::begin(peer), std::end(peer));
    rows.insert(rows.end(), std::begin(protocol), std::end(protocol));
    return rows;
  }();
  return all;
}

}  // namespace novip::config
