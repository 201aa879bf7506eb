#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "admin/scope.h"
#include "admin/statistics.h"

namespace novip::admin {

/// What the page's plots show of the last quarter of an hour, so that one who opens it sees what
/// was. Bounded: so many points of so many series. Kept as it will be sent, because many may ask
/// for all of it, again and again. Control thread only.
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
  /// Numbers as they stand in a JSON list.
  class Written {
   public:
    void add(std::string_view number);
    void drop_first();
    /// All but the first so many: "3,null,2.5".
    std::string_view without(std::size_t first) const;

   private:
    std::string text_;                // a comma after each
    std::deque<std::size_t> begins_;  // where each begins in all that was ever written
    std::size_t dropped_ = 0;         // how much of that is no more in the text
  };
  struct Series {
    const char* plot;
    std::string name, cluster;
    Written values;  // as many as there are times
  };

  static std::vector<Value> measure(const Statistics& statistics);
  void begin(const std::vector<Value>& values);
  bool same_series(const std::vector<Value>& values) const;

  std::deque<std::int64_t> times_;
  Written written_times_;
  std::vector<Series> series_;
};

}  // namespace novip::admin
