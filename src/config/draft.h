#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"

namespace novip::config {

/// The parts of a check's request that were written; the rest is by default.
struct HttpRequestDraft {
  std::optional<std::string> method, uri, version, body;
  std::vector<HttpHeader> headers;
};

/// `cluster NAME role …` of a proxy: the cluster may come later in the files.
struct PoolDraft {
  Location where;
  std::string cluster;
  RolePool pool;
};

/// Section `cluster` while it is read.
struct ClusterDraft {
  Cluster cluster;
  std::optional<Location> watch_at;
  std::optional<Location> interval_at;
  /// Files that libpq reads for `watch pgsql`, by keyword.
  std::vector<std::pair<std::string, std::string>> files;
};

/// A proxy, or a `defaults` section, while it is read: what depends on lines that may still come is
/// kept as it was written. A proxy starts as a copy of its defaults.
struct Draft {
  Proxy proxy;
  bool is_defaults = false;
  std::optional<Location> mode_set;
  bool bind_written = false;  // even a wrong one, which was told of already
  Server default_server;
  std::optional<Location> default_server_at;  // the last such line
  bool default_server_inherited = false;
  std::optional<PoolDraft> pool;
  std::optional<Milliseconds> hold;

  // The last `option …chk` decides which check runs; rules of the others are kept, unused.
  enum class Check { plain, tcp, http, pgsql };
  Check check = Check::plain;
  std::string pgsql_user;
  std::vector<TcpCheckRule> tcp_rules;
  std::string tcp_comment;   // `tcp-check comment`: of the next rule
  HttpRequestDraft httpchk;  // of `option httpchk`
  std::optional<HttpRequestDraft> http_send;
  std::optional<CheckConnect> http_connect;
  std::vector<Expect> http_expect;
  bool disable_on_404 = false;
  // A proxy's first own line replaces what it inherited, as in HAProxy.
  bool tcp_inherited = false, http_inherited = false, stats_inherited = false;

  std::map<std::string, std::vector<Test>> acls;  // by name; each line is a test
  bool log_global = false;
  /// What is wrong with a `log-format`: nothing in HTTP mode, which is known at the end.
  std::optional<std::pair<Location, LineFault>> log_format_fault;
  /// HTTP rules: an error in HTTP mode and without effect in TCP mode, which is known at the end.
  std::vector<std::pair<Location, std::string>> http_rules;
};

/// How its servers are checked, by what was read so far.
CheckMethod check_method(const Draft& draft);

/// The proxy that the draft describes, once all lines are read.
Proxy assemble(Draft draft, const Global& global);

}  // namespace novip::config
