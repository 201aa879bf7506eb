#include "base/text.h"
#include "config/load.h"
#include "console/client.h"

namespace novip::console {

namespace {

constexpr const char* usual_file = "/etc/novip/novip.cfg";

/// A socket that listens on every address is asked on loopback.
Endpoint reachable(const Endpoint& address) {
  if (address == Endpoint::any_v4(address.port()))
    return *Endpoint::ip("127.0.0.1", address.port());
  if (address == Endpoint::any_v6(address.port())) return *Endpoint::ip("::1", address.port());
  return address;
}

Error not_found(const std::string& why) {
  return Error{why + "; name the stats socket with --socket PATH or HOST:PORT, or in NOVIP_SOCKET"};
}

}  // namespace

Expected<Endpoint> parse_socket(const std::string& text) {
  if (text.starts_with('/'))
    if (const auto path = Endpoint::unix_path(text)) return *path;
  const auto colon = text.rfind(':');
  const auto port = colon != std::string::npos
                        ? parse_number(std::string_view(text).substr(colon + 1))
                        : std::nullopt;
  if (port && *port > 0 && *port <= 65535) {
    std::string host = text.substr(0, colon);
    if (host == "localhost" || host.empty()) host = "127.0.0.1";
    if (const auto address = Endpoint::ip(host, static_cast<std::uint16_t>(*port))) return *address;
  }
  return Error{"'" + text + "' is no socket: expects a path, or an address and a port"};
}

Expected<std::vector<Endpoint>> find_sockets(const std::string& given, const char* environment,
                                             const std::vector<std::string>& files) {
  if (!given.empty() || (environment != nullptr && *environment != '\0' && files.empty())) {
    const auto socket = parse_socket(given.empty() ? environment : given);
    if (!socket) return socket.error();
    return std::vector{*socket};
  }
  const std::vector<std::string> names =
      files.empty() ? std::vector<std::string>{usual_file} : files;
  config::LoadOptions options;
  options.touch_system = false;
  const auto loaded = config::load_files(names, options);
  if (!loaded.config) {
    for (const auto& remark : loaded.remarks)
      if (remark.kind == config::Remark::Kind::error) return not_found(config::text(remark));
    return not_found(names[0] + " is no configuration");
  }
  std::vector<Endpoint> sockets;
  for (const auto& socket : loaded.config->global.stats_sockets)
    if (socket.bind.address) sockets.push_back(reachable(socket.bind.address));
  if (sockets.empty()) return not_found(names[0] + " has no line 'stats socket'");
  return sockets;
}

}  // namespace novip::console
