#include <boost/asio/write.hpp>

#include "../postgres/scripted_server.h"
#include "pgwire/messages.h"
#include "watch_lab.h"

namespace novip::probe::test {
namespace {

using cluster::Instance;

std::uint16_t port_of(const postgres::ScriptedServer& server) {
  const std::string text = server.conninfo();
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.find("port=") + 5)));
}

class PgsqlWatchTest : public WatchTest {
 protected:
  PgsqlWatchTest() {
    settings().watch.source = config::Watch::Source::pgsql;
    settings().watch.conninfo = "user=u dbname=d host=/nowhere port=1 sslmode=disable";
    settings().interval = 20ms;
    settings().lease = 5s;
  }
};

TEST_F(PgsqlWatchTest, AsksTheNodesOwnPostgreSQL) {
  postgres::ScriptedServer server;
  server.serve({[](postgres::Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(postgres::first_answer("f"));
    peer.hear();
    peer.say(postgres::answer("f"));
    peer.wait_for_hangup();
  }});
  watch({port_of(server)});
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.role, Instance::Role::primary);
  EXPECT_EQ(news_[0].instance.timeline, 3u);
  ask();
  run_until_answers(1);
  EXPECT_EQ(answers_[0], 3);
  EXPECT_TRUE(troubles_.empty());
  watches_->stop();  // the server waits for that
}

TEST_F(PgsqlWatchTest, AHostThatRefusesIsHeardOf) {
  watch({refused_port(io_)});
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.role, Instance::Role::unavailable);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(PgsqlWatchTest, APostgreSQLThatIsStartingIsHeardOf) {
  postgres::ScriptedServer server;
  const auto refuse = [](postgres::Peer peer) {
    peer.hear();
    peer.say(pgwire::fatal_error("57P03", "the database system is starting up"));
  };
  server.serve({refuse, [](postgres::Peer) {}});
  watch({port_of(server)});
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.role, Instance::Role::unavailable);
  EXPECT_TRUE(news_[0].instance.ends_its_sessions);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(PgsqlWatchTest, AHostThatDoesNotAnswerIsTrouble) {
  settings().lease = 40ms;
  const FullPort port(io_);
  watch({port.port()});
  run_until_troubles(1);
  EXPECT_TRUE(news_.empty());
  EXPECT_EQ(troubles_[0].why, format("PostgreSQL at 127.0.0.1:%u: PostgreSQL did not complete the "
                                     "connection within 40 ms",
                                     port.port()));
  ask();
  run_until_answers(1);
  EXPECT_EQ(answers_[0], 0) << "an instance that is not available has no timeline";
}

TEST_F(PgsqlWatchTest, StopsWhileItLooksForTheHost) {
  settings().lease = 40ms;
  const FullPort port(io_);
  watch({port.port()});
  run_until_troubles(1);
  ask();
  watches_->stop();
  EXPECT_EQ(answers_.size(), 1u);
}

}  // namespace
}  // namespace novip::probe::test
