#include "app/listeners.h"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <utility>

#include "config/merge.h"
#include "net/listener.h"

namespace novip::app {

namespace {

constexpr unsigned default_backlog = 1024;

unsigned backlog_of(const config::Bind& bind, unsigned of_proxy) {
  if (bind.backlog != 0) return bind.backlog;
  return of_proxy != 0 ? of_proxy : default_backlog;
}

net::ListenOptions listen_options(const config::Bind& bind, unsigned backlog, bool shared) {
  net::ListenOptions options;
  options.address = bind.address;
  options.inherited = bind.inherited.value_or(-1);
  options.backlog = backlog;
  options.v6only = bind.v6only;
  options.v4v6 = bind.v4v6;
  options.interface = bind.interface;
  options.keepalive = bind.keepalive;
  options.user_timeout = bind.tcp_user_timeout.value_or(Milliseconds{0});
  options.unix_mode = bind.file.mode ? static_cast<int>(*bind.file.mode) : -1;
  options.unix_uid = bind.file.uid ? static_cast<int>(*bind.file.uid) : -1;
  options.unix_gid = bind.file.gid ? static_cast<int>(*bind.file.gid) : -1;
  options.shared = shared;
  return options;
}

UniqueFd duplicate(const UniqueFd& fd) { return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)); }

/// Every `bind` that takes clients, with what it is of.
template <typename Visit>
void for_each_bind(const config::Config& config, unsigned workers, Visit visit) {
  for (const auto& proxy : config.proxies) {
    if (proxy.disabled) continue;
    const unsigned copies = proxy.mode == config::Mode::http ? 1 : workers;
    for (const auto& bind : proxy.binds)
      visit(bind, "proxy '" + proxy.name + "'", proxy.backlog, copies);
  }
  for (const auto& socket : config.global.stats_sockets) visit(socket.bind, "stats socket", 0, 1);
  if (!config.state) return;
  for (const auto& bind : config.state->binds) visit(bind, "section state", 0, 1);
  for (const auto& bind : config.state->http) visit(bind, "section state", 0, 1);
}

}  // namespace

/// Opens one `bind` after the other and keeps what went wrong, so that all of it is told at once.
class Listeners::Opening {
 public:
  Opening(Before before) : before_(std::move(before)) {
    if (before_.running == nullptr) return;
    for (const auto& sockets : before_.running->sockets_) {
      free_.push_back(&sockets);
      last_number_ = std::max(last_number_, sockets.number);
    }
  }

  void open(const config::Bind& bind, const std::string& who, unsigned backlog, unsigned copies) {
    Sockets sockets{bind, {}, 0};
    backlog = backlog_of(bind, backlog);
    take_running(bind, sockets);
    if (sockets.number == 0) sockets.number = ++last_number_;
    take_inherited(bind, sockets);
    for (const auto& fd : sockets.fds) {
      net::set_backlog(fd.get(), backlog);
      net::set_patience(fd.get(), bind.keepalive, bind.tcp_user_timeout.value_or(Milliseconds{0}));
    }
    if (sockets.fds.size() < copies) {
      const auto missing = copies - static_cast<unsigned>(sockets.fds.size());
      auto opened = net::listen(listen_options(bind, backlog, may_share(bind, sockets)), missing);
      if (!opened) return fail(bind, who, opened.error());
      std::ranges::move(*opened, std::back_inserter(sockets.fds));
    }
    opened_.push_back(std::move(sockets));
  }

  std::vector<Error>& errors() { return errors_; }
  std::vector<Sockets>& opened() { return opened_; }

 private:
  void take_running(const config::Bind& bind, Sockets& sockets) {
    const auto same = std::ranges::find_if(free_, [&bind](const Sockets* running) {
      return config::same_socket(running->bind, bind);
    });
    if (same == free_.end()) return;
    for (const auto& fd : (*same)->fds)
      if (auto copy = duplicate(fd)) sockets.fds.push_back(std::move(copy));
    sockets.number = (*same)->number;
    free_.erase(same);
  }

  void take_inherited(const config::Bind& bind, Sockets& sockets) {
    if (bind.inherited) return;
    for (auto& fd : before_.inherited)
      if (fd && net::listens_at(fd.get(), listen_options(bind, 0, false)))
        sockets.fds.push_back(std::move(fd));
  }

  /// A wildcard address that gives way to one of its addresses, or the other way round, has the
  /// port until the change is made.
  bool may_share(const config::Bind& bind, const Sockets& sockets) const {
    if (before_.shared || !sockets.fds.empty()) return true;
    return std::ranges::any_of(free_, [&bind](const Sockets* running) {
      return running->bind.address.port() != 0 &&
             running->bind.address.port() == bind.address.port();
    });
  }

  void fail(const config::Bind& bind, const std::string& who, const Error& error) {
    errors_.push_back(Error{"[" + bind.where.file + ":" + std::to_string(bind.where.line) +
                            "] : " + who + ": " + error.message});
  }

  Before before_;
  std::vector<const Sockets*> free_;  // of the running ones, that nobody took over
  std::uint64_t last_number_ = 0;
  std::vector<Sockets> opened_;
  std::vector<Error> errors_;
};

Expected<Listeners, std::vector<Error>> Listeners::open(const config::Config& config,
                                                        unsigned workers, Before before) {
  Opening opening(std::move(before));
  for_each_bind(config, workers,
                [&](const config::Bind& bind, const std::string& who, unsigned backlog,
                    unsigned copies) { opening.open(bind, who, backlog, copies); });
  if (!opening.errors().empty()) return std::move(opening.errors());
  Listeners listeners;
  listeners.sockets_ = std::move(opening.opened());
  return listeners;
}

/// In the order of for_each_bind().
Expected<Handout> Listeners::hand_out(const config::Config& config, unsigned workers,
                                      const TlsContexts& tls) const {
  Handout handout;
  handout.tls = tls.servers;
  handout.watches = tls.watches;
  handout.workers.resize(workers);
  auto next = sockets_.begin();
  bool complete = true;
  const auto give = [&next, &complete](auto take) {
    for (const auto& fd : next->fds) {
      auto copy = duplicate(fd);
      complete = complete && copy;
      take(std::move(copy), next->number);
    }
    ++next;
  };
  for (std::size_t i = 0; i < config.proxies.size(); ++i) {
    const auto& proxy = config.proxies[i];
    for (auto bind = proxy.binds.begin(); bind != proxy.binds.end() && !proxy.disabled; ++bind) {
      std::size_t turn = 0;
      give([&](UniqueFd fd, std::uint64_t number) {
        if (proxy.mode == config::Mode::http)
          handout.pages.push_back({std::move(fd), i, tls.of(*bind), bind->accept_proxy});
        else
          handout.workers[turn++ % workers].push_back(
              {std::move(fd), i, &*bind, number, tls.of(*bind)});
      });
    }
  }
  for (const auto& socket : config.global.stats_sockets)
    give([&](UniqueFd fd, std::uint64_t) { handout.api.push_back({std::move(fd), &socket}); });
  if (config.state) {
    for (std::size_t i = 0; i < config.state->binds.size(); ++i)
      give([&](UniqueFd fd, std::uint64_t) { handout.state.push_back(std::move(fd)); });
    for (const auto& bind : config.state->http)
      give([&](UniqueFd fd, std::uint64_t) {
        handout.state_http.push_back({std::move(fd), tls.of(bind)});
      });
  }
  if (!complete) return Error{"no file descriptor is left for the listening sockets"};
  return handout;
}

std::vector<int> Listeners::descriptors() const {
  std::vector<int> all;
  for (const auto& sockets : sockets_)
    for (const auto& fd : sockets.fds) all.push_back(fd.get());
  return all;
}

}  // namespace novip::app
