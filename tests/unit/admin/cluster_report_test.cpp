#include "admin/cluster_report.h"

#include "fixture.h"

namespace novip::admin {
namespace {

using namespace std::chrono_literals;
using cluster::Instance;

/// A cluster of two nodes: srv1 is primary on timeline 3, srv2 a standby 4096 bytes behind.
class ClusterReport : public AdminTest {
 protected:
  ClusterReport() {
    settings_.name = "pg";
    settings_.majority = false;
    settings_.nodes = config->proxies[0].servers;
    settings_.nodes.resize(2);
    topology_ = std::make_unique<cluster::Topology>(settings_);
    Instance primary;
    primary.role = Instance::Role::primary;
    primary.system_identifier = 7;
    primary.timeline = 3;
    primary.lsn = 0x1'0000'2000;
    Instance standby = primary;
    standby.role = Instance::Role::standby;
    standby.lsn = 0x1'0000'1000;
    standby.received = standby.lsn;
    standby.replay_lag = 1500ms;
    standby.upstream = "10.20.30.51:5434";
    topology_->heard(0, primary, now - 20ms, now);
    topology_->heard(1, standby, now - 30ms, now);
    config->proxies[0].pool.emplace();
    worker.proxies[0].backend.held.add(5);
    worker.proxies[0].backend.cuts[static_cast<std::size_t>(cluster::Cut::role_left)].add(2);
    load.proxies[0].held.try_acquire();
    Process process = statistics->process();
    process.topologies = {topology_.get()};
    statistics = std::make_unique<Statistics>(std::move(process));
  }

  config::Cluster settings_;
  std::unique_ptr<cluster::Topology> topology_;
};

TEST_F(ClusterReport, ShowsNodesAndPools) {
  EXPECT_EQ(ask("show cluster"),
            "# cluster pg: primary srv1, 2 of 2 nodes heard\n"
            "# node role timeline lsn lag_bytes lag_ms sync upstream age_ms remark\n"
            "srv1 primary 3 1/2000 - - - - 20 -\n"
            "srv2 standby 3 1/1000 4096 1500 - 10.20.30.51:5434 30 -\n"
            "# pool role held held_total hold_expired verified unverified wrong_startup cut "
            "self_replication cancels\n"
            "prod primary 1 5 0 0 0 0 2 0 0\n\n");
  EXPECT_EQ(ask("show cluster nope"), "No such cluster.\n\n");
}

TEST_F(ClusterReport, ShowsAlertsAndWhyThereIsNoNews) {
  topology_->trouble(1, "agent at 10.20.30.52:8008: connection refused");
  Instance second = topology_->nodes()[0].instance;
  topology_->heard(1, second, now, now);
  topology_->trouble(1, "agent at 10.20.30.52:8008: connection refused");
  const auto text = ask("show cluster pg");
  EXPECT_NE(text.find("primary unknown"), std::string::npos) << text;
  EXPECT_NE(text.find("# ALERT "), std::string::npos) << text;
  EXPECT_NE(text.find(" agent_at_10.20.30.52:8008:_connection_refused\n"), std::string::npos)
      << text;
  const auto metrics = cluster_metrics(*statistics, now);
  EXPECT_NE(metrics.find("novip_cluster_alert{cluster=\"pg\",kind=\"two_primaries\"} 1\n"),
            std::string::npos)
      << metrics;
}

TEST_F(ClusterReport, MetricsHaveOneFamilyEach) {
  const auto metrics = cluster_metrics(*statistics, now);
  for (const std::string_view line :
       {"# TYPE novip_cluster_node_role gauge\n",
        "novip_cluster_node_role{cluster=\"pg\",node=\"srv1\",role=\"primary\"} 1\n",
        "novip_cluster_node_role{cluster=\"pg\",node=\"srv2\",role=\"primary\"} 0\n",
        "novip_cluster_node_lag_bytes{cluster=\"pg\",node=\"srv2\"} 4096\n",
        "novip_cluster_node_lag_seconds{cluster=\"pg\",node=\"srv2\"} 1.5\n",
        "novip_pool_held{proxy=\"prod\"} 1\n", "# TYPE novip_pool_held_total counter\n",
        "novip_pool_held_total{proxy=\"prod\"} 5\n",
        "novip_backend_cut_total{proxy=\"prod\",reason=\"role_left\"} 2\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line << "\nin\n" << metrics;
}

TEST_F(AdminTest, WithoutAClusterThereIsNothingToShow) {
  EXPECT_EQ(ask("show cluster"), "No section 'cluster' in the configuration.\n\n");
}

}  // namespace
}  // namespace novip::admin
