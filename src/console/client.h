#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/expected.h"

namespace novip::console {

/// Sends one command to a stats socket and gives the answer without the empty line that ends it.
/// Blocks for `patience` at most. What goes wrong is told with the socket's name.
Expected<std::string> ask(const Endpoint& socket, std::string_view command, Milliseconds patience);

/// The answer of the first that answers, else why the first did not.
Expected<std::string> ask_first(const std::vector<Endpoint>& sockets, std::string_view command,
                                Milliseconds patience);

/// Where a running novip may be asked.
/// `given`: of --socket; "/run/novip/novip.sock", "127.0.0.1:9999", "[::1]:9999".
/// `environment`: of NOVIP_SOCKET, used when nothing is given; null: not set.
/// `files`: of -f, used when neither is; their `stats socket` lines.
Expected<std::vector<Endpoint>> find_sockets(const std::string& given, const char* environment,
                                             const std::vector<std::string>& files);

/// A socket as it is given on the command line.
Expected<Endpoint> parse_socket(const std::string& text);

}  // namespace novip::console
