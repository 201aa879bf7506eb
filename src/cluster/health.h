#pragma once

#include "base/clock.h"
#include "config/model.h"

namespace novip::cluster {

/// Rise and fall: from check results to healthy or not. Pure; knows neither time nor network. As in
/// HAProxy (check.c, `set_server_check_status`), one count runs from 0 to rise+fall-1, and is
/// healthy from `rise` on. It starts at `rise`: healthy before the first check, but the first
/// failure empties it whatever `fall` says, and the first success fills it.
class Health {
 public:
  explicit Health(const config::ServerCheck& settings);
  /// An agent's: one word from it decides.
  Health() = default;

  /// One check's outcome. True when the count moved, which `option log-health-checks` reports.
  bool passed();
  bool failed();

  /// observe layer4: one success or failure seen on live traffic. True when this was the last of
  /// `error-limit` failures in a row; the row then starts anew.
  bool observed(bool success);
  unsigned error_limit() const { return error_limit_; }

  void fill() { count_ = full(); }    // as healthy as can be
  void empty() { count_ = 0; }        // down, and `rise` successes away from up
  void restart() { count_ = rise_; }  // as at start: the next check decides
  void weaken();                      // sudden-death: at most two failures from down

  bool up() const { return count_ >= rise_; }
  /// Between up and down: fastinter applies.
  bool in_transition() const { return count_ != 0 && count_ != full(); }
  unsigned count() const { return count_; }  // check_health of `show stat`
  unsigned rise() const { return rise_; }
  unsigned fall() const { return fall_; }

 private:
  unsigned full() const { return rise_ + fall_ - 1; }

  unsigned rise_ = 1;
  unsigned fall_ = 1;
  unsigned error_limit_ = 0;
  unsigned count_ = 1;
  unsigned errors_ = 0;
};

/// How long until the next check: inter, fastinter while in transition, downinter while down,
/// spread by up to `spread_percent` each way (`random` in 0..1).
Milliseconds next_check_delay(const config::ServerCheck& settings, const Health& health,
                              unsigned spread_percent, double random);

}  // namespace novip::cluster
