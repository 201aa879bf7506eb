#include "config/explain.h"

#include "config/explain_words.h"
#include "reading.h"

namespace novip::config {

namespace {

std::string explained(const std::string& contents) { return explain(*accepted(contents)); }

const std::string two_nodes =
    "cluster pg\n watch agent port 8009\n node srv1 10.0.0.1:5434\n node srv2 [::2]:5434 weight "
    "3\n";
const std::string deck_check =
    "listen a\n bind :1\n option tcp-check\n tcp-check connect port 5431\n"
    " tcp-check expect string production\n timeout connect 5s\n timeout client 8h\n"
    " timeout server 8h\n";

void expect_line(const std::string& text, const std::string& line) {
  EXPECT_NE(text.find("    " + line + "\n"), std::string::npos) << text;
}

}  // namespace

TEST(Explain, RolePool) {
  EXPECT_EQ(explained(two_nodes +
                      "listen ro\n bind :5433,:5434\n bind 10.0.0.9:5435\n balance leastconn\n"
                      " cluster pg role standby max-lag 16MB 5s or primary\n hold 10s\n"
                      " timeout client 1h\n maxconn 200\n"),
            R"(listen 'ro' (t.cfg:5), clients of :5433,:5434 and 10.0.0.9:5435
    Clients are sent to the standbys of cluster pg, to the one with the fewest sessions (leastconn).
    A standby more than 16 MB or 5 s behind keeps its sessions and gets no new ones.
    While none of them can serve: the primary of cluster pg.
    While there is nobody to serve, a client waits up to 10 s, and is then refused (57P03).
    Sessions end when their server leaves its role.
    Connecting to a server may take 5 s.
    A session ends when its client is silent for 1 h.
    At most 200 clients at a time; more wait to be accepted.
cluster 'pg' (t.cfg:1)
    The nodes are srv1 10.0.0.1:5434 and srv2 [::2]:5434 (weight 3).
    The novip of each node pushes its state: there, section 'state' needs 'bind *:8009 mode http'.
    A node that is not heard of for 1 s is unknown, and never primary.
    A primary is believed even when no other node is heard of (majority off): one that is cut off from the others goes on taking writes, which are lost in the end.
    For each session novip connects, asks the node once more, and only then forwards; PostgreSQL's own word at the start of a session (in_hot_standby) is checked too, where it can be read.
novip itself
    Events are written to standard error only (no 'log').
)");
}

TEST(Explain, PrimaryThatDoesNotHold) {
  const std::string text =
      explained(two_nodes + "listen rw\n bind :1\n cluster pg role primary\n hold off\n");
  expect_line(text, "Clients are sent to the primary of cluster pg.");
  expect_line(text, "While there is nobody to serve, clients are refused at once.");
  expect_line(text, "Silent sessions are never ended.");
}

TEST(Explain, ClusterThatIsAsked) {
  const std::string text = explained(
      "cluster pg\n watch pgsql user novip\n majority on\n lease 2s\n interval 20ms\n verify none\n"
      " system-identifier 42\n node a 10.0.0.1:1\n node b 10.0.0.2:1\n"
      "listen rw\n bind :1\n cluster pg role sync\n");
  expect_line(
      text,
      "The PostgreSQL of each node is asked every 20 ms over one connection with user=novip "
      "dbname=postgres.");
  expect_line(text, "A node that is not heard of for 2 s is unknown, and never primary.");
  expect_line(text,
              "While fewer than 2 of the 2 nodes are heard of, there is no primary (majority on).");
  expect_line(
      text,
      "Sessions are not verified (verify none): after a switchover some may reach the wrong "
      "role until the news is here.");
  expect_line(text, "A node of another system identifier than 42 is left out.");
  expect_line(text,
              "Cluster pg has two nodes and 'majority on': without either of them there is no "
              "primary.");
  expect_line(text,
              "Clients are sent to the synchronous standbys of cluster pg, in turn (roundrobin).");
}

TEST(Explain, ServersAndTheirChecks) {
  const std::string text = explained(
      deck_check +
      " default-server inter 2s fastinter 1s rise 2 fall 1 on-marked-down shutdown-sessions\n"
      " server s1 10.0.0.1:5434 check\n server s2 10.0.0.2:5434 check backup maxconn 5\n");
  expect_line(text,
              "Clients are sent to the servers that are up, in turn (roundrobin): s1 10.0.0.1:5434 "
              "and s2 10.0.0.2:5434 (at most 5 sessions, backup).");
  expect_line(text,
              "Each server is checked every 2 s, every 1 s while it is about to change: connect to "
              "port 5431 and expect \"production\"; up after 2 good, down after 1 bad.");
  expect_line(text, "Sessions of a server that goes down end.");
  expect_line(text, "While no server is up, clients are refused at once.");
  expect_line(text,
              "Connecting to a server may take 5 s; after a failure it is tried 3 times more.");
  EXPECT_NE(text.find("Note\n    A server that changes its role between two checks"),
            std::string::npos);
}

TEST(Explain, ServersWithDifferentChecks) {
  const std::string text =
      explained(deck_check +
                " server s1 10.0.0.1:5434\n server s2 10.0.0.2:5434 check port 7\n hold 3s\n"
                " option httpchk GET /primary\n no option tcplog\n");
  expect_line(text, "s1 is not checked, counts as up whatever happens.");
  expect_line(text,
              "s2 is checked every 2 s: ask port 7 for GET \"/primary\" and expect a status of 2xx "
              "or 3xx; up after 2 good, down after 3 bad.");
  expect_line(text, "Sessions of a server that goes down live on.");
  expect_line(text,
              "While no server is up, a client waits up to 3 s, and is then refused (57P03).");
}

TEST(Explain, FrontendAndBackend) {
  const std::string text = explained(
      "frontend f\n bind :1\n default_backend b\nbackend b\n cluster pg role any\n" + two_nodes);
  EXPECT_EQ(
      text.find("frontend 'f' (t.cfg:1), clients of :1\n    Clients are sent to backend b.\n"), 0u);
  EXPECT_NE(
      text.find("backend 'b' (t.cfg:4)\n    Clients are sent to the primary and the standbys"),
      std::string::npos);
}

TEST(Explain, ThisNodeAndItsSecrets) {
  const std::string text = explained(
      "state\n bind *:5431\n postgres \"host=127.0.0.1 password=hush\"\n require-quorum "
      "corosync\nglobal\n log stdout "
      "local0\n"
      " stats socket /run/n.sock level admin\n maxconn 9\nlisten st\n mode http\n bind :7000\n"
      " stats uri /x\n stats auth dba:hush\n timeout client 1s\n");
  expect_line(text,
              "Asked every 50 ms with host=127.0.0.1; an answer older than 1 s counts as "
              "unavailable.");
  expect_line(text,
              "While corosync does not say that this node has quorum, a primary here is none.");
  expect_line(text, "*:5431 answers with one line: production, standby or unavailable.");
  expect_line(text, "Statistics page at /x for dba.");
  expect_line(text, "Events are logged to standard output.");
  expect_line(text, "Who reaches /run/n.sock may change everything.");
  expect_line(text, "At most 9 sessions at a time.");
  EXPECT_EQ(text.find("hush"), std::string::npos);
}

TEST(Explain, ANodeThatNobodyWillHearOf) {
  const std::string pool = two_nodes + "listen rw\n bind :1\n cluster pg role primary\n";
  const std::string note =
      "Section 'state' has no 'bind *:8009 mode http': if this is a node of cluster pg, nobody "
      "will "
      "hear of it.";
  expect_line(explained(pool + "state\n bind :5431\n postgres x=y\n"), note);
  EXPECT_EQ(explained(pool + "state\n bind :8009 mode http\n postgres x=y\n").find(note),
            std::string::npos);
}

TEST(Explain, WhoIsTurnedAwayFromThePage) {
  expect_line(explained("listen st\n mode http\n bind :7000\n stats enable\n timeout client 1s\n"
                        " tcp-request connection reject unless { src 10.0.0.0/8 }\n"),
              "Rules of 'tcp-request' turn clients away.");
}

TEST(Explain, PasswordsInPlain) {
  const auto page = [](const std::string& bind) {
    return explained("listen st\n mode http\n bind " + bind +
                     "\n stats uri /\n stats auth a:b\n timeout client 1s\n");
  };
  const std::string note =
      "Passwords of st's statistics page cross the network in plain: 'ssl crt FILE' on its "
      "'bind', or a loopback address.";
  expect_line(page(":7000"), note);
  EXPECT_EQ(page(":7000 ssl crt /x.pem").find(note), std::string::npos);
  EXPECT_EQ(page("127.0.0.1:7000").find(note), std::string::npos);
}

TEST(Explain, Words) {
  EXPECT_EQ(span_text(Milliseconds(1500)), "1500 ms");
  EXPECT_EQ(span_text(Milliseconds(90000)), "90 s");
  EXPECT_EQ(span_text(Milliseconds(7200000)), "2 h");
  EXPECT_EQ(span_text(Milliseconds(0)), "0 ms");
  EXPECT_EQ(size_text(16u << 20), "16 MB");
  EXPECT_EQ(size_text(1500), "1500 bytes");
  EXPECT_EQ(list_text({"a", "b", "c"}, "or"), "a, b or c");
  EXPECT_EQ(list_text({}, "or"), "");
}

}  // namespace novip::config
