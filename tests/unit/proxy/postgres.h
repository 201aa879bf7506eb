#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "lab.h"
#include "pgwire/messages.h"
#include "pgwire/startup.h"

/// Both ends of a PostgreSQL session, spoken by a test on blocking sockets.
namespace novip::proxy::test {

using namespace std::literals;

inline std::string message(char type, std::string_view body) {
  std::string bytes(1, type);
  append_u32(bytes, static_cast<std::uint32_t>(body.size() + 4));
  return bytes.append(body);
}

inline std::string request_of(std::uint32_t code, std::string_view body = {}) {
  std::string bytes;
  append_u32(bytes, static_cast<std::uint32_t>(body.size() + 8));
  append_u32(bytes, code);
  return bytes.append(body);
}

// What a client says
inline const std::string ssl_request = request_of(80877103), gss_request = request_of(80877104);
inline const std::string startup = pgwire::startup_message({{"user", "me"}});
inline const std::string replication =
    pgwire::startup_message({{"user", "me"}, {"replication", "true"}});
inline std::string cancel_request(std::string_view key) { return request_of(80877102, key); }

// What a server says
inline const std::string auth_ok = message('R', "\0\0\0\0"sv);
inline const std::string auth_password = message('R', "\0\0\0\3"sv);
inline const std::string ready = message('Z', "I");
inline std::string parameter(std::string name, std::string value) {
  return message('S', name + '\0' + value + '\0');
}
inline const std::string is_primary = parameter("in_hot_standby", "off");
inline const std::string is_standby = parameter("in_hot_standby", "on");
inline std::string key_data(std::string_view key) { return message('K', key); }
inline std::string fatal(std::string_view sqlstate) { return pgwire::fatal_error(sqlstate, "no"); }
inline const std::string greeting =
    auth_ok + is_primary + key_data("\0\0\x30\x39\1\2\3\4"sv) + ready;

/// A HelloRetryRequest with nothing behind its random, as long as its headers say.
inline const std::string retry_request =
    "\x16\x03\x03\0\x26\2\0\0\x22\3\3"
    "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
    "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"s;

/// The next message that comes.
struct Heard {
  char type = 0;
  std::string body;
};
inline Heard hear_message(const UniqueFd& fd) {
  const std::string head = hear(fd, 5);
  if (head.size() < 5) return {};
  const auto length = *ByteReader(std::string_view(head).substr(1)).u32();
  return {head[0], hear(fd, length - 4)};
}
/// The SQLSTATE of the error that comes next, and its text after a space; empty when none comes.
inline std::string hear_error(const UniqueFd& fd) {
  const Heard heard = hear_message(fd);
  const auto fields = pgwire::parse_error(heard.body);
  return heard.type == 'E' && fields ? fields->sqlstate + " " + fields->message : "";
}

/// The same, with an N for how long was waited: after a pause of the machine that is longer.
inline std::string with_any_wait(std::string text) {
  const std::string_view before = "(waited ";
  const auto found = text.find(before);
  if (found == text.npos) return text;
  const auto number = found + before.size();
  return text.replace(number, text.find_first_not_of("0123456789.", number) - number, "N");
}

/// Serves the next session of a server: its startup is answered with `answer`.
inline UniqueFd serve(Lab& lab, std::size_t number = 0, std::string_view answer = greeting) {
  UniqueFd server = lab.server(number);
  EXPECT_EQ(hear(server, startup.size()), startup);
  say(server, answer);
  return server;
}

/// Begins a session that is established when this returns.
inline std::pair<UniqueFd, UniqueFd> establish(Lab& lab) {
  UniqueFd client = lab.client();
  say(client, startup);
  UniqueFd server = serve(lab);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  return {std::move(client), std::move(server)};
}

inline void exchange(const UniqueFd& client, const UniqueFd& server) {
  ASSERT_TRUE(say(client, "ask"));
  ASSERT_EQ(hear(server, 3), "ask");
  ASSERT_TRUE(say(server, "answer"));
  ASSERT_EQ(hear(client, 6), "answer");
}

/// Both ways of a server to be nowhere: its listener's port, which nobody listens on any more.
inline void close_listener(Lab& lab, std::size_t number) { lab.listeners[number].reset(); }
/// And its return on the same port.
inline void listen_again(Lab& lab, std::size_t number) {
  const Endpoint address = lab.snapshot.proxies[0].servers[number].address;
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd.get(), address.data(), address.size()) != 0 || ::listen(fd.get(), 4096) != 0)
    std::abort();
  lab.listeners[number] = std::move(fd);
}

constexpr auto primary = config::RolePool::Role::primary;
constexpr auto standby = config::RolePool::Role::standby;

}  // namespace novip::proxy::test
