// needs: tests/unit/admin/lab.cpp
// needs: src/admin/api_line.cpp
// needs: src/admin/cluster_report.cpp
// needs: src/admin/commands.cpp
// needs: src/admin/connection_commands.cpp
// needs: src/admin/events.cpp
// needs: src/admin/field_meta.cpp
// needs: src/admin/info_meta.cpp
// needs: src/admin/json_text.cpp
// needs: src/admin/orders.cpp
// needs: src/admin/overview.cpp
// needs: src/admin/page_verdict.cpp
// needs: src/admin/rates.cpp
// needs: src/admin/reconfigure.cpp
// needs: src/admin/scope.cpp
// needs: src/admin/server_argument.cpp
// needs: src/admin/servers_state.cpp
// needs: src/admin/sessions.cpp
// needs: src/admin/set_server.cpp
// needs: src/admin/show_commands.cpp
// needs: src/admin/show_info.cpp
// needs: src/admin/show_process.cpp
// needs: src/admin/show_stat.cpp
// needs: src/admin/stat_meta.cpp
// needs: src/admin/stat_row.cpp
// needs: src/admin/statistics.cpp
// needs: src/admin/stick_tables.cpp
// needs: src/admin/totals.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "../unit/admin/lab.h"
#include "base/text.h"
#include "cluster/counters.h"
#include "config/merge.h"

namespace novip::admin {
namespace {

/// A process that goes over to what the commands make of its configuration.
class Running : public AdminLab {
 public:
  Running() {
    auto process = statistics->process();
    process.apply = [this](auto change, auto done) {
      config::Config next = *running_;
      if (!change(next)) return done(false, "No such server.");
      const auto everything = [](auto...) { return true; };
      running_ = config::merge(*running_, next, {everything, everything});
      cluster::fit(load, *running_);
      cluster::fit(worker, *running_);
      roster->adopt(running_, 1000, now);
      statistics->adopt({});
      done(true, "");
    };
    process.reload = [](auto done) { done(true, ""); };
    statistics = std::make_unique<Statistics>(std::move(process));
  }

  std::string servers() { return ask("show servers state;show servers conn"); }

 private:
  std::shared_ptr<const config::Config> running_ = config;
};

/// Each line's answer ends as HAProxy's do.
void run(Running& process, std::string_view lines) {
  for (const auto line : split(lines, '\n')) {
    const std::string answer = process.ask(line);
    if (!answer.empty() && !answer.ends_with('\n') && !answer.ends_with("> ")) std::abort();
  }
}

}  // namespace
}  // namespace novip::admin

// Lines of the runtime API, run one after the other: who may only look changes nothing, and what an
// operator changes leaves a process that can be looked at.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view lines(reinterpret_cast<const char*>(data), size);
  novip::admin::Running process;
  const std::string before = process.servers();
  process.state.level = novip::config::Level::user;
  run(process, lines);
  process.state = {};
  process.state.level = novip::config::Level::admin;
  if (process.servers() != before) std::abort();
  run(process, lines);
  process.state = {};
  if (process.ask("show stat").empty()) std::abort();
  return 0;
}
