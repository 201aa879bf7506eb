#pragma once

#include <optional>
#include <string>

#include "agent/rest_target.h"
#include "base/clock.h"
#include "cluster/instance.h"

namespace novip::agent {

struct RestAnswer {
  unsigned status = 503;
  const char* content_type = "application/json";
  std::string body;
};

/// Patroni's status and body for every path but /events: 200 when the instance is what the path
/// names, else 503. A standby whose lag is not known lags. `age`: of what is known. Pure.
RestAnswer rest_answer(const RestTarget& target, const cluster::Instance& instance,
                       std::optional<Milliseconds> age);

/// Prometheus' text format: what Patroni calls patroni_*, as far as it is known here, and more.
std::string metrics_text(const cluster::Instance& instance, std::optional<Milliseconds> age);

}  // namespace novip::agent
