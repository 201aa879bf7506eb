#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "admin/scope.h"
#include "admin/statistics.h"

namespace novip::admin {

/// What the page's plots show of the last quarter of an hour, so that one who opens it sees what
/// was. Bounded: so many points of so many series. Control thread only.
class History {
 public:
  static constexpr std::size_t points = 900;
  static constexpr std::size_t most_series = 40;
  static constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

  /// Once a second.
  void sample(const Statistics& statistics, WallTime when);

  /// {"times":[…],"series":[{"plot":"sessions","name":"prod","values":[…]},…]} of the points later
  /// than `since`, in milliseconds of wall time.
  std::string json(std::int64_t since, const Scope& scope) const;

 private:
  struct Value {
    const char* plot;     // "sessions", "rate", "lag"
    std::string name;     // a proxy's, a node's
    std::string cluster;  // of a node
    float value;
  };
  struct Series {
    const char* plot;
    std::string name, cluster;
    std::deque<float> values;  // as many as there are times
  };

  static std::vector<Value> measure(const Statistics& statistics);
  void begin(const std::vector<Value>& values);
  bool same_series(const std::vector<Value>& values) const;

  std::deque<std::int64_t> times_;
  std::vector<Series> series_;
};

}  // namespace novip::admin
