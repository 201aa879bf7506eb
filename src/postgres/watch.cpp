#include "postgres/watch.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/unattended.h"
#include "postgres/backoff.h"
#include "postgres/connection.h"
#include "postgres/question.h"

namespace novip::postgres {

namespace {

namespace asio = boost::asio;
using cluster::Instance;
using Done = std::function<void(const Instance&)>;

constexpr Milliseconds between_details{1000};
constexpr int details_attempts = 3;  // that fail until what was known before is no more
constexpr int faster_before_promotion = 5;

constexpr const char* not_watched = "PostgreSQL is not watched any more";
constexpr const char* no_sense = "PostgreSQL's answer makes no sense";

/// That one may not ask this, or not here: it will be so the next time too.
bool is_refusal(const PGresult* result) {
  const char* const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view kind = sqlstate ? std::string_view(sqlstate).substr(0, 2) : "";
  return kind.empty() || kind == "42" || kind == "26" || kind == "0A";
}

Instance unavailable(std::string reason) {
  Instance instance;
  instance.reason = std::move(reason);
  return instance;
}

}  // namespace

/// One coroutine: connect, ask until the connection is lost, connect again. It keeps its Runner
/// alive until it has noticed stop().
class Watch::Runner : public std::enable_shared_from_this<Watch::Runner> {
 public:
  Runner(asio::io_context& io, Settings settings, Heard heard)
      : io_(io),
        settings_(std::move(settings)),
        heard_(std::move(heard)),
        connection_(std::make_shared<Connection>(io, settings_.conninfo, settings_.lease)) {}

  void start() { run_unattended(io_, run(shared_from_this())); }
  void stop();
  void ask(Done done);
  const std::string& description() const { return connection_->description(); }

 private:
  template <typename T>
  using awaitable = asio::awaitable<T>;

  static awaitable<void> run(std::shared_ptr<Runner> self);
  awaitable<Failure> ask_until_lost();
  awaitable<Problem> ask_once_more();
  const char* text_of_question(bool with_details) const;
  awaitable<Problem> receive(Instance* instance, TimePoint deadline);
  Problem read(const PGresult* result, Instance* instance);
  void read_details(const PGresult* result);
  void complete(Instance& instance);
  TimePoint next_question() const;
  bool is_news(const Failure& failure) const;
  bool lost_again();
  void tell_failure(const Failure& failure);
  void tell(const Instance& instance, TimePoint asked, const std::string& detail);

  asio::io_context& io_;
  const Settings settings_;
  const Heard heard_;
  std::shared_ptr<Connection> connection_;
  bool stopped_ = false;

  // What was told last.
  Instance state_;
  TimePoint asked_{};
  bool ends_its_sessions_ = false;

  // Of the present connection.
  TimePoint first_deadline_{};  // to connect and to answer the first question
  bool answered_ = false;
  bool details_refused_ = false;
  int details_failed_ = 0;  // one after the other
  TimePoint details_asked_{};
  Details details_;

  TimePoint lost_{};  // when a connection was lost last
  Backoff backoff_;
  std::minstd_rand random_{std::random_device{}()};
  std::vector<Done> waiting_;  // for the next question
  std::vector<Done> served_;   // by the question that is on its way
};

// ---- what others call -----------------------------------------------------------------------

void Watch::Runner::stop() {
  if (std::exchange(stopped_, true)) return;
  connection_->close();
  for (auto* list : {&served_, &waiting_})
    for (const auto& done : std::exchange(*list, {})) done(unavailable(not_watched));
}

void Watch::Runner::ask(Done done) {
  if (stopped_) return done(unavailable(not_watched));
  waiting_.push_back(std::move(done));
  connection_->wake();
}

// ---- asking ---------------------------------------------------------------------------------

asio::awaitable<void> Watch::Runner::run(std::shared_ptr<Runner> self) {
  while (!self->stopped_) {
    const Failure failure = co_await self->ask_until_lost();
    if (self->stopped_) break;
    self->connection_->close();
    const bool is_news = self->is_news(failure);
    if (is_news) self->tell_failure(failure);
    if (self->stopped_) break;
    if (!is_news && !self->lost_again()) continue;
    const auto pause = self->backoff_.next(self->random_());
    co_await self->connection_->pause(std::min(pause, self->settings_.lease));
  }
}

asio::awaitable<Failure> Watch::Runner::ask_until_lost() {
  answered_ = false;
  details_refused_ = false;
  details_failed_ = 0;
  details_asked_ = {};
  details_ = {};
  // What is known is known for a lease: a connection that takes longer to come back is news.
  first_deadline_ = (state_.known() ? asked_ : Clock::now()) + settings_.lease;
  Problem problem = co_await connection_->open(first_deadline_);
  while (!problem) problem = co_await ask_once_more();
  co_return *problem;
}

asio::awaitable<Problem> Watch::Runner::ask_once_more() {
  if (stopped_) co_return Failure{};
  const TimePoint asked = Clock::now();
  const TimePoint deadline = answered_ ? asked_ + settings_.lease : first_deadline_;
  const bool with_details = !details_refused_ && asked - details_asked_ >= between_details;
  if (with_details) details_asked_ = asked;
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(served_));
  waiting_.clear();
  Problem problem = co_await connection_->send(text_of_question(with_details), deadline);
  if (problem) co_return problem;
  Instance instance;
  problem = co_await receive(&instance, deadline);
  if (problem) co_return problem;
  complete(instance);
  // The details of another role: those of this one are asked for at once.
  const bool other_role = answered_ && instance.role != state_.role;
  if (other_role) details_asked_ = {};
  answered_ = true;
  ends_its_sessions_ = false;
  backoff_.reset();
  tell(instance, asked, {});
  if (stopped_) co_return Failure{};
  co_return co_await connection_->rest(next_question());
}

const char* Watch::Runner::text_of_question(bool with_details) const {
  if (!answered_) return first_question;
  return with_details ? question_with_details : question;
}

asio::awaitable<Problem> Watch::Runner::receive(Instance* instance, TimePoint deadline) {
  int answers = 0;
  for (;;) {
    Result result{nullptr, &PQclear};
    Problem problem = co_await connection_->receive(&result, deadline);
    if (problem) co_return problem;
    if (!result) break;
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) continue;  // PREPARE
    if (answers++ == 0)
      problem = read(result.get(), instance);
    else
      read_details(result.get());
    if (problem) co_return problem;
  }
  if (answers == 0) co_return Failure{no_sense, {}, {}};
  co_return std::nullopt;
}

Problem Watch::Runner::read(const PGresult* result, Instance* instance) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK) return failure_of(result);
  auto answer = read_answer(result);
  if (!answer) return Failure{no_sense, {}, {}};
  *instance = std::move(*answer);
  return std::nullopt;
}

/// Who may not ask for details does not ask again: PostgreSQL logs each refusal. What only went
/// wrong this time is asked for again; what is known stays for so long.
void Watch::Runner::read_details(const PGresult* result) {
  auto details = postgres::read_details(result);
  if (details) {
    details_ = std::move(*details);
    details_failed_ = 0;
  } else if (is_refusal(result)) {
    details_refused_ = true;
  } else if (++details_failed_ > details_attempts) {
    details_.replicas.clear();
  }
}

/// Adds what was found out before: a standby's timeline and how far its upstream was are not told
/// without a walreceiver, and neither goes back.
void Watch::Runner::complete(Instance& instance) {
  const bool same_role = answered_ && instance.role == state_.role;
  instance.server_version = connection_->server_version();
  instance.system_identifier = details_.system_identifier;
  if (instance.role == Instance::Role::standby) {
    instance.timeline = std::max(instance.timeline, details_.timeline);
    if (same_role) instance.timeline = std::max(instance.timeline, state_.timeline);
    if (same_role) instance.upstream_end = std::max(instance.upstream_end, state_.upstream_end);
  }
  if (answered_ && !same_role) details_.replicas.clear();
  instance.replicas = details_.replicas;
}

TimePoint Watch::Runner::next_question() const {
  if (details_asked_ == TimePoint{} && !details_refused_) return Clock::now();
  return asked_ + settings_.interval / (state_.may_be_promoted() ? faster_before_promotion : 1);
}

// ---- telling --------------------------------------------------------------------------------

/// That a connection was lost is none: an operator may have ended it. That another cannot be made
/// is, and that PostgreSQL hangs.
bool Watch::Runner::is_news(const Failure& failure) const { return !answered_ || failure.slow; }

/// Whether another connection was lost a moment ago: then the next one waits as after a failure.
bool Watch::Runner::lost_again() {
  const auto now = Clock::now();
  return now - std::exchange(lost_, now) < settings_.lease;
}

void Watch::Runner::tell_failure(const Failure& failure) {
  // Refused after PostgreSQL had said that it shuts down: it has. Refused without a word before:
  // its postmaster is gone, and its sessions may live on for a moment.
  if (is_starting_or_stopping(failure.sqlstate))
    ends_its_sessions_ = true;
  else if (failure.slow)
    ends_its_sessions_ = false;
  auto instance = unavailable(failure.reason);
  instance.ends_its_sessions = ends_its_sessions_;
  tell(instance, Clock::now(), failure.detail);
}

void Watch::Runner::tell(const Instance& instance, TimePoint asked, const std::string& detail) {
  state_ = instance;
  asked_ = asked;
  auto served = std::exchange(served_, {});
  if (!instance.known()) {
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(served));
    waiting_.clear();
  }
  heard_(instance, asked, detail);
  for (const auto& done : served) done(instance);
}

// ---- Watch ----------------------------------------------------------------------------------

Watch::Watch(asio::io_context& io, Settings settings, Heard heard)
    : runner_(std::make_shared<Runner>(io, std::move(settings), std::move(heard))) {}

Watch::~Watch() { stop(); }

void Watch::start() { runner_->start(); }
void Watch::stop() { runner_->stop(); }
void Watch::ask(Done done) { runner_->ask(std::move(done)); }
const std::string& Watch::description() const { return runner_->description(); }

Instance ask_once(const std::string& conninfo, Milliseconds timeout) {
  asio::io_context io(1);
  Instance answer;
  answer.reason =
      format("PostgreSQL did not answer within %lld ms", static_cast<long long>(timeout.count()));
  Watch watch(io, {conninfo, timeout, timeout},
              [&](const Instance& instance, TimePoint, const std::string&) {
                answer = instance;
                io.stop();
              });
  watch.start();
  io.run_for(timeout);
  return answer;
}

}  // namespace novip::postgres
