#include "admin/server_argument.h"

namespace novip::admin {

ServerArgument server_argument(const Call& call) {
  const auto text = call.argument(0);
  const auto slash = text.find('/');
  ServerArgument found;
  if (slash == std::string_view::npos || slash + 1 == text.size()) {
    found.refused = refusal("Require 'backend/server'.");
    return found;
  }
  const auto proxy = call.roster().find_proxy(text.substr(0, slash));
  if (!proxy || !call.roster().proxies()[*proxy].settings->is_backend()) {
    found.refused = refusal("No such backend.");
    return found;
  }
  const auto server = call.roster().find_server(*proxy, text.substr(slash + 1));
  if (!server || call.roster().proxies()[*proxy].servers[*server].settings->retired) {
    found.refused = refusal("No such server.");
    return found;
  }
  found.proxy = *proxy;
  found.server = *server;
  return found;
}

}  // namespace novip::admin
