#include "config/explain.h"
#include "reading.h"

namespace novip::config {

namespace {

const std::string source = NOVIP_SOURCE_DIR;

std::string path(const std::string& name) { return source + "/tests/fixtures/" + name; }

Loaded fixture(const std::string& name, bool touch_system = false) {
  LoadOptions options;
  options.touch_system = touch_system;
  options.environment = [](const std::string&) { return std::nullopt; };
  return load_files({path(name)}, options);
}

}  // namespace

TEST(Fixtures, Deck) {
  const auto loaded = fixture("deck.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  ASSERT_EQ(loaded.config->proxies.size(), 3u);
  const Proxy* const stdby = loaded.config->find("stdby");
  ASSERT_NE(stdby, nullptr);
  EXPECT_EQ(stdby->balance, Algorithm::leastconn);
  ASSERT_EQ(stdby->servers.size(), 3u);
  const auto& rules = std::get<TcpCheck>(stdby->check).rules;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(std::get<CheckConnect>(rules[0]).port, 5431);
  EXPECT_EQ(std::get<Expect>(rules[1]).pattern, "standby");
  EXPECT_EQ(stdby->servers[2].on_marked_down, OnMarkedDown::shutdown_sessions);
  EXPECT_EQ(stdby->servers[2].check.fastinter, seconds(1));
  EXPECT_TRUE(loaded.config->find("stats")->stats.enabled);
  EXPECT_EQ(loaded.config->global.stats_sockets.size(), 2u);
}

TEST(Fixtures, PafLab) {
  const auto loaded = fixture("paf-lab.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const Global& global = loaded.config->global;
  EXPECT_EQ(global.chroot, "/var/lib/haproxy");
  EXPECT_EQ(global.user, "haproxy");
  EXPECT_EQ(global.stats_sockets[0].level, Level::admin);
  const Proxy* const primary = loaded.config->find("prd");
  ASSERT_NE(primary, nullptr);
  EXPECT_EQ(primary->maxconn, 300u);
  EXPECT_TRUE(primary->tcplog);
  ASSERT_EQ(primary->logs.size(), 1u);
  EXPECT_EQ(primary->logs[0].address.text(), "127.0.0.1:514");
  EXPECT_EQ(primary->servers[0].host.name, "srv1");
}

TEST(Fixtures, Patroni) {
  const auto loaded = fixture("patroni.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const Proxy* const backend = loaded.config->find("bk_db");
  ASSERT_NE(backend, nullptr);
  EXPECT_EQ(backend->servers[1].check.port, 15433);
  EXPECT_EQ(backend->servers[1].maxconn, 100u);
  EXPECT_EQ(std::get<HttpCheck>(backend->check).request.uri, "GET");
}

TEST(Fixtures, PatroniReplicas) {
  const auto loaded = fixture("patroni-replicas.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const auto http = std::get<HttpCheck>(loaded.config->find("replicas")->check);
  EXPECT_EQ(http.request.method, "OPTIONS");
  EXPECT_EQ(http.request.uri, "/replica");
  ASSERT_EQ(http.expect.size(), 1u);
  EXPECT_EQ(http.expect[0].codes[0].first, 200u);
}

TEST(Fixtures, PatroniTls) {
  const auto loaded = fixture("patroni-tls.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  const Proxy* const primary = loaded.config->find("primary");
  EXPECT_TRUE(primary->servers[0].check.ssl);
  EXPECT_EQ(primary->servers[0].check.sni, "patroni");
  EXPECT_EQ(std::get<HttpCheck>(primary->check).request.method, "HEAD");
}

TEST(Fixtures, DebianTellsWhatHasNoEffect) {
  const auto loaded = fixture("debian.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(loaded.remarks.size(), 3u) << told(loaded);
  EXPECT_EQ(std::get<PgsqlCheck>(loaded.config->find("postgres")->check).user, "haproxy");
}

TEST(Fixtures, Kubernetes) {
  const auto loaded = fixture("kubernetes.cfg", true);
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  EXPECT_EQ(loaded.config->global.maxconn, 4096u);
  const Proxy* const backend = loaded.config->find("postgres");
  EXPECT_EQ(backend->servers[0].host.name, "pg-0.postgres.svc");
  EXPECT_FALSE(backend->servers[0].host.address);
  EXPECT_EQ(std::get<TcpCheck>(backend->check).rules.size(), 5u);
}

TEST(Fixtures, OnePrimary) {
  const auto loaded = fixture("one-primary.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const Proxy& frontend = loaded.config->proxies[0];
  EXPECT_EQ(frontend.connection_rules[0].condition.any[0][0].any[0].proxy_index, 1);
  EXPECT_EQ(frontend.use_backend[0].index, 2);
  EXPECT_EQ(loaded.config->find("primary")->stick_table->size, 1u);
  EXPECT_EQ(loaded.config->find("replicas")->servers[0].slowstart, seconds(30));
}

TEST(Fixtures, Discovery) {
  const auto loaded = fixture("discovery.cfg", true);
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  ASSERT_EQ(loaded.config->proxies.size(), 2u);
  EXPECT_EQ(loaded.config->find("replicas")->servers[2].name, "pg3");
}

TEST(Fixtures, State) {
  const auto loaded = fixture("state.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  ASSERT_TRUE(loaded.config->state);
  EXPECT_EQ(loaded.config->state->binds[0].address.port(), 5431);
}

TEST(Fixtures, Native) {
  const auto loaded = load_files({source + "/packaging/novip.cfg"});
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const Config& config = *loaded.config;
  ASSERT_EQ(config.clusters.size(), 1u);
  EXPECT_EQ(config.clusters[0].nodes.size(), 3u);
  EXPECT_EQ(config.state->http[0].address.port(), config.clusters[0].watch.port);
  EXPECT_EQ(config.find("prod")->pool->role, RolePool::Role::primary);
  EXPECT_EQ(config.find("prod")->hold, seconds(30));
  EXPECT_EQ(config.find("stdby")->pool->fallback, RolePool::Role::primary);
  EXPECT_EQ(config.find("stdby")->pool->max_lag_bytes, 16u << 20);
  // Everything is as it should be: nothing to point out.
  EXPECT_EQ(explain(config).find("Note\n"), std::string::npos);
}

TEST(Fixtures, DeckAsAnExample) {
  const auto loaded = load_files({source + "/packaging/haproxy-deck.cfg"});
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  EXPECT_EQ(loaded.config->find("stdby")->servers.size(), 3u);
  EXPECT_EQ(loaded.config->state->binds[0].address.port(), 5431);
}

TEST(Fixtures, WatchedWithoutAgents) {
  const auto loaded = fixture("watch-pgsql.cfg");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(told(loaded), "");
  const Cluster& cluster = loaded.config->clusters[0];
  EXPECT_EQ(cluster.watch.conninfo,
            "user=novip passfile=/etc/novip/pgpass sslmode=verify-full "
            "sslrootcert=/etc/novip/root.crt dbname=postgres");
  EXPECT_EQ(cluster.nodes[2].weight, 0u);
  EXPECT_EQ(loaded.config->find("sync")->pool->max_lag, Milliseconds(500));
}

TEST(Fixtures, FilesOfADirectory) {
  const auto loaded = fixture("several");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(loaded.config->global.maxconn, 4000u);
  EXPECT_EQ(loaded.config->global.node, "node-5434");
  EXPECT_EQ(loaded.config->find("prod")->servers[0].host.address.text(), "127.0.0.1:5434");
  EXPECT_EQ(loaded.config->find("prod")->timeouts.connect, seconds(10));
}

TEST(Fixtures, SeveralFilesOnTheCommandLine) {
  LoadOptions options;
  options.touch_system = false;
  const auto loaded = load_files({path("patroni.cfg"), path("state.cfg")}, options);
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_TRUE(loaded.config->state);
  EXPECT_EQ(loaded.config->proxies.size(), 2u);
}

TEST(Fixtures, ErrorsAreToldAllAtOnce) {
  const auto loaded = fixture("errors.cfg");
  EXPECT_EQ(loaded.config, nullptr);
  std::vector<int> lines;
  for (const auto& remark : loaded.remarks)
    if (remark.kind == Remark::Kind::error) lines.push_back(remark.where.line);
  EXPECT_EQ(lines, (std::vector{3, 4, 5, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 19, 23}))
      << told(loaded);
}

TEST(Fixtures, UnreadableFile) {
  const auto loaded = fixture("no-such-file.cfg");
  EXPECT_EQ(loaded.config, nullptr);
  ASSERT_FALSE(loaded.remarks.empty());
  EXPECT_EQ(loaded.remarks[0].text, "cannot open: No such file or directory");
  EXPECT_EQ(loaded.remarks[0].where.file, path("no-such-file.cfg"));
}

}  // namespace novip::config
