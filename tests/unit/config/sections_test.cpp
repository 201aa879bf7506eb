#include "config/conninfo.h"
#include "reading.h"

namespace novip::config {

namespace {

/// A statistics page with these lines, the first of which is line 8.
std::string page(const std::string& lines) {
  return timeouts + "listen st\n mode http\n bind :7000\n" + lines;
}

std::string state(const std::string& lines) { return "state\n bind *:5431\n" + lines; }

}  // namespace

TEST(Stats, Page) {
  const auto config = accepted(page(R"(
    stats enable
    stats uri /haproxy
    stats refresh 5
    stats realm PostgreSQL\ nodes
    stats auth dba:secret
    stats auth web:other
    stats admin if TRUE
    stats hide-version
    stats show-legends
    stats show-node
    stats show-desc the three nodes
)"));
  const StatsPage& stats = config->proxies[0].stats;
  EXPECT_TRUE(stats.enabled && stats.admin && stats.hide_version && stats.show_legends &&
              stats.show_node);
  EXPECT_EQ(stats.uri, "/haproxy");
  EXPECT_EQ(stats.refresh, seconds(5));
  EXPECT_EQ(stats.realm, "PostgreSQL nodes");
  ASSERT_EQ(stats.users.size(), 2u);
  EXPECT_EQ(stats.users[0], std::pair(std::string("dba"), std::string("secret")));
  EXPECT_EQ(stats.description, "the three nodes");
}

TEST(Stats, AHashIsAPassword) {
  const std::string hash = "$5$s$oCJQ8pz2oyl6hgzly.hQ0W7Sgcl8Kr7EadnBpVm7huD";
  const auto loaded = read(page(" stats auth ann:" + hash + "\n"));
  EXPECT_EQ(told(loaded),
            "8: 'stats auth': the hash itself is the password here; hashed passwords are for "
            "'userlist' (user NAME password HASH)\n");
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_EQ(loaded.config->proxies[0].stats.users[0], std::pair(std::string("ann"), hash));
  for (const auto* const password : {"secret", "a:b", "$ecret", "$6", "$"})
    EXPECT_EQ(told(read(page(" stats auth ann:" + std::string(password) + "\n"))), "") << password;
}

TEST(Stats, NoPasswordIsWarnedOf) {
  for (const auto* const user : {"ann", "ann:"}) {
    const auto loaded = read(page(" stats auth " + std::string(user) + "\n"));
    EXPECT_EQ(told(loaded),
              "8: 'stats auth': no password follows the name: whoever knows the name gets in\n");
    ASSERT_NE(loaded.config, nullptr);
    EXPECT_EQ(loaded.config->proxies[0].stats.users[0].first, "ann");
    EXPECT_EQ(loaded.config->proxies[0].stats.users[0].second, "");
  }
}

TEST(Stats, AnyLineEnablesThePageAndStartsItAfresh) {
  EXPECT_TRUE(accepted(page(" stats uri /\n"))->proxies[0].stats.enabled);
  const auto config = accepted(
      "defaults\n mode http\n timeout client 1s\n stats auth dba:secret\n stats uri /all\n"
      "listen a\n bind :1\nlisten b\n bind :2\n stats refresh 1s\n");
  EXPECT_EQ(config->proxies[0].stats.uri, "/all");
  EXPECT_EQ(config->proxies[0].stats.users.size(), 1u);
  EXPECT_EQ(config->proxies[1].stats.uri, "/haproxy?stats");
  EXPECT_TRUE(config->proxies[1].stats.users.empty());
}

TEST(Stats, Mistakes) {
  EXPECT_EQ(told(read(page(" stats admin if trusted\n"))),
            "8! no such ACL: 'trusted'; an 'acl' line of this section must come first\n");
  EXPECT_EQ(told(read(page(" stats uri /\n http-request deny\n"))),
            "9! 'http-request' is not supported: in HTTP mode novip serves its statistics page "
            "only\n");
  EXPECT_EQ(told(read(page(" stats uri /\n server s 127.0.0.1:1\n"))),
            "5! listen 'st' is in HTTP mode (set at t.cfg:6): it serves the statistics page only, "
            "and leads to no server\n");
}

TEST(Mode, HttpNeedsAStatisticsPage) {
  const std::string http = "defaults\n mode http\n timeout client 1s\n";
  EXPECT_EQ(told(read(http + "listen a\n bind :1\n mode tcp\n")), "");
  EXPECT_EQ(told(read(http + "listen a\n bind :1\n")),
            "4! listen 'a' is in HTTP mode (set at t.cfg:2) without 'stats enable': novip forwards "
            "TCP only; write 'mode tcp', or 'stats enable' for a statistics page\n");
  EXPECT_EQ(told(read("backend b\n mode http\nlisten a\n bind :1\n timeout client 1s\n")),
            "1! backend 'b' is in HTTP mode (set at t.cfg:2): novip forwards TCP only; write 'mode "
            "tcp'\n");
  EXPECT_EQ(
      told_of_listen(" mode health\n"),
      "7! unknown proxy mode 'health'; novip knows 'tcp', and 'http' for a statistics page\n");
}

TEST(ResolversSection, Settings) {
  const auto config = accepted(timeouts + R"(listen a
    bind :5432
    server s pg.example:5432 resolvers dns
resolvers dns
    nameserver one 127.0.0.1:53
    nameserver two udp@[::1]:5353
    parse-resolv-conf
    resolve_retries 5
    timeout resolve 2s
    timeout retry 3s
    hold valid 4s
    hold nx 5s
    hold obsolete 6s
    hold timeout 7s
    hold refused 8s
    hold other 9s
)");
  ASSERT_EQ(config->resolvers.size(), 1u);
  const Resolvers& dns = config->resolvers[0];
  ASSERT_EQ(dns.nameservers.size(), 2u);
  EXPECT_EQ(dns.nameservers[0].name, "one");
  EXPECT_EQ(dns.nameservers[1].address.text(), "[::1]:5353");
  EXPECT_TRUE(dns.parse_resolv_conf);
  EXPECT_EQ(dns.retries, 5u);
  EXPECT_EQ(dns.timeout_resolve, seconds(2));
  EXPECT_EQ(dns.timeout_retry, seconds(3));
  EXPECT_EQ(dns.hold_valid, seconds(4));
  EXPECT_EQ(dns.hold_nx, seconds(5));
  EXPECT_EQ(dns.hold_obsolete, seconds(6));
  EXPECT_EQ(dns.hold_timeout, seconds(7));
  EXPECT_EQ(dns.hold_refused, seconds(8));
  EXPECT_EQ(dns.hold_other, seconds(9));
  EXPECT_EQ(config->proxies[0].servers[0].resolvers, "dns");
}

TEST(ResolversSection, DefaultIsResolvConf) {
  const auto config = accepted(timeouts + "listen a\n bind :1\n server s pg:1 resolvers default\n");
  ASSERT_EQ(config->resolvers.size(), 1u);
  EXPECT_EQ(config->resolvers[0].name, "default");
  EXPECT_TRUE(config->resolvers[0].parse_resolv_conf);
}

TEST(StateSection, Settings) {
  const auto config = accepted(
      state(" postgres \"host=/run/postgresql port=5434\"\n interval 20ms\n lease 2s\n maxconn 9\n"
            " bind 127.0.0.1:5440\n"));
  ASSERT_TRUE(config->state);
  ASSERT_EQ(config->state->binds.size(), 2u);
  EXPECT_EQ(config->state->binds[0].address.text(), "0.0.0.0:5431");
  EXPECT_EQ(config->state->conninfo, "host=/run/postgresql port=5434");
  EXPECT_EQ(config->state->interval, Milliseconds(20));
  EXPECT_EQ(config->state->lease, seconds(2));
  EXPECT_EQ(config->state->maxconn, 9u);
  EXPECT_FALSE(config->state->require_quorum);
}

TEST(StateSection, Quorum) {
  EXPECT_TRUE(accepted(state(" postgres x=y\n require-quorum corosync\n"))->state->require_quorum);
  EXPECT_EQ(told(read(state(" postgres x=y\n require-quorum etcd\n"))),
            "4! 'require-quorum' expects 'corosync', not 'etcd'\n");
}

TEST(StateSection, HttpBindsAreNotTextBinds) {
  const auto config =
      accepted("state\n bind *:8008 mode http\n bind /run/x mode 660 mode http\n postgres x=y\n");
  EXPECT_TRUE(config->state->binds.empty());
  ASSERT_EQ(config->state->http.size(), 2u);
  EXPECT_EQ(config->state->http[0].address.port(), 8008);
  EXPECT_EQ(config->state->http[1].file.mode, 0660u);
}

TEST(StateSection, Mistakes) {
  EXPECT_EQ(told(read(state(" postgres x=y\n interval 9ms\n"))),
            "4! 'interval': '9ms' is too short, the least is 10 ms\n");
  EXPECT_EQ(told(read(state(""))),
            "1! section 'state' has no 'postgres': it says how to reach "
            "PostgreSQL\n");
  EXPECT_EQ(told(read("state\n postgres x=y\n")),
            "1! section 'state' has no 'bind': nobody could ask it\n");
  EXPECT_EQ(told(read("state\n bind *:8008 mode htp\n postgres x=y\n")),
            "2! 'bind' *:8008: 'mode': missing or invalid mode 'htp' (octal integer expected, or "
            "'http')\n");
  EXPECT_EQ(told_of_listen(" bind /run/x mode http\n"),
            "7! 'bind' /run/x: 'mode': missing or invalid mode 'http' (octal integer expected)\n");
  EXPECT_EQ(told(read(state(" postgres x=y\n lease 50ms\n"))),
            "1! section 'state': 'lease' must be longer than 'interval'\n");
  EXPECT_EQ(told(read(state(" postgres x=y\nstate\n bind :2\n postgres x=y\n"))),
            "4! a second 'state' section; the first is at t.cfg:1\n");
}

TEST(StateSection, ASocketIsOutOfReachAfterChroot) {
  const std::string chroot = "global\n chroot /var/lib/haproxy\n";
  EXPECT_EQ(told(read(chroot + state(" postgres \"host=/run/postgresql\"\n"))),
            "3! section 'state' reaches PostgreSQL through a Unix socket, which is out of reach "
            "after 'chroot /var/lib/haproxy': use host=127.0.0.1 in 'postgres'\n");
  EXPECT_EQ(told(read(chroot + state(" postgres \"host=127.0.0.1\"\n"))), "");
}

TEST(Conninfo, WhereItLeads) {
  for (const auto* const socket :
       {"", "port=5434", "host=/run/postgresql port=5434", "host = '/run/pg'", "host=''",
        "dbname='a host=x'", "postgresql:///postgres", "postgresql://novip@/db",
        "postgresql://%2Frun%2Fpg/db", "postgres://:5434/db", "postgres://:5434,srv1/db",
        "postgresql:///db?host=/run/pg"})
    EXPECT_TRUE(uses_unix_socket(socket)) << socket;
  for (const auto* const tcp :
       {"host=127.0.0.1", "port=1 host=srv1", "hostaddr=10.0.0.1", "host = 'srv1' port=1",
        "service=pg", "postgresql://srv1/db", "postgresql://u:p@srv1:5434/db",
        "postgresql:///db?host=srv1", "postgresql:///db?hostaddr=10.0.0.1"})
    EXPECT_FALSE(uses_unix_socket(tcp)) << tcp;
}

TEST(Conninfo, NamesThatLibpqWouldLookUp) {
  for (const auto* const known :
       {"", "host=/run/postgresql", "host=127.0.0.1", "host=::1", "host=localhost", "service=pg",
        "host=srv1 hostaddr=10.0.0.1", "postgresql://10.0.0.1:5434/db", "postgresql://u@[::1]:1/db",
        "postgresql://srv1/db?hostaddr=10.0.0.1", "postgresql://%2Frun%2Fpg/db"})
    EXPECT_EQ(name_to_look_up(known), std::nullopt) << known;
  for (const auto* const named :
       {"host=srv1", "host = 'srv1' port=1", "host=/run/pg,srv1", "host=10.0.0.1,srv1",
        "postgresql://u:p@srv1:5434/db", "postgresql://10.0.0.1:1,srv1:2/db",
        "postgresql:///db?host=srv1"})
    EXPECT_EQ(name_to_look_up(named), "srv1") << named;
}

TEST(StateSection, ANameForLibpqIsWarnedOf) {
  EXPECT_EQ(told(read(state(" postgres \"host=srv1 port=5434\"\n"))),
            "1: section 'state': libpq looks up 'srv1' of 'postgres', and while name servers are "
            "silent, so are the agent's ports: give a socket's folder or an address (hostaddr= "
            "beside the name)\n");
}

TEST(Conninfo, PairsAreReadBackAsTheyWere) {
  EXPECT_EQ(conninfo_pair("user", "novip"), "user=novip");
  EXPECT_EQ(conninfo_pair("user", ""), "user=''");
  EXPECT_EQ(conninfo_pair("dbname", "a b'c\\d"), "dbname='a b\\'c\\\\d'");
  const std::string pair = conninfo_pair("dbname", "it's = host=x \\");
  EXPECT_EQ(without_secrets(pair), pair);
}

TEST(Conninfo, SecretsAreNotShown) {
  EXPECT_EQ(without_secrets("host=srv1 password=a\\ b user=u sslpassword='x y'"),
            "host=srv1 user=u");
  EXPECT_EQ(without_secrets("postgresql://u:secret@srv1:5434/db?password=x"),
            "postgresql://srv1:5434/db");
}

TEST(Section, ThatNovipHasNot) {
  EXPECT_EQ(told(read("mailers u\n mailer a b\nlisten a\n bind :1\n timeout client 1\n")),
            "1! section 'mailers' is not supported by novip\n");
}

}  // namespace novip::config
