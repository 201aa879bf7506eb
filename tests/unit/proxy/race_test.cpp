// The race forced: instances change their role between connect, verify and forward, many thousand
// times. NOVIP_TEST_SEED repeats a run's choices, though not the scheduler's.
#include <atomic>
#include <cstdlib>
#include <deque>
#include <list>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "postgres.h"

namespace novip::proxy::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned least_sessions = 400, least_changes = 200;
#else
constexpr unsigned least_sessions = 1500, least_changes = 1500;
#endif
constexpr unsigned clients_at_one_time = 8;

/// The pool, and what its sessions rely on.
struct Rules {
  config::RolePool::Role role;
  bool fresh, startup;
};

/// What happened. It must be all there: a race that did not take place proves nothing.
struct Tally {
  unsigned promotions = 0, restarts = 0;
  unsigned broken = 0;      // connections that a restart closed before anything was forwarded
  unsigned declined = 0;    // answers that its server is not in the role
  unsigned outdated = 0;    // answers that were not true any more when the proxy got them
  unsigned wrong_word = 0;  // greetings that told of the wrong role
  unsigned misrouted = 0;   // what must not happen
};

using Random = std::mt19937;
bool one_in(unsigned count, Random& random) { return random() % count == 0; }

/// A PostgreSQL that obeys PostgreSQL's law: it becomes a primary in place and keeps its
/// connections; it becomes a standby by a restart only, which closes every connection opened
/// before.
class Instance {
 public:
  Instance(Lab& lab, std::size_t number, Rules rules, Random& random, Tally& tally)
      : rules_(rules), random_(random), tally_(tally) {
    // By number: a listener that is shut down keeps such a port for itself.
    close_listener(lab, number);
    listen_again(lab, number);
    listener_ = lab.listeners[number].get();
    ::fcntl(listener_, F_SETFL, O_NONBLOCK);
  }

  bool is_in_role() const {
    return state_ == (rules_.role == primary ? State::primary : State::standby);
  }

  void change() {
    switch (state_) {
      case State::down:
        ::listen(listener_, 4096);
        state_ = State::starting;
        if (one_in(2, random_)) break;
        [[fallthrough]];
      case State::starting:
        state_ = one_in(2, random_) ? State::primary : State::standby;
        break;
      case State::standby:
        if (one_in(2, random_)) {
          state_ = State::primary;
          ++tally_.promotions;
          break;
        }
        [[fallthrough]];
      case State::primary:
        restart();
    }
  }

  void accept() {
    int fd;
    while ((fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
      connections_.push_back({UniqueFd(fd), state_ == State::starting});
  }

  /// The answer to a question. Yes holds for those who came before it: none of them has lived
  /// through a restart, and a standby that was promoted since then may keep them.
  bool look() {
    accept();
    if (is_in_role())
      for (Connection& connection : connections_) connection.vouched_for = true;
    else
      ++tally_.declined;
    return is_in_role();
  }

  void serve() {
    connections_.remove_if([this](Connection& connection) {
      if (one_in(3, random_)) return false;  // a moment later
      char bytes[256];
      const ssize_t count = ::recv(connection.fd.get(), bytes, sizeof bytes, 0);
      if (count < 0 && errno == EAGAIN) return false;
      if (count <= 0) return true;
      connection.heard.append(bytes, static_cast<std::size_t>(count));
      return !answer(connection);
    });
  }

 private:
  enum class State { down, starting, standby, primary };
  struct Connection {
    UniqueFd fd;
    bool too_early;  // it is told so, whatever becomes of the instance
    bool vouched_for = false, greeted = false, encrypted = false, told_its_role = false;
    std::string heard = {};
  };

  void restart() {
    ::shutdown(listener_, SHUT_RDWR);  // resets those that nobody accepted
    for (const Connection& connection : connections_)
      if (!connection.greeted && !connection.encrypted) ++tally_.broken;
    connections_.clear();
    state_ = State::down;
    ++tally_.restarts;
  }

  /// False: the connection is closed.
  bool answer(Connection& connection) {
    std::string& heard = connection.heard;
    if (rules_.fresh) judge(connection.vouched_for);
    if (connection.too_early) {
      say(connection.fd, fatal("57P03"));
      return false;
    }
    const bool begun = connection.greeted || connection.encrypted;
    if (!begun && heard.starts_with(ssl_request)) {
      heard.erase(0, ssl_request.size());
      connection.encrypted = !one_in(3, random_);
      say(connection.fd, connection.encrypted ? "S" : "N");
    } else if (!begun && heard.starts_with(startup)) {
      heard.erase(0, startup.size());
      connection.greeted = true;
      connection.told_its_role = is_in_role();
      if (!is_in_role()) ++tally_.wrong_word;
      say(connection.fd, auth_ok + (state_ == State::primary ? is_primary : is_standby) + ready);
    }
    if (heard == "ask") {
      if (rules_.startup && connection.greeted) judge(connection.told_its_role);
      if (rules_.role == primary) judge(state_ == State::primary);
      heard.clear();
      say(connection.fd, "done");
    }
    return true;
  }

  void judge(bool right) { tally_.misrouted += !right; }

  const Rules rules_;
  Random& random_;
  Tally& tally_;
  int listener_;
  State state_ = State::standby;
  std::list<Connection> connections_;
};

/// Three instances on one thread: what they do, and what is known of them, is in one order.
class Instances {
 public:
  Instances(Lab& lab, Rules rules, unsigned seed) : lab_(lab), random_(seed) {
    for (std::size_t i = 0; i < lab.listeners.size(); ++i)
      instances_.emplace_back(lab, i, rules, random_, tally_);
    lab.verify = [this](unsigned worker, std::size_t, std::size_t server, std::uint64_t ticket) {
      const std::lock_guard lock(mutex_);
      came_.push_back({worker, server, ticket});
    };
  }

  void start() {
    thread_ = std::thread([this] {
      while (!over_) turn();
    });
  }
  unsigned changes() const { return changes_; }
  Tally stop() {
    over_ = true;
    thread_.join();
    return tally_;
  }

 private:
  struct Question {
    unsigned worker;
    std::size_t server;
    std::uint64_t ticket;
    bool looked = false, qualifies = false;
  };

  void turn() {
    for (Instance& instance : instances_) {
      instance.accept();
      if (one_in(25, random_)) {
        instance.change();
        ++changes_;
      }
      instance.serve();
    }
    asked_.remove_if([this](Question& question) { return one_in(3, random_) && answer(question); });
    {
      const std::lock_guard lock(mutex_);
      asked_.splice(asked_.end(), came_);
    }
    if (one_in(25, random_)) publish();
    std::this_thread::yield();
  }

  /// First a look, later the answer: the role may change before the one, and after it.
  bool answer(Question& question) {
    Instance& instance = instances_[question.server];
    if (!std::exchange(question.looked, true)) {
      question.qualifies = instance.look();
      return false;
    }
    if (question.qualifies != instance.is_in_role()) ++tally_.outdated;
    lab_.workers[question.worker]->verified(0, question.server, question.ticket,
                                            question.qualifies);
    return true;
  }

  /// What the proxy believes is late, and often wrong.
  void publish() {
    for (std::size_t i = 0; i < instances_.size(); ++i)
      lab_.snapshot.proxies[0].servers[i].usable = instances_[i].is_in_role() || one_in(2, random_);
    lab_.publish();
  }

  Lab& lab_;
  Random random_;
  Tally tally_;
  std::deque<Instance> instances_;
  std::list<Question> asked_;
  std::mutex mutex_;
  std::list<Question> came_;
  std::atomic<unsigned> changes_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

/// How it ended for the clients.
struct Fates {
  std::atomic<unsigned> plain = 0, encrypted = 0;  // served, be it that their server ended then
  std::atomic<unsigned> refused = 0;               // with 57P03
  std::atomic<unsigned> ended = 0;  // the same in TLS, where nobody but its server can say why
  std::atomic<unsigned> lost = 0;   // what must not happen
};

std::atomic<unsigned>& fate_in_tls(const UniqueFd& client, Fates& fates) {
  say(client, "ask");
  switch (ending(client)) {
    case Ending::bytes:
      return fates.encrypted;
    case Ending::silence:
      return fates.lost;
    default:
      return fates.ended;
  }
}

std::atomic<unsigned>& fate_in_plain(const UniqueFd& client, Fates& fates) {
  say(client, startup + "ask");
  Heard heard = hear_message(client);
  while (heard.type == 'R' || heard.type == 'S') heard = hear_message(client);
  if (heard.type == 'Z') return ending(client) == Ending::silence ? fates.lost : fates.plain;
  const auto error = pgwire::parse_error(heard.body);
  return heard.type == 'E' && error && error->sqlstate == "57P03" ? fates.refused : fates.lost;
}

void open_session(const Lab& lab, bool encrypted, Fates& fates) {
  UniqueFd client = lab.client();
  if (encrypted) say(client, ssl_request);
  const std::string answer = encrypted ? hear(client, 1) : "N";
  ++(answer == "S"   ? fate_in_tls(client, fates)
     : answer == "N" ? fate_in_plain(client, fates)
                     : fates.lost);
  reset(client);  // leaves no port behind in TIME_WAIT
}

unsigned seed_of_this_run() {
  const char* chosen = std::getenv("NOVIP_TEST_SEED");
  return chosen ? static_cast<unsigned>(std::strtoul(chosen, nullptr, 10)) : std::random_device()();
}

void force_races(Rules rules) {
  const unsigned seed = seed_of_this_run();
  SCOPED_TRACE((rules.role == primary ? "primary" : "standby") + ", NOVIP_TEST_SEED="s +
               std::to_string(seed));
  Lab lab(3);
  lab.section().tcplog = false;  // nobody reads it
  lab.make_pool(rules.role, 3ms);
  lab.cluster().verify_fresh = rules.fresh;
  lab.cluster().verify_startup = rules.startup;
  Instances instances(lab, rules, seed);
  lab.start();
  instances.start();
  Fates fates;
  std::vector<std::thread> clients;
  std::atomic<unsigned> sessions = 0;
  for (unsigned number = 1; number <= clients_at_one_time; ++number)
    clients.emplace_back([&, random = Random(seed + number)]() mutable {
      for (; sessions < least_sessions || instances.changes() < least_changes; ++sessions)
        open_session(lab, rules.fresh && one_in(2, random), fates);
    });
  for (auto& client : clients) client.join();
  EXPECT_TRUE(lab.all_released());
  const Tally tally = instances.stop();

  EXPECT_EQ(tally.misrouted, 0u);
  EXPECT_EQ(fates.lost, 0u);
  EXPECT_EQ(fates.plain + fates.encrypted + fates.refused + fates.ended, sessions);
  EXPECT_GT(fates.plain, 0u);
  EXPECT_GT(tally.promotions, 0u);
  EXPECT_GT(tally.restarts, 0u);
  EXPECT_GT(tally.broken, 0u);
  if (rules.fresh) {
    EXPECT_GT(fates.encrypted, 0u);
    EXPECT_GT(fates.refused, 0u);
    EXPECT_GT(tally.declined, 0u);
    EXPECT_GT(tally.outdated, 0u);
  } else {
    EXPECT_GT(tally.wrong_word, 0u);
  }
}

TEST(Race, AFreshAnswerAndTheServersOwnWord) {
  for (const auto role : {primary, standby}) force_races({role, true, true});
}

TEST(Race, AFreshAnswerAlone) {
  for (const auto role : {primary, standby}) force_races({role, true, false});
}

TEST(Race, TheServersOwnWordAlone) {
  for (const auto role : {primary, standby}) force_races({role, false, true});
}

}  // namespace
}  // namespace novip::proxy::test
