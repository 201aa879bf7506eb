#pragma once

#include <array>
#include <map>
#include <string>

#include "admin/events.h"
#include "admin/statistics.h"

namespace novip::admin {

/// Turns what workers count into events: sessions that were cut, clients that are held. Control
/// thread only; look() several times a second.
class SessionEvents {
 public:
  explicit SessionEvents(Events& events) : events_(events) {}

  void look(const Statistics& statistics);

 private:
  struct Proxy {
    bool known = false;
    std::array<std::uint64_t, cluster::cut_reasons> cuts{};
    std::uint64_t held = 0;     // that had to wait, before the present spell
    std::uint64_t expired = 0;  // likewise
    bool holding = false;
  };

  void look_at_cuts(const std::string& name, const PoolTotals& totals, Proxy& known);
  void look_at_holds(const std::string& name, const PoolTotals& totals, cluster::Load::Proxy& load,
                     Proxy& known);

  Events& events_;
  std::map<std::size_t, Proxy> proxies_;  // by index: a retired one may have another's name
};

/// Why sessions of a server were ended, as metrics and events name it: "role_left", …
std::string_view name_of(cluster::Cut why);
/// The same as the end of a sentence: "their server left its role".
std::string_view reason_of(cluster::Cut why);

}  // namespace novip::admin
