#include "probe/watches.h"

#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "probe/rhythm.h"
#include "probe/watch_node.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using Source = config::Watch::Source;

struct Node {
  std::shared_ptr<NodeWatch> watch;  // null: it has no address
  std::string trouble;               // the last that was told
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
  Runner(asio::io_context& io, std::shared_ptr<const config::Config> config, Events events);

  void start();
  void stop();
  void ask(std::size_t cluster, std::size_t node, Milliseconds limit, NodeWatch::Answered done);

 private:
  static asio::awaitable<void> start_cluster(std::shared_ptr<Runner> self, std::size_t cluster);
  NodeNews news_of(std::size_t cluster, std::size_t node);
  void tell_trouble(std::size_t cluster, std::size_t node, const std::string& why);

  asio::io_context& io_;
  std::shared_ptr<const config::Config> config_;
  Events events_;
  std::vector<std::vector<Node>> clusters_;
  std::vector<asio::steady_timer> timers_;  // by cluster
  bool stopped_ = false;
};

Watches::Runner::Runner(asio::io_context& io, std::shared_ptr<const config::Config> config,
                        Events events)
    : io_(io), config_(std::move(config)), events_(std::move(events)) {
  for (std::size_t cluster = 0; cluster < config_->clusters.size(); ++cluster) {
    const auto& settings = config_->clusters[cluster];
    auto& nodes = clusters_.emplace_back(settings.nodes.size());
    timers_.emplace_back(io);
    for (std::size_t node = 0; node < nodes.size(); ++node)
      if (settings.nodes[node].host.address.is_ip())
        nodes[node].watch =
            maker(settings.watch.source)(io, settings, node, news_of(cluster, node));
  }
}

NodeNews Watches::Runner::news_of(std::size_t cluster, std::size_t node) {
  return {[this, cluster, node](const cluster::Instance& instance, TimePoint asked) {
            events_.heard(cluster, node, instance, asked);
          },
          [this, cluster, node](const std::string& why) { tell_trouble(cluster, node, why); }};
}

void Watches::Runner::tell_trouble(std::size_t cluster, std::size_t node, const std::string& why) {
  auto& told = clusters_[cluster][node].trouble;
  if (stopped_ || told == why) return;
  told = why;
  events_.trouble(cluster, node, why);
}

void Watches::Runner::start() {
  for (std::size_t cluster = 0; cluster < clusters_.size(); ++cluster)
    asio::co_spawn(io_, start_cluster(shared_from_this(), cluster), asio::detached);
}

asio::awaitable<void> Watches::Runner::start_cluster(std::shared_ptr<Runner> self,
                                                     std::size_t cluster) {
  auto& nodes = self->clusters_[cluster];
  auto& timer = self->timers_[cluster];
  const auto& settings = self->config_->clusters[cluster];
  const TimePoint begin = Clock::now();
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    timer.expires_at(begin + first_check_delay(node, nodes.size(), settings.interval));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (self->stopped_) co_return;
    if (nodes[node].watch)
      nodes[node].watch->start();
    else
      self->tell_trouble(cluster, node, settings.nodes[node].name + " has no address");
  }
}

void Watches::Runner::stop() {
  if (std::exchange(stopped_, true)) return;
  for (auto& timer : timers_) timer.cancel();
  for (auto& nodes : clusters_)
    for (auto& node : nodes)
      if (node.watch) node.watch->stop();
}

void Watches::Runner::ask(std::size_t cluster, std::size_t node, Milliseconds limit,
                          NodeWatch::Answered done) {
  if (stopped_) return;
  const auto& watch = clusters_[cluster][node].watch;
  if (!watch) {
    asio::post(io_, [done = std::move(done)] { done(nullptr); });
    return;
  }
  const auto question = std::make_shared<Question>(io_, std::move(done));
  question->wait(limit);
  watch->ask([question](const cluster::Instance* instance) { question->answer(instance); });
}

Watches::Watches(asio::io_context& io, std::shared_ptr<const config::Config> config, Events events)
    : runner_(std::make_shared<Runner>(io, std::move(config), std::move(events))) {}

Watches::~Watches() { stop(); }

void Watches::start() { runner_->start(); }

void Watches::stop() { runner_->stop(); }

void Watches::ask(std::size_t cluster, std::size_t node, Milliseconds limit,
                  std::function<void(const cluster::Instance*)> done) {
  runner_->ask(cluster, node, limit, std::move(done));
}

}  // namespace novip::probe
