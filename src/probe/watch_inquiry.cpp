#include "probe/watch_inquiry.h"

#include <utility>

#include "base/as_result.h"
#include "base/unattended.h"
#include "postgres/instance_json.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;

void answer_all(std::vector<NodeWatch::Answered>& askers, const cluster::Instance* instance) {
  for (const auto& done : std::exchange(askers, {})) done(instance);
}

}  // namespace

Inquiry::Inquiry(asio::io_context& io, Settings settings, NodeNews news)
    : io_(io),
      settings_(std::move(settings)),
      news_(std::move(news)),
      line_(io, settings_.line),
      timer_(io) {}

void Inquiry::start() { run_unattended(io_, run(shared_from_this())); }

void Inquiry::stop() {
  stopped_ = true;
  timer_.cancel();
  line_.stop();
  answer_all(asking_, nullptr);
  answer_all(waiting_, nullptr);
}

void Inquiry::ask(Answered done) {
  waiting_.push_back(std::move(done));
  timer_.cancel();
}

void Inquiry::hurry(bool on) {
  if (std::exchange(hurry_, on) != on) timer_.cancel();
}

/// When to ask although nobody wants to know.
TimePoint Inquiry::next() const {
  if (!settings_.interval) return TimePoint::max();
  return asked_ ? *asked_ + *settings_.interval / (hurry_ ? 5 : 1) : TimePoint::min();
}

bool Inquiry::due() const { return !waiting_.empty() || Clock::now() >= next(); }

asio::awaitable<void> Inquiry::run(std::shared_ptr<Inquiry> self) {
  for (;;) {
    while (!self->stopped_ && !self->due()) {
      self->timer_.expires_at(self->next());
      co_await self->timer_.async_wait(as_result);
    }
    if (self->stopped_) co_return;
    co_await self->inquire();
  }
}

asio::awaitable<void> Inquiry::inquire() {
  const TimePoint asked = Clock::now();
  asked_ = asked;
  asking_ = std::exchange(waiting_, {});
  const auto answer = co_await line_.get(settings_.target);
  if (stopped_) co_return;
  const auto instance = read(answer);
  if (instance) news_.heard(*instance, asked);
  news_.trouble(instance ? std::string() : settings_.name + ": " + instance.error().message);
  answer_all(asking_, instance ? &*instance : nullptr);
}

/// Patroni answers 503 where the state is not what a path asks for; the state is there all the
/// same.
Expected<cluster::Instance> Inquiry::read(const Expected<HttpLine::Answer>& answer) const {
  if (!answer) return answer.error();
  if (answer->status == 401) return line_.refused();
  const bool ok = answer->status == 200;
  if (ok || answer->status / 100 == 5) {
    auto instance = postgres::from_json(answer->body);
    if (instance) return instance;
    if (ok) return Error{"its answer makes no sense: " + instance.error().message};
  }
  return Error{"GET " + settings_.target + " is answered with " + std::to_string(answer->status)};
}

}  // namespace novip::probe
