#pragma once

#include <vector>

#include "admin/admin.h"
#include "base/expected.h"
#include "config/model.h"
#include "proxy/worker.h"

namespace novip::app {

/// Every listening socket of a configuration, opened before privileges are dropped.
struct Listeners {
  std::vector<std::vector<proxy::Listener>> workers;  // one vector a worker
  std::vector<admin::ApiListener> api;
  std::vector<admin::PageListener> pages;
  std::vector<UniqueFd> state;       // the agent's text ports
  std::vector<UniqueFd> state_http;  // and its REST

  std::size_t count() const;
};

/// Opens them all, or says for every address that cannot be opened why. `shared`: another novip
/// that is about to end (-sf, -st) may still listen on the same ports.
Expected<Listeners, std::vector<Error>> open_listeners(const config::Config& config,
                                                       unsigned workers, bool shared);

}  // namespace novip::app
