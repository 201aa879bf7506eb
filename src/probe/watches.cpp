#include "probe/watches.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/as_result.h"
#include "base/unattended.h"
#include "probe/rhythm.h"
#include "probe/watch_http.h"
#include "probe/watch_node.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using Source = config::Watch::Source;

struct Node {
  std::shared_ptr<NodeWatch> watch;  // null: it has no address
  std::string trouble;               // the last that was told
  bool primary = false;              // as it said last; not while there is trouble
};

/// Somebody who waits for an answer, for a limited time.
class Question : public std::enable_shared_from_this<Question> {
 public:
  Question(asio::io_context& io, NodeWatch::Answered done) : done_(std::move(done)), limit_(io) {}

  void wait(Milliseconds limit) {
    limit_.expires_after(limit);
    limit_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->answer(nullptr);
    });
  }
  void answer(const cluster::Instance* instance) {
    limit_.cancel();
    if (const auto done = std::exchange(done_, nullptr)) done(instance);
  }

 private:
  NodeWatch::Answered done_;  // none: it was answered
  asio::steady_timer limit_;
};

MakeNodeWatch& maker(Source source) {
  switch (source) {
    case Source::pgsql:
      return watch_pgsql;
    case Source::patroni:
      return watch_patroni;
    case Source::agent:
      break;
  }
  return watch_agent;
}

}  // namespace

/// Shared with its coroutines.
class Watches::Runner : public std::enable_shared_from_this<Runner> {
 public:
  Runner(asio::io_context& io, std::shared_ptr<const config::Cluster> settings,
         const tls::Context& tls, Events events);

  void start(const std::vector<std::string>& troubles);
  void renew(const tls::Context& tls);
  void stop();
  void ask(std::size_t node, Milliseconds limit, NodeWatch::Answered done);

 private:
  static asio::awaitable<void> start_all(std::shared_ptr<Runner> self);
  NodeNews news_of(std::size_t node);
  void note_role(std::size_t node, bool primary);
  void tell_trouble(std::size_t node, const std::string& why);

  asio::io_context& io_;
  std::shared_ptr<const config::Cluster> settings_;
  Events events_;
  std::shared_ptr<RestTls> tls_;  // null: in plain
  std::vector<Node> nodes_;
  asio::steady_timer timer_;
  bool stopped_ = false;
};

Watches::Runner::Runner(asio::io_context& io, std::shared_ptr<const config::Cluster> settings,
                        const tls::Context& tls, Events events)
    : io_(io),
      settings_(std::move(settings)),
      events_(std::move(events)),
      nodes_(settings_->nodes.size()),
      timer_(io) {
  if (const auto& wanted = settings_->watch.tls)
    tls_ = std::make_shared<RestTls>(RestTls{*wanted, tls});
  for (std::size_t node = 0; node < nodes_.size(); ++node)
    if (settings_->nodes[node].host.address.is_ip())
      nodes_[node].watch =
          maker(settings_->watch.source)(io, *settings_, node, tls_, news_of(node));
}

void Watches::Runner::renew(const tls::Context& tls) {
  if (tls_) tls_->context = tls;
}

NodeNews Watches::Runner::news_of(std::size_t node) {
  return {[this, node](const cluster::Instance& instance, TimePoint asked) {
            note_role(node, instance.role == cluster::Instance::Role::primary);
            events_.heard(node, instance, asked);
          },
          [this, node](const std::string& why) { tell_trouble(node, why); }};
}

void Watches::Runner::note_role(std::size_t node, bool primary) {
  const auto is_primary = [](const Node& other) { return other.primary; };
  if (std::exchange(nodes_[node].primary, primary) == primary) return;
  const bool none = std::ranges::none_of(nodes_, is_primary);
  for (auto& other : nodes_)
    if (other.watch) other.watch->hurry(none);
}

void Watches::Runner::tell_trouble(std::size_t node, const std::string& why) {
  if (!why.empty()) note_role(node, false);
  auto& told = nodes_[node].trouble;
  if (stopped_ || told == why) return;
  told = why;
  events_.trouble(node, why);
}

void Watches::Runner::start(const std::vector<std::string>& troubles) {
  for (std::size_t node = 0; node < troubles.size(); ++node) nodes_[node].trouble = troubles[node];
  run_unattended(io_, start_all(shared_from_this()));
}

asio::awaitable<void> Watches::Runner::start_all(std::shared_ptr<Runner> self) {
  auto& nodes = self->nodes_;
  const auto& settings = *self->settings_;
  const TimePoint begin = Clock::now();
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    self->timer_.expires_at(begin + first_check_delay(node, nodes.size(), settings.interval));
    co_await self->timer_.async_wait(as_result);
    if (self->stopped_) co_return;
    if (nodes[node].watch)
      nodes[node].watch->start();
    else
      self->tell_trouble(node, settings.nodes[node].name + " has no address");
  }
}

void Watches::Runner::stop() {
  if (std::exchange(stopped_, true)) return;
  timer_.cancel();
  for (auto& node : nodes_)
    if (node.watch) node.watch->stop();
}

void Watches::Runner::ask(std::size_t node, Milliseconds limit, NodeWatch::Answered done) {
  if (stopped_) return;
  const auto& watch = nodes_[node].watch;
  if (!watch) {
    asio::post(io_, [done = std::move(done)] { done(nullptr); });
    return;
  }
  const auto question = std::make_shared<Question>(io_, std::move(done));
  question->wait(limit);
  watch->ask([question](const cluster::Instance* instance) { question->answer(instance); });
}

Watches::Watches(asio::io_context& io, std::shared_ptr<const config::Cluster> settings,
                 const tls::Context& tls, Events events)
    : runner_(std::make_shared<Runner>(io, std::move(settings), tls, std::move(events))) {}

Watches::~Watches() { stop(); }

void Watches::start(const std::vector<std::string>& troubles) { runner_->start(troubles); }

void Watches::renew(const tls::Context& tls) { runner_->renew(tls); }

void Watches::stop() { runner_->stop(); }

void Watches::ask(std::size_t node, Milliseconds limit,
                  std::function<void(const cluster::Instance*)> done) {
  runner_->ask(node, limit, std::move(done));
}

}  // namespace novip::probe
