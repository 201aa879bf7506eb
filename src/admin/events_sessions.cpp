#include "admin/events_sessions.h"

#include <string_view>
#include <utility>

#include "base/text.h"

namespace novip::admin {

namespace {

using Kind = Event::Kind;

std::string counted(std::uint64_t count, const char* what) {
  return format("%llu %s%s", static_cast<unsigned long long>(count), what, count == 1 ? "" : "s");
}

std::string clients(std::uint64_t count) { return counted(count, "client"); }

}  // namespace

std::string_view name_of(cluster::Cut why) {
  constexpr std::string_view names[cluster::cut_reasons] = {
      "none", "marked_down", "backup_replaced", "by_admin", "role_left", "minority"};
  return names[static_cast<std::size_t>(why)];
}

std::string_view reason_of(cluster::Cut why) {
  constexpr std::string_view reasons[cluster::cut_reasons] = {
      "no reason",
      "their server went down",
      "an active server is back",
      "an operator said so",
      "their server left its role",
      "this node sees less than half of the cluster"};
  return reasons[static_cast<std::size_t>(why)];
}

void SessionEvents::look(const Statistics& statistics) {
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    if (!proxies[i].settings->is_backend()) continue;
    const std::string& name = proxies[i].settings->name;
    const PoolTotals totals = statistics.pool(i);
    Proxy& known = proxies_[i];
    const bool counted_anew = totals.held < known.held;
    if (!std::exchange(known.known, true) || counted_anew)
      known = {true, totals.cuts, totals.held, totals.hold_expired, false};
    look_at_cuts(name, totals, known);
    look_at_holds(name, totals, statistics.process().load->proxies[i], known);
  }
}

void SessionEvents::look_at_cuts(const std::string& name, const PoolTotals& totals, Proxy& known) {
  for (std::size_t i = 0; i < totals.cuts.size(); ++i) {
    const auto why = static_cast<cluster::Cut>(i);
    const auto before = std::exchange(known.cuts[i], totals.cuts[i]);
    if (totals.cuts[i] <= before) continue;
    const auto count = totals.cuts[i] - before;
    events_.add({.kind = Kind::cut,
                 .subject = name,
                 .state = std::string(name_of(why)),
                 .count = count,
                 .text = counted(count, "session") + " cut: " + std::string(reason_of(why))});
  }
}

/// A spell that began and ended between two looks is told at once, as over.
void SessionEvents::look_at_holds(const std::string& name, const PoolTotals& totals,
                                  cluster::Load::Proxy& load, Proxy& known) {
  const bool waiting = load.held.now() > 0;
  if (waiting && !known.holding) {
    known.holding = true;
    events_.add({.kind = Kind::hold,
                 .severity = Severity::warning,
                 .subject = name,
                 .state = "begin",
                 .count = totals.held - known.held,
                 .text = "clients wait: no server is there for them"});
  }
  if (waiting || (totals.held == known.held && !known.holding)) return;
  const auto count = totals.held - std::exchange(known.held, totals.held);
  const auto in_vain = totals.hold_expired - std::exchange(known.expired, totals.hold_expired);
  std::string text = clients(count) + " waited";
  text += format(", the longest %.2f s", static_cast<double>(load.held_ms.take()) / 1000);
  if (in_vain > 0) text += ", " + clients(in_vain) + " in vain";
  events_.add({.kind = Kind::hold,
               .severity = in_vain > 0 ? Severity::warning : Severity::notice,
               .subject = name,
               .state = "end",
               .count = count,
               .text = text});
  known.holding = false;
}

}  // namespace novip::admin
