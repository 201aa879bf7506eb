#include <cstdio>
#include <fstream>
#include <unistd.h>

#include <sys/stat.h>

#include "reading.h"

// Section `cluster`.

namespace novip::config {

namespace {

const std::string prod = "listen prod\n bind :5432\n cluster pg role primary\n";

/// A cluster that is used, with these lines, the first of which is line 5.
std::string cluster(const std::string& lines) { return prod + "cluster pg\n" + lines; }

const std::string three_nodes =
    " node srv1 10.0.0.1:5434\n node srv2 10.0.0.2:5434\n node srv3 10.0.0.3:5434\n";

Cluster read_cluster(const std::string& lines) {
  const auto config = accepted(cluster(lines));
  return config->clusters.empty() ? Cluster{} : config->clusters[0];
}

std::string told_of_cluster(const std::string& lines) { return told(read(cluster(lines))); }

std::string told_of_node(const std::string& options) {
  return told_of_cluster(" watch agent\n node srv1 10.0.0.1:5434 " + options + "\n");
}

/// A file that is gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(unsigned mode)
      : path_(testing::TempDir() + "novip-config-" + std::to_string(::getpid())) {
    std::ofstream(path_) << "*:*:*:novip:secret\n";
    ::chmod(path_.c_str(), mode);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string told_with_files(const std::string& watch, const std::string& global = "") {
  const Loaded loaded =
      load({{"t.cfg", cluster(" watch pgsql " + watch + "\n" + three_nodes) + global}});
  return told(loaded);
}

}  // namespace

TEST(ClusterSection, DefaultsAreTheSafeOnes) {
  const Cluster pg = read_cluster(" watch agent\n" + three_nodes);
  EXPECT_EQ(pg.name, "pg");
  EXPECT_EQ(pg.where.line, 4);
  EXPECT_EQ(pg.watch.source, Watch::Source::agent);
  EXPECT_EQ(pg.watch.port, 8008);
  EXPECT_EQ(pg.lease, seconds(1));
  EXPECT_TRUE(pg.needs_majority() && pg.verify_fresh && pg.verify_startup);
  ASSERT_EQ(pg.nodes.size(), 3u);
  EXPECT_EQ(pg.nodes[1].name, "srv2");
  EXPECT_EQ(pg.nodes[1].id, 2u);
  EXPECT_EQ(pg.nodes[1].host.address.text(), "10.0.0.2:5434");
  EXPECT_FALSE(pg.nodes[1].check.enabled);
}

TEST(ClusterSection, Settings) {
  const Cluster pg = read_cluster(
      " watch patroni port 9008\n interval 100ms\n lease 3s\n majority off\n"
      " system-identifier 7421033218436812801\n verify startup\n" +
      three_nodes);
  EXPECT_EQ(pg.watch.source, Watch::Source::patroni);
  EXPECT_EQ(pg.watch.port, 9008);
  EXPECT_EQ(pg.interval, Milliseconds(100));
  EXPECT_EQ(pg.lease, seconds(3));
  EXPECT_FALSE(pg.needs_majority());
  EXPECT_EQ(pg.system_identifier, 7421033218436812801u);
  EXPECT_FALSE(pg.verify_fresh);
  EXPECT_TRUE(pg.verify_startup);
}

TEST(ClusterSection, IntervalsDependOnWhoIsAsked) {
  EXPECT_EQ(read_cluster(" watch patroni\n" + three_nodes).interval, Milliseconds(250));
  EXPECT_EQ(read_cluster(" watch pgsql\n" + three_nodes).interval, Milliseconds(50));
  EXPECT_EQ(told_of_cluster(" interval 20ms\n watch agent\n" + three_nodes),
            "5: 'interval' has no effect with 'watch agent': how often PostgreSQL is asked is said "
            "in section 'state' of each node\n");
}

TEST(ClusterSection, Verify) {
  const auto verify = [](const std::string& word) {
    const Cluster pg = read_cluster(" watch agent\n verify " + word + "\n" + three_nodes);
    return std::pair(pg.verify_fresh, pg.verify_startup);
  };
  EXPECT_EQ(verify("fresh"), std::pair(true, false));
  EXPECT_EQ(verify("startup"), std::pair(false, true));
  EXPECT_EQ(verify("both"), std::pair(true, true));
  EXPECT_EQ(verify("none"), std::pair(false, false));
}

TEST(ClusterSection, NodeOptions) {
  const Cluster pg = read_cluster(
      " watch pgsql\n node srv1 [::1]:5434 weight 0 maxconn 10 maxqueue 5 disabled send-proxy-v2 "
      "tcp-ut 3s id 7\n node srv2 pg.example:5434 init-addr none resolvers dns\n"
      "resolvers dns\n parse-resolv-conf\n");
  ASSERT_EQ(pg.nodes.size(), 2u);
  const Server& node = pg.nodes[0];
  EXPECT_EQ(node.host.address.text(), "[::1]:5434");
  EXPECT_EQ(node.weight, 0u);
  EXPECT_EQ(node.maxconn, 10u);
  EXPECT_EQ(node.maxqueue, 5u);
  EXPECT_TRUE(node.disabled);
  EXPECT_EQ(node.send_proxy, SendProxy::v2);
  EXPECT_EQ(node.tcp_user_timeout, seconds(3));
  EXPECT_EQ(node.id, 7u);
  EXPECT_EQ(pg.nodes[1].resolvers, "dns");
}

TEST(ClusterSection, NodesHaveNoChecksOfTheirOwn) {
  for (const auto* const option : {"check", "inter 2s", "rise 2", "port 5431", "agent-check",
                                   "on-marked-down shutdown-sessions", "check-ssl"}) {
    const std::string line(option);
    const std::string word = line.substr(0, line.find(' '));
    EXPECT_EQ(told_of_node(line),
              "6! node 'pg/srv1': '" + word +
                  "' is not supported: a node has no checks of its own, the cluster's 'watch' says "
                  "what it is; its sessions end when it leaves its role\n");
  }
  EXPECT_EQ(told_of_node("backup"),
            "6! node 'pg/srv1': 'backup' is not supported: the role decides; say 'or primary' in "
            "the proxy's 'cluster' line to fall back\n");
  EXPECT_EQ(told_of_node("wieght 3"),
            "6! node 'pg/srv1': unknown keyword 'wieght'; did you mean 'weight'?\n");
}

TEST(ClusterSection, WhatIsMissing) {
  EXPECT_EQ(told_of_cluster(three_nodes),
            "4! cluster 'pg' has no 'watch': it says how the nodes' state is known, such as 'watch "
            "agent port 8008'\n");
  EXPECT_EQ(told_of_cluster(" watch agent\n"), "4! cluster 'pg' has no 'node'\n");
  EXPECT_EQ(told_of_cluster(""),
            "4! cluster 'pg' has neither 'watch' nor 'node'; in a proxy write 'cluster pg role "
            "primary'\n");
  EXPECT_EQ(told(read("state\n bind :1\n postgres x=y\ncluster pg\n watch agent\n" + three_nodes)),
            "4: cluster 'pg' is used by no 'listen' and no 'backend'\n");
}

TEST(ClusterSection, Names) {
  EXPECT_EQ(told(read("cluster\n watch agent\n" + three_nodes + prod))
                .find("1! 'cluster' expects a name\n"),
            0u);
  EXPECT_EQ(
      told_of_cluster(" watch agent\n" + three_nodes + "cluster pg\n watch agent\n node a b:1\n"),
      "9! cluster 'pg' is already defined at t.cfg:4; in a proxy write 'cluster pg role "
      "primary'\n");
  EXPECT_EQ(told_of_cluster(" watch agent\n node a@b 10.0.0.1:1\n"),
            "6! character not permitted in node name 'a@b'; letters, digits, '-', '_', '.' and ':' "
            "are\n");
}

TEST(ClusterSection, Nodes) {
  const std::string watch = " watch agent\n node srv1 10.0.0.1:5434\n";
  EXPECT_EQ(told_of_cluster(watch + " node srv1 10.0.0.2:5434\n"),
            "7! another node named 'srv1' was already defined at t.cfg:6, please use distinct "
            "names\n");
  EXPECT_EQ(told_of_cluster(" watch pgsql\n node srv1 10.0.0.1:5434\n node srv2 10.0.0.1:5434\n"),
            "7! node 'pg/srv2' is where node 'srv1' is, at t.cfg:6\n");
  EXPECT_EQ(told_of_cluster(watch + " node srv2 10.0.0.2\n"),
            "7! node 'pg/srv2': missing port in '10.0.0.2'\n");
  EXPECT_EQ(told_of_cluster(watch + " node srv2 /run/postgresql/.s.PGSQL.5434\n"),
            "7! node 'pg/srv2' expects <address>:<port>, got '/run/postgresql/.s.PGSQL.5434'\n");
  EXPECT_EQ(told_of_cluster(watch + " node srv2\n"),
            "7! 'node' expects <name> and <address>:<port> as arguments\n");
  EXPECT_EQ(told_of_node("resolvers dns"),
            "6! node 'pg/srv1': unable to find required resolvers 'dns'\n");
}

TEST(ClusterSection, OneAgentAnswersForOnePostgresql) {
  const std::string nodes = " node a 10.0.0.1:5434\n node b 10.0.0.1:5435\n";
  EXPECT_EQ(told_of_cluster(" watch agent\n" + nodes),
            "7! node 'pg/b' is on the host of node 'a', where port 8008 answers for one PostgreSQL "
            "only; use 'watch pgsql'\n");
  EXPECT_EQ(told_of_cluster(" watch pgsql\n" + nodes), "");
}

TEST(ClusterSection, SixtyFourNodesAtMost) {
  std::string lines = " watch agent\n";
  for (int i = 1; i <= 64; ++i)
    lines += " node n" + std::to_string(i) + " 10.0.0." + std::to_string(i) + ":5434\n";
  EXPECT_EQ(read_cluster(lines).nodes.size(), 64u);
  EXPECT_EQ(told_of_cluster(lines + " node more 10.0.0.65:5434\n"),
            "70! too many nodes, at most 64 are allowed in a cluster\n");
}

TEST(ClusterSection, Mistakes) {
  const auto told_of = [](const std::string& line) {
    return told_of_cluster(" watch agent\n" + line + "\n" + three_nodes);
  };
  EXPECT_EQ(told_of(" majority yes"), "6! 'majority' expects 'on' or 'off', got 'yes'\n");
  EXPECT_EQ(told_of(" verify all"),
            "6! 'verify' expects 'fresh', 'startup', 'both' or 'none', got 'all'\n");
  EXPECT_EQ(told_of(" system-identifier x"),
            "6! 'system-identifier' expects a number as pg_controldata prints it, got 'x'\n");
  EXPECT_EQ(told_of(" lease 50ms"),
            "4! cluster 'pg': 'lease' must be longer than 'interval' (50 ms)\n");
  EXPECT_EQ(told_of(" interval 5ms"), "6! 'interval': '5ms' is too short, the least is 10 ms\n");
  EXPECT_EQ(told_of(" nodes srv4"),
            "6! unknown keyword 'nodes' in 'cluster' section; did you mean 'node'?\n");
  EXPECT_EQ(told_of(" server srv4 10.0.0.4:5434"),
            "6! 'server' is not allowed in 'cluster' section; it belongs in 'backend' or "
            "'listen'\n");
  EXPECT_EQ(told_of(" watch agent"),
            "6! a second 'watch' in cluster 'pg'; the first is at t.cfg:5\n");
}

TEST(Watch, Mistakes) {
  const auto told_of = [](const std::string& words) {
    return told_of_cluster(" watch " + words + "\n" + three_nodes);
  };
  EXPECT_EQ(told_of("agnt"), "5! 'watch' expects 'agent', 'pgsql' or 'patroni', got 'agnt'\n");
  EXPECT_EQ(told_of("agent 8008"), "5! 'watch agent': unknown keyword '8008'\n");
  EXPECT_EQ(told_of("agent port 0"),
            "5! 'watch agent': 'port' expects a number from 1 to 65535, got '0'\n");
  EXPECT_EQ(told_of("pgsql usr novip"),
            "5! 'watch pgsql': unknown keyword 'usr'; did you mean 'user'?\n");
  EXPECT_EQ(told_of("pgsql user"), "5! 'watch pgsql': 'user' expects a user name\n");
  EXPECT_EQ(
      told_of("pgsql host 10.0.0.1"),
      "5! 'watch pgsql': 'host' is not supported: the 'node' lines say where PostgreSQL is\n");
  EXPECT_EQ(told_of("pgsql password x"),
            "5! 'watch pgsql': 'password' is not supported: configuration files are read by many; "
            "write it in a file for 'passfile'\n");
  EXPECT_EQ(told_of("pgsql sslmode on"),
            "5! 'watch pgsql': 'sslmode' expects 'disable', 'allow', 'prefer', 'require', "
            "'verify-ca' or 'verify-full', got 'on'\n");
}

TEST(Watch, PgsqlIsAConnectionString) {
  EXPECT_EQ(read_cluster(" watch pgsql user novip\n" + three_nodes).watch.conninfo,
            "user=novip dbname=postgres");
  EXPECT_EQ(read_cluster(" watch pgsql dbname \"it's\" sslmode verify-full sslrootcert \"/a b\"\n" +
                         three_nodes)
                .watch.conninfo,
            "dbname='it\\'s' sslmode=verify-full sslrootcert='/a b'");
}

TEST(Watch, APassfileThatLibpqWouldIgnoreIsAnError) {
  const TemporaryFile good(0600);
  EXPECT_EQ(told_with_files("passfile " + good.path()), "");
  const std::string start = "5! 'watch pgsql': 'passfile': '" + good.path() + "' ";
  ::chmod(good.path().c_str(), 0640);
  EXPECT_EQ(told_with_files("passfile " + good.path()),
            start + "may be used by others (mode 0640), so libpq would ignore it; chmod 600 it\n");
  EXPECT_EQ(told_with_files("passfile /nowhere"),
            "5! 'watch pgsql': 'passfile': cannot read '/nowhere': No such file or directory\n");
  EXPECT_EQ(told_with_files("passfile /"),
            "5! 'watch pgsql': 'passfile': '/' is not a plain file, so libpq would ignore it\n");
}

TEST(Watch, ThePassfileOfTheAgentIsLookedAtToo) {
  const TemporaryFile file(0640);
  const auto told_of_state = [&file] {
    return told(load({{"t.cfg", "state\n bind :5431\n postgres \"host=127.0.0.1 passfile=" +
                                    file.path() + "\"\n"}}));
  };
  EXPECT_EQ(told_of_state(), "1! section 'state': 'passfile' in 'postgres': '" + file.path() +
                                 "' may be used by others (mode 0640), so libpq would ignore it; "
                                 "chmod 600 it\n");
  ::chmod(file.path().c_str(), 0600);
  EXPECT_EQ(told_of_state(), "");
}

TEST(Watch, ThePassfileMustBelongToWhoReadsIt) {
  const TemporaryFile file(0600);
  const std::string told =
      told_with_files("passfile " + file.path(), "global\n uid " + std::to_string(::geteuid() + 1));
  EXPECT_NE(told.find("belongs to user number " + std::to_string(::geteuid())), told.npos) << told;
}

TEST(Watch, FilesOutOfReach) {
  EXPECT_EQ(told_with_files("sslrootcert /nowhere"),
            "5! 'watch pgsql': 'sslrootcert': cannot read '/nowhere': No such file or directory\n");
  const TemporaryFile file(0600);
  EXPECT_EQ(told_with_files("passfile " + file.path(), "global\n chroot /var/empty\n"),
            "5! 'watch pgsql': 'passfile': '" + file.path() +
                "' is out of reach after 'chroot /var/empty': leave out 'chroot'\n");
}

}  // namespace novip::config
