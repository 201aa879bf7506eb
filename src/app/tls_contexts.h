#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/expected.h"
#include "config/model.h"
#include "proxy/worker.h"

namespace novip::app {

/// The certificates of a configuration, and what they are for. Made anew by each reload: sessions
/// keep what they began with.
struct TlsContexts {
  std::map<const config::Bind*, std::shared_ptr<const tls::ServerContext>> binds;
  std::shared_ptr<const tls::ServerContexts> servers;  // for sessions and checks
  std::vector<tls::Context> watches;                   // by cluster; null: HTTP in plain, or none

  std::shared_ptr<const tls::ServerContext> of(const config::Bind& bind) const;
};

/// Reads the files that `config` names, or says what is wrong with each. What is retired may have
/// lost its own. On any thread.
using LoadedTls = Expected<TlsContexts, std::vector<Error>>;
LoadedTls load_tls(const config::Config& config);

}  // namespace novip::app
