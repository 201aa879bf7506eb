#include "config/watch_line.h"

#include "config/conninfo.h"
#include "config/option_table.h"
#include "config/tls_words.h"

namespace novip::config {

namespace {

using Value = const std::string&;

// ---- watch agent, watch patroni -----------------------------------------------------------------

struct RestLine {
  Watch& watch;
  ServerTls tls;  // words about TLS, which may come before `ssl`
  bool ssl = false;
};
using RestOption = LineOption<RestLine>;

ServerTls& tls_of(RestLine& line) { return line.tls; }
TlsProtocol& protocol_of(RestLine& line) { return line.tls.protocol; }

void set_port(Parser& p, RestLine& line, Value v) {
  if (const auto port = p.number("port", v, 1, 65535))
    line.watch.port = static_cast<std::uint16_t>(*port);
}

constexpr RestOption rest_options[] = {
    {"port", 1, set_port, "a port"},
    {"ssl", 0, [](Parser&, RestLine& line, Value) { line.ssl = true; }, ""},
};
constexpr RestOption token_option{
    "token-file", 1, [](Parser&, RestLine& line, Value v) { line.watch.token_file = v; },
    "a file name"};

std::vector<RestOption> options_of(Watch::Source source) {
  std::vector<RestOption> all(std::begin(rest_options), std::end(rest_options));
  if (source == Watch::Source::agent) all.push_back(token_option);
  const auto& peer = tls_peer_options<RestLine, tls_of>;
  const auto& protocol = tls_protocol_options<RestLine, protocol_of>;
  all.insert(all.end(), std::begin(peer), std::end(peer));
  all.insert(all.end(), std::begin(protocol), std::end(protocol));
  return all;
}

void read_rest(Parser& p, const Arguments& words, Watch& watch) {
  const std::string start = "'watch " + words[0] + "'";
  RestLine line{watch, {}};
  const auto options = options_of(watch.source);
  read_options<RestLine>(p, words, 1, options, line, start);
  if (!line.ssl) {
    if (line.tls != ServerTls{})
      p.warning(start + ": what is said about TLS has no effect without 'ssl'");
    return;
  }
  if (line.tls.verify == Verify::required && line.tls.ca_file.empty())
    p.error(start +
            ": 'ssl' needs 'ca-file', the authorities whose certificates are good; or give "
            "'verify none' where the network is trusted");
  watch.tls = line.tls;
}

// ---- watch pgsql --------------------------------------------------------------------------------

/// The connection string as it grows, and the files it names.
struct Conninfo {
  std::string pairs;
  bool has_dbname = false;
  std::vector<std::pair<std::string, std::string>> files;
};
using Row = LineOption<Conninfo>;

void add(Parser& p, Conninfo& conninfo, Value v) {
  conninfo.pairs += " " + conninfo_pair(p.option(), v);
  conninfo.has_dbname = conninfo.has_dbname || p.option() == "dbname";
}

void add_file(Parser& p, Conninfo& conninfo, Value v) {
  add(p, conninfo, v);
  conninfo.files.emplace_back(p.option(), v);
}

void add_sslmode(Parser& p, Conninfo& conninfo, Value v) {
  for (const auto* const mode :
       {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
    if (v == mode) return add(p, conninfo, v);
  p.error("'sslmode' expects 'disable', 'allow', 'prefer', 'require', 'verify-ca' or " +
          ("'verify-full', got '" + v + "'"));
}

constexpr std::string_view the_nodes = "the 'node' lines say where PostgreSQL is";
constexpr std::string_view a_secret =
    "configuration files are read by many; write it in a file for 'passfile'";

constexpr Row pgsql_options[] = {
    {"user", 1, add, "a user name"},
    {"dbname", 1, add, "the name of a database"},
    {"passfile", 1, add_file, "a file name"},
    {"sslmode", 1, add_sslmode, "a mode such as 'verify-full'"},
    {"sslrootcert", 1, add_file, "a file name"},
    {"sslcert", 1, add_file, "a file name"},
    {"sslkey", 1, add_file, "a file name"},
    {"sslcrl", 1, add_file, "a file name"},
    {"sslsni", 1, add, "0 or 1"},
    {"ssl_min_protocol_version", 1, add, "a version such as TLSv1.2"},
    {"ssl_max_protocol_version", 1, add, "a version such as TLSv1.3"},
    {"channel_binding", 1, add, "'disable', 'prefer' or 'require'"},
    {"gssencmode", 1, add, "'disable', 'prefer' or 'require'"},
    {"krbsrvname", 1, add, "a service name"},
    {"application_name", 1, add, "a name"},
    {"options", 1, add, "options of the server's command line"},
    {"connect_timeout", 1, add, a_number},
    {"keepalives", 1, add, "0 or 1"},
    {"keepalives_idle", 1, add, a_number},
    {"keepalives_interval", 1, add, a_number},
    {"keepalives_count", 1, add, a_number},
    {"tcp_user_timeout", 1, add, a_number},

    {"host", 1, nullptr, the_nodes},
    {"hostaddr", 1, nullptr, the_nodes},
    {"port", 1, nullptr, the_nodes},
    {"password", 1, nullptr, a_secret},
    {"sslpassword", 1, nullptr, "use a key without a password that only novip's user may read"},
    {"service", 1, nullptr, "write what it says on this line"},
    {"target_session_attrs", 1, nullptr, "novip watches a node whatever its role"},
    {"replication", 1, nullptr, "novip asks with SQL"},
};

void read_pgsql(Parser& p, const Arguments& words) {
  Conninfo conninfo;
  read_options<Conninfo>(p, words, 1, pgsql_options, conninfo, "'watch pgsql'");
  if (!conninfo.has_dbname) conninfo.pairs += " " + conninfo_pair("dbname", "postgres");
  p.cluster().cluster.watch.conninfo = conninfo.pairs.substr(1);
  p.cluster().files = std::move(conninfo.files);
}

}  // namespace

void set_watch(Parser& p, const Arguments& words) {
  ClusterDraft& draft = p.cluster();
  if (draft.watch_at)
    return p.error("a second 'watch' in cluster '" + draft.cluster.name + "'; the first is at " +
                   at(*draft.watch_at));
  draft.watch_at = p.here();
  Watch& watch = draft.cluster.watch;
  if (words[0] == "pgsql") {
    watch.source = Watch::Source::pgsql;
    return read_pgsql(p, words);
  }
  if (words[0] != "agent" && words[0] != "patroni")
    return p.error("'watch' expects 'agent', 'pgsql' or 'patroni', got '" + words[0] + "'");
  watch.source = words[0] == "agent" ? Watch::Source::agent : Watch::Source::patroni;
  read_rest(p, words, watch);
}

}  // namespace novip::config
