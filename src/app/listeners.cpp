#include "app/listeners.h"

#include <utility>

#include "net/listener.h"

namespace novip::app {

namespace {

net::ListenOptions listen_options(const config::Bind& bind, unsigned backlog, bool shared) {
  net::ListenOptions options;
  options.address = bind.address;
  options.inherited = bind.inherited.value_or(-1);
  if (const unsigned wanted = bind.backlog != 0 ? bind.backlog : backlog; wanted != 0)
    options.backlog = wanted;
  options.v6only = bind.v6only;
  options.v4v6 = bind.v4v6;
  options.interface = bind.interface;
  options.tcp_user_timeout_ms = static_cast<int>(bind.tcp_user_timeout.count());
  options.unix_mode = bind.file.mode ? static_cast<int>(*bind.file.mode) : -1;
  options.unix_uid = bind.file.uid ? static_cast<int>(*bind.file.uid) : -1;
  options.unix_gid = bind.file.gid ? static_cast<int>(*bind.file.gid) : -1;
  options.shared = shared;
  return options;
}

/// Opens one `bind` after the other and keeps what went wrong, so that all of it is told at once.
class Opening {
 public:
  explicit Opening(bool shared) : shared_(shared) {}

  std::vector<UniqueFd> open(const config::Bind& bind, const std::string& who, unsigned backlog,
                             unsigned copies) {
    auto opened = net::listen(listen_options(bind, backlog, shared_), copies);
    if (opened) return std::move(*opened);
    errors_.push_back(Error{"[" + bind.where.file + ":" + std::to_string(bind.where.line) +
                            "] : " + who + ": " + opened.error().message});
    return {};
  }

  std::vector<Error>& errors() { return errors_; }

 private:
  bool shared_;
  std::vector<Error> errors_;
};

void open_proxy(const config::Proxy& proxy, std::size_t index, Opening& opening,
                Listeners& listeners) {
  const std::string who = "proxy '" + proxy.name + "'";
  for (const auto& bind : proxy.binds) {
    if (proxy.mode == config::Mode::http) {
      for (auto& fd : opening.open(bind, who, proxy.backlog, 1))
        listeners.pages.push_back({std::move(fd), index});
      continue;
    }
    const auto copies = static_cast<unsigned>(listeners.workers.size());
    auto worker = listeners.workers.begin();
    for (auto& fd : opening.open(bind, who, proxy.backlog, copies))
      (worker++)->push_back({std::move(fd), index, &bind});
  }
}

}  // namespace

std::size_t Listeners::count() const {
  std::size_t sum = api.size() + pages.size() + state.size() + state_http.size();
  for (const auto& worker : workers) sum += worker.size();
  return sum;
}

Expected<Listeners, std::vector<Error>> open_listeners(const config::Config& config,
                                                       unsigned workers, bool shared) {
  Opening opening(shared);
  Listeners listeners;
  listeners.workers.resize(workers);
  for (std::size_t i = 0; i < config.proxies.size(); ++i)
    if (const auto& proxy = config.proxies[i]; !proxy.disabled)
      open_proxy(proxy, i, opening, listeners);
  for (const auto& socket : config.global.stats_sockets)
    for (auto& fd : opening.open(socket.bind, "stats socket", 0, 1))
      listeners.api.push_back({std::move(fd), &socket});
  if (config.state) {
    for (const auto& bind : config.state->binds)
      for (auto& fd : opening.open(bind, "section state", 0, 1))
        listeners.state.push_back(std::move(fd));
    for (const auto& bind : config.state->http)
      for (auto& fd : opening.open(bind, "section state", 0, 1))
        listeners.state_http.push_back(std::move(fd));
  }
  if (!opening.errors().empty()) return std::move(opening.errors());
  return listeners;
}

}  // namespace novip::app
