#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/keepalive.h"
#include "base/log_target.h"
#include "base/network.h"
#include "config/check_model.h"
#include "config/line_format.h"
#include "config/rule_model.h"
#include "config/server_model.h"
#include "config/tls_model.h"

/// The configuration as data: what the grammar produced, validated, immutable once loaded, and
/// readable by every thread. Names and defaults are HAProxy 2.6's (configuration.txt).
namespace novip::config {

using std::chrono::seconds;

enum class Mode { tcp, http };

enum class Algorithm { roundrobin, static_rr, leastconn, first, source, random };

struct SocketOptions {  // of a Unix socket's file
  std::optional<unsigned> mode;
  std::optional<unsigned> uid;
  std::optional<unsigned> gid;

  friend bool operator==(const SocketOptions&, const SocketOptions&) = default;
};

/// One listening address; `bind :5432,:5433` or a port range gives several.
struct Bind {
  Location where;
  std::string name;
  std::string text;              // as written, for messages
  Endpoint address;              // none when inherited
  std::optional<int> inherited;  // fd@N
  bool accept_proxy = false;
  bool v6only = false;
  bool v4v6 = false;
  std::string interface;
  unsigned backlog = 0;                          // 0: the proxy's, else the default
  unsigned maxconn = 0;                          // 0: none
  std::optional<Milliseconds> tcp_user_timeout;  // none: the kernel's, a minute for role pools
  Keepalive keepalive;                           // its proxy's
  SocketOptions file;
  std::optional<BindTls> tls;  // `ssl`; none: bytes are bytes, TLS passes through
  std::size_t place = 0;       // of its gauge in cluster::Load::Proxy::binds

  friend bool operator==(const Bind&, const Bind&) = default;
};

// ---- proxies -------------------------------------------------------------------------------

/// Zero means no limit (HAProxy warns about it, and so does validation).
struct Timeouts {
  Milliseconds connect{0};
  Milliseconds client{0};
  Milliseconds server{0};
  std::optional<Milliseconds> check;  // none: the check's own interval bounds it
  std::optional<Milliseconds> queue;  // none: as connect
  std::optional<Milliseconds> tunnel;
  std::optional<Milliseconds> client_hs;  // the first packet of a PostgreSQL session
  std::optional<Milliseconds> client_fin;
  std::optional<Milliseconds> server_fin;
};

struct StatsPage {
  bool enabled = false;
  std::string uri = "/haproxy?stats";
  seconds refresh{0};
  std::string realm = "HAProxy Statistics";
  std::vector<std::pair<std::string, std::string>> users;  // stats auth
  bool hide_version = false;
  bool show_legends = false;
  bool show_node = false;
  std::vector<std::string> scope;  // names of the proxies it shows, "." its own; empty: all
  std::optional<std::string> description;
  bool admin = false;           // stats admin
  bool admin_local = false;     // if LOCALHOST: only from this machine
  Condition admin_if;           // if something else
  std::vector<PageRule> rules;  // stats http-request: the first that holds decides
  /// `http-request auth`: before those, and before an exporter that is written after them.
  std::vector<PageRule> outer_rules;
  /// `http-request use-service prometheus-exporter`: where the metrics are, to everybody. None:
  /// at /metrics, to those who may see the page.
  struct Metrics {
    std::string path;
    bool prefix = false;    // all that begins so
    std::size_t after = 0;  // how many of outer_rules come first
  };
  std::optional<Metrics> metrics;

  /// Some visitors at least have to say who they are.
  bool asks_who() const;
};

// ---- clusters: novip's own -----------------------------------------------------------------

/// Where the state of a cluster's nodes comes from.
struct Watch {
  enum class Source {
    agent,    // novip's own state service on each node pushes it (section `state`, mode http)
    pgsql,    // a connection to each node's PostgreSQL; no agent
    patroni,  // Patroni's REST is asked
  };
  Source source = Source::agent;
  std::uint16_t port = 8008;     // of agent and patroni, on each node's address
  std::string token_file;        // agent: `token-file`
  std::string token;             // what it holds; empty: none is shown
  std::optional<ServerTls> tls;  // agent and patroni: `ssl`; none: HTTP in plain
  /// pgsql: what the connection string says besides host and port ("user=novip dbname=postgres
  /// passfile=…", in libpq's quoting).
  std::string conninfo;

  friend bool operator==(const Watch&, const Watch&) = default;
};

/// Section `cluster`: the PostgreSQL instances that replicate from one another.
struct Cluster {
  Location where;
  std::string name;
  Watch watch;
  Milliseconds interval{50};     // pgsql: between two questions; patroni: 250 unless set
  Milliseconds lease{1000};      // state older than this is unknown, and unknown is never primary
  std::optional<bool> majority;  // `majority on|off`; none: on from three nodes
  std::uint64_t system_identifier = 0;  // 0: the nodes' majority says which
  bool verify_fresh = true;             // connect, ask the node again, only then forward
  bool verify_startup = true;           // in_hot_standby, where the start of a session is readable
  /// `node` lines, and those that are there no more while sessions are on them (Server::retired).
  /// A role pool has one server for each.
  std::vector<Server> nodes;
  bool retired = false;  // no longer in the files; sessions of its pools may go on

  std::size_t members() const;  // nodes that are not retired
  bool needs_majority() const { return majority.value_or(members() >= 3); }

  friend bool operator==(const Cluster&, const Cluster&) = default;
};

/// `cluster NAME role ROLE …` in a proxy: its servers are the nodes in that role.
struct RolePool {
  enum class Role { primary, standby, sync, async, any };
  std::size_t cluster = 0;  // index in Config::clusters
  Role role = Role::primary;
  std::optional<std::uint64_t> max_lag_bytes;  // standbys behind by more are drained
  std::optional<Milliseconds> max_lag;         // the same in time
  std::optional<Role> fallback;                // `or primary`: while nobody qualifies

  friend bool operator==(const RolePool&, const RolePool&) = default;
};

/// `forward kernel …` in a proxy: the kernel moves its sessions' packets, as novip tells it.
struct KernelForwarding {
  /// The role port of each server, which its guard opens (Guard); 0: the server's own port.
  std::uint16_t port = 0;
  std::uint16_t fallback_port = 0;  // the same while it serves as `or ROLE`
  bool unguarded = false;           // a role pool without role ports, on purpose

  friend bool operator==(const KernelForwarding&, const KernelForwarding&) = default;
};

enum class ProxyKind { frontend, backend, listen };

struct Proxy {
  Location where;
  ProxyKind kind = ProxyKind::listen;
  std::string name;
  unsigned id = 0;  // iid, from 2 as HAProxy numbers them
  Mode mode = Mode::tcp;
  bool disabled = false;
  bool retired = false;  // no longer in the files: takes no client; its sessions may go on
  std::string description;

  // frontend side
  std::vector<Bind> binds;
  unsigned maxconn = 0;  // 0: the global one
  unsigned backlog = 0;
  std::string default_backend;  // empty for listen: itself
  bool tcplog = false;
  LineFormat log_format;  // `log-format`, instead of tcplog's
  bool dontlognull = false;
  bool dontlog_normal = false;
  bool logasap = false;
  Keepalive client_keepalive;  // clitcpka, tcpka
  /// Who may connect at all; and, once a PROXY header was read, who may go on.
  std::vector<AccessRule> connection_rules, session_rules;
  std::vector<ChoiceRule> use_backend;  // the first that holds, before default_backend
  bool rules_ask_tls = false;           // those of contents and use_backend; see link()
  StatsPage stats;

  // backend side
  std::vector<Server> servers;
  Algorithm balance = Algorithm::roundrobin;
  unsigned random_draws = 2;
  bool hash_consistent = false;  // hash-type consistent
  CheckMethod check;
  bool log_health_checks = false;
  unsigned retries = 3;
  bool redispatch = false;
  int redispatch_interval = -1;  // -1: at the last retry; N: each Nth
  unsigned fullconn = 0;
  Keepalive server_keepalive;  // srvtcpka, tcpka
  bool allbackups = false;
  std::vector<ChoiceRule> use_server;  // the first that holds, while its server may serve
  std::optional<StickTable> stick_table;
  std::vector<StickRule> stick_rules;

  // either side
  std::vector<AccessRule> content_rules;  // who is served

  bool splice_auto = false, splice_request = false, splice_response = false;
  bool splices() const { return splice_auto || splice_request || splice_response; }

  // novip's own
  std::optional<RolePool> pool;  // servers are then made from the cluster's nodes
  Milliseconds hold{0};  // how long a client waits for a server; 0: not at all. 30 s in role pools
  std::optional<KernelForwarding> kernel;  // none: `forward relay`

  /// novip reads the start of each session as PostgreSQL's protocol; otherwise bytes are bytes.
  bool speaks_postgres() const {
    return pool.has_value() || hold.count() > 0 || encrypts_to_servers();
  }
  /// `ssl` on a server line: what clients say to PostgreSQL in plain goes over TLS, and none of
  /// their own passes through.
  bool encrypts_to_servers() const;

  Timeouts timeouts;
  std::vector<LogTarget> logs;
  std::string log_tag;  // empty: the global one

  /// One line for each session, not only one for each connection.
  bool logs_sessions() const { return tcplog || log_format; }
  /// A client may have a server of its own, which it waits for while it is full.
  bool has_own_servers() const {
    return balance == Algorithm::source || !stick_rules.empty() || !use_server.empty();
  }
  bool is_frontend() const { return kind != ProxyKind::backend; }
  bool is_backend() const { return kind != ProxyKind::frontend; }
};

// ---- the rest --------------------------------------------------------------------------------

enum class Level { user, operator_, admin };

struct StatsSocket {
  Bind bind;
  Level level = Level::operator_;
  bool expose_listeners = false;
};

struct Nameserver {
  std::string name;
  Endpoint address;
};

/// A `resolvers` section: which name servers, how often.
struct Resolvers {
  Location where;
  std::string name;
  std::vector<Nameserver> nameservers;
  bool parse_resolv_conf = false;
  unsigned retries = 3;
  Milliseconds timeout_resolve{1000};
  Milliseconds timeout_retry{1000};
  Milliseconds hold_valid{10000};
  Milliseconds hold_nx{30000};  // how long an address outlives its name
  Milliseconds hold_obsolete{0};
  Milliseconds hold_timeout{30000};
  Milliseconds hold_refused{30000};
  Milliseconds hold_other{30000};
};

/// `guard ROLE PORT` in section `state`: this node's firewall leads PORT to PostgreSQL only while
/// that is known to be in the role.
struct Guard {
  Location where;
  RolePool::Role role = RolePool::Role::primary;  // primary or standby
  std::uint16_t port = 0;
  std::uint16_t postgres_port = 0;  // where PostgreSQL listens

  friend bool operator==(const Guard&, const Guard&) = default;
};

/// Section `state`: this node's own PostgreSQL, and who may ask about it. novip's own.
struct State {
  Location where;
  std::vector<Bind> binds;      // text port
  std::vector<Bind> http;       // `bind … mode http`: REST in Patroni's dialect, and /events
  std::string conninfo;         // libpq's
  Milliseconds interval{50};    // between two questions to PostgreSQL
  Milliseconds lease{1000};     // an answer older than this is `unavailable`
  unsigned maxconn = 1000;      // connections served at one time
  Networks allow;               // who may ask; empty: everybody. A Unix socket's mode says it there
  std::string token_file;       // holds what HTTP clients must show; empty: nothing
  std::string token;            // what it holds (RFC 6750)
  unsigned source_maxconn = 0;  // HTTP connections of one address; 0: a quarter of maxconn
  unsigned source_rate = 1000;  // connections a second of one address
  bool require_quorum = false;  // `require-quorum corosync`: without it no primary
  std::vector<Guard> guards;

  friend bool operator==(const State&, const State&) = default;
};

struct Global {
  bool daemon = false;
  bool dumpable = false;  // set-dumpable: a crash may leave a core file, with clients' data in it
  std::string pidfile;
  std::string chroot;
  std::string user, group;  // names as written, for messages
  std::optional<unsigned> uid, gid;
  unsigned maxconn = 0;   // 0: from the descriptor limit
  unsigned nbthread = 0;  // 0: one per core
  unsigned ulimit_n = 0;
  unsigned maxstarting = 0;  // clients that have not said yet what they want; 0: maxconn / 4
  bool nosplice = false;
  unsigned spread_checks = 0;  // percent, 0..50
  Milliseconds hard_stop_after{0};
  Milliseconds stats_timeout{10000};
  unsigned stats_maxconn = 10;
  std::vector<StatsSocket> stats_sockets;
  std::vector<LogTarget> logs;
  std::string log_tag = "haproxy";
  std::optional<std::string> log_send_hostname;  // empty string: this host's name
  std::string node;                              // empty: the host name
  std::string description;
  TlsProtocol bind_tls, server_tls;  // ssl-default-bind-…, ssl-default-server-…
};

/// A section `userlist`.
struct Userlist {
  struct User {
    std::string name, password;
    bool hashed = false;  // `password` is one of crypt(3)
    std::vector<std::string> groups;

    friend bool operator==(const User&, const User&) = default;
  };
  struct Group {
    Location where;
    std::string name;
    std::vector<std::string> users;  // those that its own line names
  };
  Location where;
  std::string name;
  std::vector<User> users;
  std::vector<Group> groups;
};

struct Config {
  Global global;
  std::vector<Proxy> proxies;  // in the order of the files
  std::vector<Resolvers> resolvers;
  std::vector<Userlist> userlists;
  std::vector<Cluster> clusters;
  std::optional<State> state;

  const Proxy* find(std::string_view name) const;
};

/// Finds what rules name: sets the indexes of all proxies' rules and tests.
void link(Config& config);

}  // namespace novip::config
