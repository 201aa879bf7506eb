#include "proxy/reasons.h"

#include "base/text.h"

namespace novip::proxy {

namespace {

const char* name_of(config::RolePool::Role role) {
  switch (role) {
    case config::RolePool::Role::primary:
      return "primary";
    case config::RolePool::Role::standby:
      return "standby";
    case config::RolePool::Role::sync:
      return "synchronous standby";
    case config::RolePool::Role::async:
      return "asynchronous standby";
    case config::RolePool::Role::any:
      break;
  }
  return "member";
}

/// "primary of cluster "pg"".
std::string role_of(const config::Config& config, const config::Proxy& backend) {
  if (!backend.pool) return format("server of \"%s\"", backend.name.c_str());
  const std::string& cluster = config.clusters[backend.pool->cluster].name;
  return format("%s of cluster \"%s\"", name_of(backend.pool->role), cluster.c_str());
}

}  // namespace

std::string cut_text(cluster::Cut why, const config::Config& config, const config::Proxy& backend,
                     std::string_view server) {
  const std::string begin = "terminating connection: ";
  if (why == cluster::Cut::minority)
    return begin + "this node sees less than half of the cluster's nodes";
  const char* article =
      backend.pool && backend.pool->role == config::RolePool::Role::primary ? "the" : "a";
  return begin + std::string(server) + " is no longer " + article + " " + role_of(config, backend);
}

std::string lack_text(Lack lack, const config::Config& config, const config::Proxy& backend,
                      std::string_view server) {
  const std::string name(server);
  switch (lack) {
    case Lack::none_usable:
      if (backend.disabled) return format("\"%s\" is disabled", backend.name.c_str());
      break;
    case Lack::no_resources:
      return "the proxy has no descriptor, memory or port left";
    case Lack::itself:
      return "this node must not replicate from itself";
    case Lack::unreachable:
      return name + " could not be connected to";
    case Lack::not_verified:
      return name + " could not be verified to be a " + role_of(config, backend);
    case Lack::not_open:
      return name + " is starting up or shutting down";
    case Lack::wrong_role:
      return name + " says that it is not a " + role_of(config, backend);
    case Lack::silent:
      return name + " did not answer";
    case Lack::declines_tls:
      return name + " has no TLS, which 'ssl' asks of it";
    case Lack::tls_failed:
      return "no TLS with " + name;
  }
  return "there is no " + role_of(config, backend);
}

}  // namespace novip::proxy
