#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/core/tcp_stream.hpp>

#include "base/as_result.h"
#include "base/unattended.h"
#include "postgres/watch.h"
#include "probe/watch_http.h"
#include "probe/watch_node.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using cluster::Instance;

/// In a connection string (PostgreSQL documentation, section 34.1.1.1).
std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

/// libpq takes the last of two values. `host` is what certificates and the passfile name.
std::string conninfo_of(const config::Cluster& settings, const config::Host& host) {
  return settings.watch.conninfo + " host=" + quoted(host.name) +
         " hostaddr=" + host.address.host() + " port=" + std::to_string(host.address.port());
}

/// A PostgreSQL that cannot be asked is one thing, and one that we are cut off from is another: who
/// sees no majority of the hosts must not route. libpq tells them apart only in prose, so a
/// connection of our own does.
class PgsqlWatch : public NodeWatch, public std::enable_shared_from_this<PgsqlWatch> {
 public:
  PgsqlWatch(asio::io_context& io, const config::Cluster& settings, const config::Host& host,
             NodeNews news)
      : io_(io),
        address_(host.address),
        lease_(settings.lease),
        news_(std::move(news)),
        watch_(io, {conninfo_of(settings, host), settings.interval, settings.lease},
               [this](const Instance& instance, TimePoint asked, const std::string& detail) {
                 heard(instance, asked, detail);
               }),
        knocking_(io) {}

  void start() override { watch_.start(); }
  void stop() override;
  void ask(Answered done) override {
    watch_.ask([done = std::move(done)](const Instance& instance) { done(&instance); });
  }

 private:
  struct News {
    Instance instance;
    TimePoint asked;
  };

  void heard(Instance instance, TimePoint asked, const std::string& detail);
  static asio::awaitable<void> knock(std::shared_ptr<PgsqlWatch> self);
  void tell_unavailable(bool host_answers);

  asio::io_context& io_;
  Endpoint address_;
  Milliseconds lease_;
  NodeNews news_;
  postgres::Watch watch_;
  boost::beast::tcp_stream knocking_;
  bool is_knocking_ = false;
  std::optional<News> unavailable_;  // not told before we know whether its host answers
  bool stopped_ = false;
};

void PgsqlWatch::stop() {
  stopped_ = true;
  knocking_.close();
  watch_.stop();
}

/// Only operators of this node read the reason, so that it may say what libpq says.
void PgsqlWatch::heard(Instance instance, TimePoint asked, const std::string& detail) {
  unavailable_.reset();
  if (instance.known()) {
    news_.heard(instance, asked);
    news_.trouble({});
    return;
  }
  if (!detail.empty()) instance.reason += ": " + detail;
  unavailable_ = {std::move(instance), asked};
  if (!std::exchange(is_knocking_, true)) run_unattended(io_, knock(shared_from_this()));
}

asio::awaitable<void> PgsqlWatch::knock(std::shared_ptr<PgsqlWatch> self) {
  self->knocking_.expires_after(self->lease_);
  const auto [error] =
      co_await self->knocking_.async_connect(asio_endpoint(self->address_), as_result);
  self->knocking_.close();
  self->is_knocking_ = false;
  self->tell_unavailable(!error || error == asio::error::connection_refused ||
                         error == asio::error::connection_reset);
}

void PgsqlWatch::tell_unavailable(bool host_answers) {
  if (stopped_ || !unavailable_) return;
  const News news = *std::exchange(unavailable_, std::nullopt);
  if (host_answers) {
    news_.heard(news.instance, news.asked);
    news_.trouble({});
  } else {
    news_.trouble("PostgreSQL at " + address_.text() + ": " + news.instance.reason);
  }
}

}  // namespace

std::shared_ptr<NodeWatch> watch_pgsql(asio::io_context& io, const config::Cluster& settings,
                                       std::size_t index, std::shared_ptr<const RestTls>,
                                       NodeNews news) {
  return std::make_shared<PgsqlWatch>(io, settings, settings.nodes[index].host, std::move(news));
}

}  // namespace novip::probe
