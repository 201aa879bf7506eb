#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/fd.h"

/// How a process gives its listening sockets to its successor over a stats socket with
/// `expose-fd listeners` (HAProxy 2.6's `_getsocks`: cli.c, sock.c): their number, then for at most
/// 252 at a time a message with their descriptors, each of which is acknowledged.
namespace novip::net {

constexpr const char* pass_sockets_command = "_getsocks";
constexpr std::size_t sockets_a_message = 252;

/// What a successor sends before the first message and after each: nothing but that it is there.
using Acknowledgement = std::int32_t;

/// Sends the number of descriptors that follow. False: the connection takes nothing.
bool send_count(int connection, std::size_t count);
/// At most `sockets_a_message` of them, in one message.
bool send_sockets(int connection, std::span<const int> descriptors);

/// The successor's side, -x: gets them all from the Unix socket at `path`. Blocks, for seconds at
/// most.
Expected<std::vector<UniqueFd>> receive_sockets(const std::string& path);

}  // namespace novip::net
