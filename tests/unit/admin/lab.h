#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/commands.h"
#include "admin/stat_row.h"
#include "admin/statistics.h"

namespace novip::admin {

/// The deck's two pools with a third server of each, a statistics page and a frontend of its own,
/// as a configuration struct; a roster on it, and the numbers of one worker. For unit tests
/// (fixture.h) and the fuzzer of the commands.
class AdminLab {
 public:
  AdminLab();

  /// Sends `words` through the command table; what comes back goes on the wire.
  std::string ask(std::string_view line);
  /// The cells of one line of `show stat`.
  std::vector<std::string> stat(std::string_view proxy, std::string_view service);
  std::string cell(std::string_view proxy, std::string_view service, std::string_view column);

  cluster::ServerState server(std::size_t proxy, std::size_t index) const {
    return roster->proxies()[proxy].servers[index];
  }
  void pass(std::size_t proxy, std::size_t index);
  void fail(std::size_t proxy, std::size_t index);

  TimePoint now = TimePoint{} + std::chrono::hours(1);
  std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
  std::unique_ptr<cluster::Roster> roster;
  cluster::Load load;
  cluster::WorkerCounters worker;
  std::vector<SessionRow> sessions;
  std::optional<std::uint64_t> ended;  // the last session that was shut down
  std::unique_ptr<Statistics> statistics;
  std::vector<ApiSocket> sockets;
  ApiState state;
};

}  // namespace novip::admin
