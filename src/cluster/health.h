#pragma once

#include "base/clock.h"
#include "cluster/check_result.h"
#include "config/model.h"

namespace novip::cluster {

/// Rise and fall: from check results to up or down. Pure; knows neither time nor network. As in
/// HAProxy (check.c, `check_notify_failure/success`), one count runs from 0 to rise+fall-1: below
/// `rise` is down. A server is up before its first check, but its first failed check takes it down
/// whatever `fall` says.
class Health {
 public:
  explicit Health(const config::ServerCheck& settings);

  enum class Change { none, went_up, went_down };
  Change passed();
  Change failed();
  /// observe layer4: one failure (or success) seen on live traffic. True when `error_limit` failures
  /// in a row were reached and `on-error` says how that counts.
  bool observed(bool success);
  Change force_up();
  Change force_down();

  bool up() const { return count_ >= rise_; }
  /// Between up and down: fastinter applies.
  bool in_transition() const;
  unsigned count() const { return count_; }    // check_health of `show stat`
  unsigned rise() const { return rise_; }
  unsigned fall() const { return fall_; }

 private:
  unsigned rise_, fall_, error_limit_;
  unsigned count_;
  unsigned errors_ = 0;
  bool first_ = true;
};

/// How long until the next check: inter, fastinter while in transition, downinter while down,
/// spread by up to `spread_percent` each way (`random` in 0..1).
Milliseconds next_check_delay(const config::ServerCheck& settings, const Health& health,
                              unsigned spread_percent, double random);

}  // namespace novip::cluster
