#include "admin/runtime_api.h"

#include <algorithm>
#include <optional>
#include <poll.h>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "admin/api_line.h"
#include "admin/commands.h"
#include "admin/pass_sockets.h"
#include "base/as_result.h"
#include "net/socket_passing.h"

namespace novip::admin {

namespace asio = boost::asio;

namespace {

/// What all connections share.
struct Service {
  std::shared_ptr<Statistics> statistics;
  std::vector<ApiSocket> sockets;
  std::size_t listeners = 0;
};

/// One of them.
struct Connection {
  Stream& stream;
  Places& places;
  ApiState state;
};

/// An answer that workers may still have to give. They reply on the control thread, perhaps when
/// the connection is gone: shared with the reply.
struct Pending {
  explicit Pending(const asio::any_io_executor& executor) : arrived(executor) {}
  asio::steady_timer arrived;
  std::optional<Answer> answer;
};

/// Whether nobody is there to be answered. Who has only said all that there is to say (socat at the
/// end of its input) still listens; over TCP a client that has closed looks the same.
bool has_left(Stream& stream) {
  if (!stream.socket().is_open()) return true;
  pollfd client{stream.socket().native_handle(), 0, 0};  // errors are told unasked
  return ::poll(&client, 1, 0) > 0 && (client.revents & (POLLERR | POLLHUP)) != 0;
}

/// Over TCP it gives its place to whoever needs one: it may last an hour, and nobody be there.
asio::awaitable<Answer> await_condition(std::shared_ptr<const Wait> wait, Connection& connection) {
  constexpr Milliseconds between_looks{50};
  std::optional<net::Newcomers::Entry> newcomer;
  if (Endpoint::local_of(connection.stream.socket().native_handle()).is_ip()) {
    newcomer.emplace(connection.places.newcomers, connection.stream, true);
    connection.places.freed.cancel();  // whoever was refused one looks again
  }
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const TimePoint deadline = Clock::now() + wait->most;
  for (;;) {
    if (has_left(connection.stream)) co_return refusal("The client has left.");
    if (auto answer = wait->look()) co_return std::move(*answer);
    const TimePoint now = Clock::now();
    if (now >= deadline) co_return wait->expired();
    timer.expires_at(std::min(now + between_looks, deadline));
    co_await timer.async_wait(as_result);
  }
}

asio::awaitable<Answer> ask(std::shared_ptr<Service> service, Words words, Connection& connection) {
  ApiState* const state = &connection.state;
  auto pending = std::make_shared<Pending>(co_await asio::this_coro::executor);
  Call call{std::move(words),   0,           state, service->statistics.get(), &service->sockets,
            service->listeners, Clock::now()};
  const auto patience = run_command(std::move(call), [pending](Answer answer) {
    pending->answer = std::move(answer);
    pending->arrived.cancel();
  });
  pending->arrived.expires_after(std::max(patience, state->timeout));
  if (!pending->answer) co_await pending->arrived.async_wait(as_result);
  if (!pending->answer) co_return refusal("The workers did not answer in time.");
  if (pending->answer->wait) {
    Answer answer = co_await await_condition(pending->answer->wait, connection);
    co_return answer;
  }
  co_return std::move(*pending->answer);
}

/// The first whole line of `buffer`, taken off it.
std::optional<std::string> take_line(std::string& buffer) {
  const auto end = buffer.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  return line;
}

asio::awaitable<bool> read_more(Stream& stream, std::string& buffer, Milliseconds timeout) {
  constexpr std::size_t most = 4096;
  const auto before = buffer.size();
  buffer.resize(before + most);
  stream.expires_after(timeout);
  const auto [error, count] =
      co_await stream.async_read_some(asio::buffer(&buffer[before], most), as_result);
  buffer.resize(before + count);
  co_return !error;
}

asio::awaitable<bool> write_all(Stream& stream, std::string text, Milliseconds timeout) {
  stream.expires_after(timeout);
  const auto [error, count] = co_await asio::async_write(stream, asio::buffer(text), as_result);
  co_return !error && count == text.size();
}

/// False: the connection is over.
asio::awaitable<bool> answer_line(std::shared_ptr<Service> service, std::string line,
                                  Connection& connection) {
  const ApiState& state = connection.state;
  for (auto& words : parse_api_line(line)) {
    const Answer answer = co_await ask(service, std::move(words), connection);
    if (state.quit) co_return false;
    const bool written =
        co_await write_all(connection.stream, wire_text(answer, state), state.timeout);
    if (!written) co_return false;
  }
  co_return true;
}

asio::awaitable<void> serve(std::shared_ptr<Service> service, Stream& stream, config::Level level,
                            bool exposes_sockets, std::shared_ptr<Places> places) {
  std::optional<net::Newcomers::Entry> newcomer;
  newcomer.emplace(places->newcomers, stream, false);
  Connection connection{stream, *places, {}};
  ApiState& state = connection.state;
  state.level = level;
  state.timeout = service->statistics->roster().config().global.stats_timeout;
  std::string buffer;
  for (bool answered = false;;) {
    auto line = take_line(buffer);
    const bool first = line && newcomer;
    if (line) newcomer.reset();
    if (line && line->size() > api_line_limit) break;
    if (first && is_http_request(*line)) break;  // what follows would be orders of a web page
    if (line && exposes_sockets && *line == net::pass_sockets_command) {
      co_await pass_sockets(service->statistics, stream, state.timeout);
      break;
    }
    if (line) {
      answered = co_await answer_line(service, std::move(*line), connection);
      if (!answered) break;
      continue;
    }
    // Lines sent together are all answered; without a prompt nothing more is awaited.
    if ((answered && !state.prompt) || buffer.size() > api_line_limit) break;
    const bool more = co_await read_more(stream, buffer, state.timeout);
    if (!more) break;
  }
  stream.close();
}

/// A Unix socket by the path it has now: bound it was to another, and then renamed.
std::string socket_name(const ApiListener& listener) {
  auto address = Endpoint::local_of(listener.fd.get());
  const auto& configured = listener.settings->bind.address;
  if (configured.family() == AF_UNIX) address = configured;
  if (address.family() == AF_INET) return "ipv4@" + address.text();
  if (address.family() == AF_INET6) return "ipv6@" + address.text();
  constexpr std::string_view prefix = "unix:";
  const std::string text = address.text();
  return "unix@" + (text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

}  // namespace

RuntimeApi::RuntimeApi(asio::io_context& io, std::shared_ptr<Statistics> statistics,
                       std::vector<ApiListener> listeners, std::size_t listener_count) {
  // A flood from afar keeps nobody on this machine out.
  const auto most = statistics->roster().config().global.stats_maxconn;
  const auto local = std::make_shared<Places>(io, most);
  const auto remote = std::make_shared<Places>(io, most);
  auto service = std::make_shared<Service>();
  service->statistics = std::move(statistics);
  service->listeners = listener_count;
  for (auto& listener : listeners) {
    const auto level = listener.settings->level;
    service->sockets.push_back({socket_name(listener), level});
    const bool exposes = listener.settings->expose_listeners && level == config::Level::admin;
    const auto& places = Endpoint::local_of(listener.fd.get()).is_ip() ? remote : local;
    const auto serve_client = [service, level, exposes, places](Stream& stream) {
      return serve(service, stream, level, exposes, places);
    };
    ports_.push_back(std::make_shared<Port>(io, std::move(listener.fd), places, serve_client));
  }
}

void RuntimeApi::start() {
  for (auto& port : ports_) port->start();
}

void RuntimeApi::close_listeners() {
  for (auto& port : ports_) port->close_listener();
}

void RuntimeApi::stop() {
  for (auto& port : ports_) port->stop();
}

}  // namespace novip::admin
