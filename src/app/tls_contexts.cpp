#include "app/tls_contexts.h"

#include "tls/client_context.h"

namespace novip::app {

namespace {

/// Keeps what went wrong, so that all of it is told at once.
class TlsLoading {
 public:
  void add_bind(const std::string& section, const config::Bind& bind,
                tls::Application application) {
    if (!bind.tls) return;
    auto context = tls::ServerContext::make(*bind.tls, application);
    if (context)
      contexts.binds.emplace(&bind, std::move(*context));
    else
      fail(bind.where, "bind " + bind.text + " of " + section, context.error());
  }

  void add_watch(const config::Cluster& cluster) {
    auto& context = contexts.watches.emplace_back();
    if (!cluster.watch.tls) return;
    auto made = clients_.get(*cluster.watch.tls);
    if (made)
      context = std::move(*made);
    else if (!cluster.retired)
      fail(cluster.where, "'watch' of cluster '" + cluster.name + "'", made.error());
  }

  void add_server(const config::Proxy& proxy, const config::Server& server) {
    auto& context = servers.back().emplace_back();
    const bool checked =
        server.check.enabled && (server.check.ssl || config::connects_with_tls(proxy.check));
    if (!server.tls.sessions && !checked) return;
    auto made = clients_.get(server.tls);
    if (made)
      context = std::move(*made);
    else if (!proxy.retired && !proxy.disabled && !server.retired)
      fail(server.where, "server '" + proxy.name + "/" + server.name + "'", made.error());
  }

  TlsContexts contexts;
  tls::ServerContexts servers;
  std::vector<Error> errors;

 private:
  void fail(const config::Location& where, const std::string& who, const Error& error) {
    errors.push_back(Error{"[" + where.file + ":" + std::to_string(where.line) + "] : " + who +
                           ": " + error.message});
  }

  tls::ClientContexts clients_;
};

}  // namespace

std::shared_ptr<const tls::ServerContext> TlsContexts::of(const config::Bind& bind) const {
  const auto found = binds.find(&bind);
  return found != binds.end() ? found->second : nullptr;
}

LoadedTls load_tls(const config::Config& config) {
  TlsLoading loading;
  for (const auto& proxy : config.proxies) {
    loading.servers.emplace_back();
    // Sessions that began before a proxy was disabled may still have to be cancelled.
    for (const auto& server : proxy.servers) loading.add_server(proxy, server);
    if (proxy.disabled) continue;
    const auto application =
        proxy.mode == config::Mode::http ? tls::Application::http : tls::Application::postgresql;
    for (const auto& bind : proxy.binds)
      loading.add_bind("'" + proxy.name + "'", bind, application);
  }
  if (config.state)
    for (const auto& bind : config.state->http)
      loading.add_bind("section 'state'", bind, tls::Application::http);
  for (const auto& cluster : config.clusters) loading.add_watch(cluster);
  if (!loading.errors.empty()) return std::move(loading.errors);
  loading.contexts.servers =
      std::make_shared<const tls::ServerContexts>(std::move(loading.servers));
  return std::move(loading.contexts);
}

}  // namespace novip::app
