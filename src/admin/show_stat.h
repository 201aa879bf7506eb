#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/scope.h"
#include "admin/stat_row.h"

namespace novip::admin {

/// Which lines `show stat` and the page show: `show stat <iid|proxy> <type> <sid>`, `;up`.
struct StatFilter {
  std::optional<std::size_t> proxy;
  unsigned types = 7;              // bits: 1 frontends, 2 backends, 4 servers
  std::optional<unsigned> server;  // sid; frontends and backends stay
  bool hide_down = false;          // also hides maintenance
  bool hide_maintenance = false;
  bool legends = true;
  Scope scope{};
};

/// In HAProxy's order: for each proxy of the configuration its frontend, servers, backend.
std::vector<StatRow> stat_rows(const Statistics& statistics, const StatFilter& filter,
                               TimePoint now);

/// "# pxname,svname,…,\n" and a line for each row; every line ends with a comma.
std::string stat_csv(const std::vector<StatRow>& rows);

/// "F.2.0.4.scur.1:MGP:u32:5": a line for each value that there is (management.txt, 9.3).
/// `described`: with what it means.
std::string stat_typed(const std::vector<StatRow>& rows, bool described);

/// The same as JSON, of the form that `show schema json` tells of HAProxy: one line.
std::string stat_json(const std::vector<StatRow>& rows);

}  // namespace novip::admin
