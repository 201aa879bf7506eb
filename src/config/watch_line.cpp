#include "config/watch_line.h"

#include "config/conninfo.h"
#include "config/option_table.h"

namespace novip::config {

namespace {

using Value = const std::string&;

void set_port(Parser& p, Watch& watch, Value v) {
  if (const auto port = p.number("port", v, 1, 65535))
    watch.port = static_cast<std::uint16_t>(*port);
}

constexpr LineOption<Watch> agent_options[] = {
    {"port", 1, set_port, "a port"},
    {"token-file", 1, [](Parser&, Watch& watch, Value v) { watch.token_file = v; }, "a file name"},
};
constexpr LineOption<Watch> patroni_options[] = {{"port", 1, set_port, "a port"}};

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

constexpr std::string_view a_number = "a number";
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
  const bool agent = words[0] == "agent";
  watch.source = agent ? Watch::Source::agent : Watch::Source::patroni;
  const std::string line = "'watch " + words[0] + "'";
  if (agent)
    read_options<Watch>(p, words, 1, agent_options, watch, line);
  else
    read_options<Watch>(p, words, 1, patroni_options, watch, line);
}

}  // namespace novip::config
