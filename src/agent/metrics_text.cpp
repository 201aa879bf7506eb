#include "base/metrics_text.h"

#include <algorithm>

#include "agent/rest_answer.h"
#include "base/text.h"

namespace novip::agent {

namespace {

using cluster::Instance;
using cluster::SyncState;

/// Metrics of one sample each.
class Metrics {
 public:
  void gauge(const char* name, const char* help, std::uint64_t value) {
    add({name, MetricFamily::Type::gauge, help}, std::to_string(value));
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    add({name, MetricFamily::Type::counter, help}, std::to_string(value));
  }
  void seconds(const char* name, const char* help, std::optional<Milliseconds> value) {
    if (value)
      add({name, MetricFamily::Type::gauge, help},
          format("%.3f", std::chrono::duration<double>(*value).count()));
  }
  std::string take() { return text_.take(); }

 private:
  void add(const MetricFamily& family, const std::string& value) {
    text_.begin(family);
    text_.sample("", value);
  }

  MetricsText text_;
};

}  // namespace

/// Patroni's help texts; without its labels (scope and name), which Prometheus adds from its own
/// configuration.
std::string metrics_text(const Instance& instance, std::optional<Milliseconds> age) {
  const bool primary = instance.role == Instance::Role::primary;
  const bool standby = instance.role == Instance::Role::standby;
  Metrics metrics;
  metrics.gauge("patroni_postgres_running", "Value is 1 if Postgres is running, 0 otherwise.",
                instance.known());
  metrics.gauge("patroni_primary", "Value is 1 if this node is the primary, 0 otherwise.", primary);
  metrics.counter("patroni_xlog_location",
                  "Current location of the Postgres transaction log, 0 if this node is not the "
                  "primary.",
                  primary ? instance.lsn : 0);
  metrics.gauge("patroni_standby_leader",
                "Value is 1 if this node is the standby_leader, 0 otherwise.", 0);
  metrics.gauge("patroni_replica", "Value is 1 if this node is a replica, 0 otherwise.", standby);
  metrics.gauge("patroni_sync_standby",
                "Value is 1 if this node is a sync standby replica, 0 otherwise.",
                instance.sync == SyncState::sync);
  metrics.gauge("patroni_quorum_standby",
                "Value is 1 if this node is a quorum standby replica, 0 otherwise.",
                instance.sync == SyncState::quorum);
  metrics.counter("patroni_xlog_received_location",
                  "Current location of the received Postgres transaction log, 0 if this node is "
                  "not a replica.",
                  standby ? instance.received : 0);
  metrics.counter("patroni_xlog_replayed_location",
                  "Current location of the replayed Postgres transaction log, 0 if this node is "
                  "not a replica.",
                  standby ? instance.lsn : 0);
  metrics.gauge("patroni_postgres_streaming", "Value is 1 if Postgres is streaming, 0 otherwise.",
                instance.streaming);
  metrics.gauge("patroni_postgres_server_version", "Version of Postgres (if running), 0 otherwise.",
                instance.server_version);
  metrics.counter("patroni_postgres_timeline",
                  "Postgres timeline of this node (if running), 0 otherwise.", instance.timeline);
  if (standby && instance.upstream_end != 0)
    metrics.gauge("novip_postgres_lag_bytes", "What this standby has still to replay.",
                  std::max(instance.upstream_end, instance.lsn) - instance.lsn);
  metrics.seconds("novip_postgres_lag_seconds",
                  "Age of the last transaction that this standby replayed, 0 if it replayed all "
                  "that it received.",
                  instance.replay_lag);
  metrics.gauge("novip_postgres_replicas", "Standbys that stream from this node.",
                instance.replicas.size());
  metrics.seconds("novip_postgres_state_age_seconds",
                  "Time since PostgreSQL was asked for what is told here.", age);
  return metrics.take();
}

}  // namespace novip::agent
