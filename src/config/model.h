#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log_target.h"

/// The configuration as data: what the grammar produced, validated, immutable once loaded, and
/// readable by every thread. Names and defaults are HAProxy 2.6's (configuration.txt).
namespace novip::config {

using std::chrono::seconds;

struct Location {
  std::string file;
  int line = 0;
};

enum class Mode { tcp, http };

enum class Algorithm { roundrobin, static_rr, leastconn, first, source, random };

/// A host and port as written: `srv1:5434`, `10.0.0.1`, `[::1]:+100`, `/run/x.sock`.
struct Host {
  std::string name;                   // host name, numeric address or Unix path
  int family = AF_UNSPEC;             // AF_INET for `ipv4@name`, AF_INET6 for `ipv6@name`
  Endpoint address;                   // set when numeric, Unix, or resolved at load
  std::optional<std::uint16_t> port;  // none: the port the client connected to
  std::optional<int> port_offset;     // `+N`/`-N`: relative to the client's port
};

struct SocketOptions {  // of a Unix socket's file
  std::optional<unsigned> mode;
  std::optional<unsigned> uid;
  std::optional<unsigned> gid;
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
  unsigned backlog = 0;  // 0: the proxy's, else the default
  unsigned maxconn = 0;  // 0: none
  Milliseconds tcp_user_timeout{0};
  SocketOptions file;
};

enum class OnMarkedDown { none, shutdown_sessions };
enum class OnMarkedUp { none, shutdown_backup_sessions };
enum class OnError { fail_check, fastinter, sudden_death, mark_down };
enum class SendProxy { none, v1, v2 };
enum class Verify { none, required };

/// The `option` and `server` settings of one server's health checks.
struct ServerCheck {
  bool enabled = false;
  Milliseconds inter{2000};
  std::optional<Milliseconds> fastinter;  // default: inter
  std::optional<Milliseconds> downinter;  // default: inter
  unsigned rise = 2;
  unsigned fall = 3;
  std::optional<std::uint16_t> port;  // `port` (or `check port`): default the server's
  std::optional<Host> address;        // `addr`
  bool ssl = false;                   // check-ssl
  bool send_proxy = false;            // check-send-proxy
  std::string sni;                    // check-sni
  bool observe_layer4 = false;
  unsigned error_limit = 10;
  OnError on_error = OnError::fail_check;
};

struct AgentCheck {
  bool enabled = false;
  Milliseconds inter{2000};
  std::uint16_t port = 0;
  std::optional<Host> address;
  std::string send;
};

struct ServerTls {  // used by check-ssl (and, later, `ssl`)
  Verify verify = Verify::required;
  std::string ca_file;
  std::string certificate;  // `crt`: client certificate and key, PEM
  std::string verify_host;
};

/// How an address is first found (`init-addr`), in order of trial.
enum class InitAddr { last, libc, none, ip };

struct Server {
  Location where;
  std::string name;
  Host host;
  ServerCheck check;
  AgentCheck agent;
  ServerTls tls;
  unsigned weight = 1;    // 0..256
  unsigned maxconn = 0;   // 0: none
  unsigned maxqueue = 0;  // 0: none
  bool backup = false;
  bool disabled = false;  // starts in maintenance
  OnMarkedDown on_marked_down = OnMarkedDown::none;
  OnMarkedUp on_marked_up = OnMarkedUp::none;
  SendProxy send_proxy = SendProxy::none;
  Milliseconds tcp_user_timeout{0};
  std::vector<InitAddr> init_addr{InitAddr::last, InitAddr::libc};
  Endpoint init_addr_ip;     // for InitAddr::ip
  std::string resolvers;     // section name; empty: resolved once, at start
  bool prefer_ipv4 = false;  // resolve-prefer
  unsigned id = 0;           // sid; 1-based within its backend
};

// ---- health checks of a backend -------------------------------------------------------------

/// What an `expect` looks for. Patterns are bytes: `binary` ones are decoded from hexadecimal.
struct Expect {
  enum class Kind { string, rstring, binary, rbinary, status, rstatus };
  Kind kind = Kind::string;
  bool negate = false;
  std::string pattern;  // for rstring, rbinary, rstatus: a PCRE, checked at load
  std::vector<std::pair<unsigned, unsigned>> codes;  // status: inclusive ranges
  unsigned min_recv = 0;
  std::string comment;
};

struct CheckConnect {
  std::optional<std::uint16_t> port;
  std::optional<Host> address;
  bool ssl = false;
  bool send_proxy = false;
  bool linger = false;
  std::string sni;
  std::string comment;
};

struct CheckSend {
  std::string bytes;
  std::string comment;
};

struct HttpHeader {
  std::string name, value;
};

struct HttpSend {
  std::string method = "OPTIONS";
  std::string uri = "/";
  std::string version = "HTTP/1.0";
  std::vector<HttpHeader> headers;
  std::string body;
};

/// `tcp-check …` lines in order; the step number in messages is the position, from 1.
using TcpCheckRule = std::variant<CheckConnect, CheckSend, Expect>;

struct PlainCheck {};  // connect only
struct TcpCheck {
  std::vector<TcpCheckRule> rules;
};                  // option tcp-check
struct HttpCheck {  // option httpchk
  std::optional<CheckConnect> connect;
  HttpSend request;
  std::vector<Expect> expect;  // empty: any 2xx or 3xx
  bool disable_on_404 = false;
};
struct PgsqlCheck {
  std::string user;
};  // option pgsql-check user
using CheckMethod = std::variant<PlainCheck, TcpCheck, HttpCheck, PgsqlCheck>;

// ---- proxies -------------------------------------------------------------------------------

/// Zero means no limit (HAProxy warns about it, and so does validation).
struct Timeouts {
  Milliseconds connect{0};
  Milliseconds client{0};
  Milliseconds server{0};
  std::optional<Milliseconds> check;  // none: the check's own interval bounds it
  std::optional<Milliseconds> queue;  // none: as connect
  std::optional<Milliseconds> tunnel;
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
  std::optional<std::string> description;
  bool admin = false;  // stats admin if TRUE
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
  std::uint16_t port = 8008;  // of agent and patroni, on each node's address
  /// pgsql: what the connection string says besides host and port ("user=novip dbname=postgres
  /// passfile=…", in libpq's quoting).
  std::string conninfo;
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
  std::vector<Server> nodes;  // `node` lines; a role pool has one server for each, same index

  bool needs_majority() const { return majority.value_or(nodes.size() >= 3); }
};

/// `cluster NAME role ROLE …` in a proxy: its servers are the nodes in that role.
struct RolePool {
  enum class Role { primary, standby, sync, async, any };
  std::size_t cluster = 0;  // index in Config::clusters
  Role role = Role::primary;
  std::optional<std::uint64_t> max_lag_bytes;  // standbys behind by more are drained
  std::optional<Milliseconds> max_lag;         // the same in time
  std::optional<Role> fallback;                // `or primary`: while nobody qualifies
};

enum class ProxyKind { frontend, backend, listen };

struct Proxy {
  Location where;
  ProxyKind kind = ProxyKind::listen;
  std::string name;
  unsigned id = 0;  // iid, from 2 as HAProxy numbers them
  Mode mode = Mode::tcp;
  bool disabled = false;
  std::string description;

  // frontend side
  std::vector<Bind> binds;
  unsigned maxconn = 0;  // 0: the global one
  unsigned backlog = 0;
  std::string default_backend;  // empty for listen: itself
  bool tcplog = false;
  bool dontlognull = false;
  bool dontlog_normal = false;
  bool logasap = false;
  bool client_keepalive = false;  // clitcpka, tcpka
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
  bool server_keepalive = false;  // srvtcpka, tcpka
  bool allbackups = false;

  // novip's own
  std::optional<RolePool> pool;  // servers are then made from the cluster's nodes
  Milliseconds hold{0};  // how long a client waits for a server; 0: not at all. 30 s in role pools

  /// novip reads the start of each session as PostgreSQL's protocol; otherwise bytes are bytes.
  bool speaks_postgres() const { return pool.has_value() || hold.count() > 0; }

  Timeouts timeouts;
  std::vector<LogTarget> logs;
  std::string log_tag;  // empty: the global one

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

/// Section `state`: this node's own PostgreSQL, and who may ask about it. novip's own.
struct State {
  Location where;
  std::vector<Bind> binds;    // text port
  std::vector<Bind> http;     // `bind … mode http`: REST in Patroni's dialect, and /events
  std::string conninfo;       // libpq's
  Milliseconds interval{50};  // between two questions to PostgreSQL
  Milliseconds lease{1000};   // an answer older than this is `unavailable`
  unsigned maxconn = 1000;    // connections served at one time
};

struct Global {
  bool daemon = false;
  std::string pidfile;
  std::string chroot;
  std::string user, group;  // names as written, for messages
  std::optional<unsigned> uid, gid;
  unsigned maxconn = 0;   // 0: from the descriptor limit
  unsigned nbthread = 0;  // 0: one per core
  unsigned ulimit_n = 0;
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
};

struct Config {
  Global global;
  std::vector<Proxy> proxies;  // in the order of the files
  std::vector<Resolvers> resolvers;
  std::vector<Cluster> clusters;
  std::optional<State> state;

  const Proxy* find(std::string_view name) const;
};

}  // namespace novip::config
