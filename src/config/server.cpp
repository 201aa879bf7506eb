#include "config/server.h"

#include <algorithm>

#include "config/address.h"
#include "config/server_options.h"

namespace novip::config {

namespace {

void tell_duplicates(Parser& p, const Server& server) {
  for (const auto& other : p.proxy().servers) {
    if (other.name == server.name)
      p.error("another server named '" + server.name + "' was already defined at " +
              at(other.where) + ", please use distinct names");
    if (server.id != 0 && other.id == server.id)
      p.error("server '" + server.name + "': id " + std::to_string(server.id) +
              " is already used at " + at(other.where));
  }
}

}  // namespace

void add_server(Parser& p, const Arguments& words) {
  Server server = p.draft().default_server;
  server.where = p.here();
  server.name = words[0];
  if (!valid_name(server.name))
    p.error("character not permitted in server name '" + server.name + "'");
  const std::string line = "server '" + p.proxy().name + "/" + server.name + "'";
  auto host = parse_host(p.expanded(words[1]), PortForm::offset_allowed);
  if (!host) return p.error(line + ": " + host.error().message);
  server.host = *host;
  read_server_options(p, words, 2, server, false, line);
  tell_duplicates(p, server);
  p.proxy().servers.push_back(std::move(server));
}

void set_default_server(Parser& p, const Arguments& words) {
  p.draft().default_server_at = p.here();
  p.draft().default_server_inherited = false;
  read_server_options(p, words, 0, p.draft().default_server, true, "'default-server'");
}

}  // namespace novip::config
