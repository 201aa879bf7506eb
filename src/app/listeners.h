#pragma once

#include <cstdint>
#include <vector>

#include "admin/admin.h"
#include "agent/http_listener.h"
#include "app/tls_contexts.h"
#include "base/expected.h"
#include "config/model.h"
#include "proxy/worker.h"

namespace novip::app {

/// Descriptors for those who accept; all of them are closed by their new owners.
struct Handout {
  std::vector<std::vector<proxy::Listener>> workers;  // one vector a worker
  std::shared_ptr<const tls::ServerContexts> tls;     // for all of them
  std::vector<tls::Context> watches;                  // see TlsContexts
  std::vector<admin::ApiListener> api;
  std::vector<admin::PageListener> pages;
  std::vector<UniqueFd> state;                  // the agent's text ports
  std::vector<agent::HttpListener> state_http;  // and its REST
};

/// Every listening socket of a configuration. Those who accept have duplicates, so that a socket
/// outlives them: the next configuration, and the next process, take over those that it names, with
/// the clients in their backlog. Control thread only.
class Listeners {
 public:
  /// What was open before.
  struct Before {
    const Listeners* running = nullptr;  // this process's own, which stay open
    std::vector<UniqueFd> inherited;     // of a predecessor; those that nobody names are closed
    bool shared = false;  // a predecessor that is about to end may still listen (-sf, -st)
  };

  /// Opens them all, or says for every address that cannot be opened why.
  static Expected<Listeners, std::vector<Error>> open(const config::Config& config,
                                                      unsigned workers, Before before);

  /// Duplicates for those who accept, by the configuration that opened these.
  Expected<Handout> hand_out(const config::Config& config, unsigned workers,
                             const TlsContexts& tls) const;

  /// One descriptor for each socket, still owned by this.
  std::vector<int> descriptors() const;
  /// Once those who accept have closed theirs too, nobody listens any more.
  void close() { sockets_.clear(); }

 private:
  /// The sockets of one `bind`.
  struct Sockets {
    config::Bind bind;
    std::vector<UniqueFd> fds;  // TCP: one a worker
    std::uint64_t number = 0;   // proxy::Listener::socket
  };
  class Opening;

  std::vector<Sockets> sockets_;
};

}  // namespace novip::app
