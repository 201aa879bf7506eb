#pragma once

#include <functional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "net/listener.h"

namespace novip::postgres {

using namespace std::literals;

inline std::string message(char type, const std::string& body) {
  std::string bytes(1, type);
  append_u32(bytes, static_cast<std::uint32_t>(body.size() + 4));
  return bytes + body;
}

inline const std::string ready_for_query = message('Z', "I");
inline const std::string welcome = message('R', "\0\0\0\0"s) + ready_for_query;

/// One row of text columns, as PostgreSQL sends it.
inline std::string row(const std::vector<std::string>& values) {
  std::string names, fields;
  append_u16(names, static_cast<std::uint16_t>(values.size()));
  append_u16(fields, static_cast<std::uint16_t>(values.size()));
  for (const auto& value : values) {
    names += "c\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"s;
    append_u32(fields, static_cast<std::uint32_t>(value.size()));
    fields += value;
  }
  return message('T', names) + message('D', fields) + message('C', "SELECT 1\0"s);
}

/// The answer to Watch's question of one that is in recovery ("t") or not ("f"), and to what is
/// asked once a second.
inline std::string plain_answer(const std::string& in_recovery) {
  return row({in_recovery, "0/5000000", in_recovery == "f" ? "000000030000000000000005" : "",
              "0/5000000", "", "", "", "", "", "", ""});
}
inline std::string details() {
  return row({"7000000000000000001", "2", "2", "", "", "", "", "", ""});
}
inline std::string first_answer(const std::string& in_recovery) {
  return plain_answer(in_recovery) + details() + ready_for_query;
}
inline std::string answer(const std::string& in_recovery) {
  return plain_answer(in_recovery) + ready_for_query;
}

/// One client of the scripted server. Every wait ends after ten seconds at most.
class Peer {
 public:
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Waits for something from the client; whether it is still there.
  bool hear(std::string* heard = nullptr) {
    char bytes[4096];
    pollfd readable{fd_.get(), POLLIN, 0};
    const bool readable_now = ::poll(&readable, 1, 10000) == 1;
    const auto size = readable_now ? ::recv(fd_.get(), bytes, sizeof bytes, 0) : 0;
    if (heard && size > 0) heard->assign(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }
  bool say(const std::string& bytes) const {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
  }
  void wait_for_hangup() {
    while (hear()) continue;
  }
  void log_in() {
    hear();
    say(welcome);
  }

 private:
  UniqueFd fd_;
};

/// What a real PostgreSQL cannot be made to do: a server that follows a script per connection.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer)>;

  ScriptedServer() {
    net::ListenOptions options;
    options.address = *Endpoint::ip("127.0.0.1", 0);
    listener_ = std::move(net::listen(options, 1)->front());
  }

  void serve(std::vector<Script> scripts) {
    server_ = std::jthread([this, scripts = std::move(scripts)] {
      for (const auto& script : scripts) {
        pollfd readable{listener_.get(), POLLIN, 0};
        if (::poll(&readable, 1, 10000) == 1)
          script(Peer(UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC))));
      }
    });
  }

  std::string conninfo() const {
    const auto port = Endpoint::local_of(listener_.get()).port();
    return "host=127.0.0.1 user=u dbname=d password=secret sslmode=disable gssencmode=disable "
           "port=" +
           std::to_string(port);
  }
  /// Whoever connects from now on is refused.
  void leave() { listener_.reset(); }
  void join() { server_.join(); }

 private:
  UniqueFd listener_;
  std::jthread server_;
};

}  // namespace novip::postgres
