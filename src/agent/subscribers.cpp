#include "agent/subscribers.h"

#include <sys/socket.h>

namespace novip::agent {

namespace {

/// A server-sent event (WHATWG HTML, "Server-sent events"); `json` is one line.
std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

bool send_now(Subscribers::Socket& socket, const std::string& bytes) {
  const auto sent =
      ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent == static_cast<ssize_t>(bytes.size());
}

}  // namespace

bool Subscribers::add(Socket& socket, std::string_view json) {
  if (!send_now(socket, event(json))) return false;
  sockets_.insert(&socket);
  return true;
}

void Subscribers::remove(Socket& socket) { sockets_.erase(&socket); }

void Subscribers::publish(std::string_view json) {
  const auto bytes = event(json);
  for (auto next = sockets_.begin(); next != sockets_.end();) {
    auto& socket = **next;
    if (send_now(socket, bytes)) {
      ++next;
      continue;
    }
    next = sockets_.erase(next);
    boost::system::error_code ignored;
    socket.close(ignored);
  }
}

}  // namespace novip::agent
