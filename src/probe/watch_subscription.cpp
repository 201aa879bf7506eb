#include "probe/watch_subscription.h"

#include <utility>

#include "base/as_result.h"
#include "base/unattended.h"
#include "postgres/instance_json.h"

namespace novip::probe {

namespace asio = boost::asio;

Subscription::Subscription(asio::io_context& io, Settings settings, NodeNews news)
    : io_(io),
      settings_(std::move(settings)),
      news_(std::move(news)),
      line_(io, settings_.line),
      timer_(io) {}

void Subscription::start() { run_unattended(io_, run(shared_from_this())); }

void Subscription::stop() {
  stopped_ = true;
  timer_.cancel();
  line_.stop();
}

/// The pause counts from the beginning of an attempt: what is lost after a while is connected anew
/// at once, and what is lost as soon as it is there does not make us spin.
asio::awaitable<void> Subscription::run(std::shared_ptr<Subscription> self) {
  for (;;) {
    const TimePoint attempt = Clock::now();
    const Error why = co_await self->follow();
    if (self->stopped_) co_return;
    self->line_.close();
    self->news_.trouble(self->settings_.name + ": " + why.message);
    co_await self->pause_until(attempt + self->backoff_.next(self->random_()));
    if (self->stopped_) co_return;
  }
}

asio::awaitable<Error> Subscription::follow() {
  const auto subscribed = co_await line_.subscribe(settings_.target);
  if (!subscribed) co_return subscribed.error();
  EventStream events(HttpLine::answer_limit);
  TimePoint silent = Clock::now() + settings_.lease;
  for (;;) {
    const auto bytes = co_await line_.more(silent);
    if (!bytes) co_return bytes.error();
    if (stopped_) co_return Error{};
    const auto heard = hear(events, *bytes);
    if (!heard) co_return heard.error();
    if (stopped_) co_return Error{};
    if (*heard) silent = Clock::now() + settings_.lease;
  }
}

/// Whether there was an event: comments are no news, and end no silence.
Expected<bool> Subscription::hear(EventStream& events, const std::string& bytes) {
  const TimePoint arrived = Clock::now();
  const auto complete = events.take(bytes);
  if (!complete) return complete.error();
  for (const auto& event : *complete) {
    const auto instance = postgres::from_json(event);
    if (!instance) return Error{"an event makes no sense: " + instance.error().message};
    if (stopped_) break;
    news_.heard(*instance, arrived);
    backoff_.reset();
  }
  if (!stopped_ && !complete->empty()) news_.trouble({});
  return !complete->empty();
}

asio::awaitable<void> Subscription::pause_until(TimePoint when) {
  timer_.expires_at(when);
  co_await timer_.async_wait(as_result);
}

}  // namespace novip::probe
