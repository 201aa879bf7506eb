#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>

#include "admin/statistics.h"

namespace novip::admin {

/// The columns of `show stat` in HAProxy 2.6 (stats.c, stat_fields; management.txt, 9.1).
/// `src_ilim` is how it spells it. New ones go after these.
// clang-format off
inline constexpr std::array<std::string_view, 103> stat_columns = {
    "pxname", "svname", "qcur", "qmax", "scur", "smax", "slim", "stot", "bin", "bout", "dreq",
    "dresp", "ereq", "econ", "eresp", "wretr", "wredis", "status", "weight", "act", "bck",
    "chkfail", "chkdown", "lastchg", "downtime", "qlimit", "pid", "iid", "sid", "throttle",
    "lbtot", "tracked", "type", "rate", "rate_lim", "rate_max", "check_status", "check_code",
    "check_duration", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other",
    "hanafail", "req_rate", "req_rate_max", "req_tot", "cli_abrt", "srv_abrt", "comp_in",
    "comp_out", "comp_byp", "comp_rsp", "lastsess", "last_chk", "last_agt", "qtime", "ctime",
    "rtime", "ttime", "agent_status", "agent_code", "agent_duration", "check_desc", "agent_desc",
    "check_rise", "check_fall", "check_health", "agent_rise", "agent_fall", "agent_health",
    "addr", "cookie", "mode", "algo", "conn_rate", "conn_rate_max", "conn_tot", "intercepted",
    "dcon", "dses", "wrew", "connect", "reuse", "cache_lookups", "cache_hits", "srv_icur",
    "src_ilim", "qtime_max", "ctime_max", "rtime_max", "ttime_max", "eint", "idle_conn_cur",
    "safe_conn_cur", "used_conn_cur", "need_conn_est", "uweight", "agg_server_status",
    "agg_server_check_status", "agg_check_status"};
// clang-format on

/// The place of a column; a name that is none does not compile.
struct Column {
  consteval Column(const char* name) : index(0) {
    while (stat_columns[index] != std::string_view(name)) ++index;
  }
  std::size_t index;
};

/// One line of `show stat`, also what the statistics page shows. An empty cell: does not apply.
class StatRow {
 public:
  enum class Kind { frontend = 0, backend = 1, server = 2 };  // column `type`

  explicit StatRow(Kind row_kind) : kind(row_kind) { set("type", static_cast<int>(row_kind)); }

  void set(Column column, std::string_view text) { cells_[column.index] = text; }
  template <std::integral Number>
  void set(Column column, Number number) {
    cells_[column.index] = std::to_string(number);
  }
  const std::string& operator[](Column column) const { return cells_[column.index]; }
  const auto& cells() const { return cells_; }

  Kind kind;
  /// A server whose PostgreSQL is well and has another role than its pool's: its status is DOWN, as
  /// in HAProxy, and nothing is wrong.
  bool in_other_role = false;

 private:
  std::array<std::string, stat_columns.size()> cells_;
};

/// `legends`: with addresses and the balancing algorithm, which `stats show-legends` gives to the
/// page and which the runtime API always shows.
StatRow frontend_row(const Statistics& statistics, std::size_t proxy);
StatRow server_row(const Statistics& statistics, std::size_t proxy, std::size_t server,
                   TimePoint now, bool legends);
StatRow backend_row(const Statistics& statistics, std::size_t proxy, TimePoint now, bool legends);

}  // namespace novip::admin
