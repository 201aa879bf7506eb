#include "console/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/fd.h"

namespace novip::console {

namespace {

constexpr std::size_t longest_answer = 16 << 20;

Error failure(const Endpoint& socket, int error) {
  return Error{"no answer from " + socket.text() + ": " + std::strerror(error)};
}

/// False once `deadline` has passed; errno says why.
bool wait_for(int fd, short events, TimePoint deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    pollfd one{fd, events, 0};
    const int ready = left > 0 ? ::poll(&one, 1, static_cast<int>(left)) : 0;
    if (ready > 0) return true;
    if (ready == 0) errno = ETIMEDOUT;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// Negative: not connected, and errno says why.
int connect_to(int fd, const Endpoint& socket, TimePoint deadline) {
  if (::connect(fd, socket.data(), socket.size()) == 0) return 0;
  if (errno != EINPROGRESS || !wait_for(fd, POLLOUT, deadline)) return -1;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -1;
  errno = error;
  return error == 0 ? 0 : -1;
}

bool send_all(int fd, std::string_view text, TimePoint deadline) {
  while (!text.empty()) {
    const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool receive_all(int fd, std::string& answer, TimePoint deadline) {
  char buffer[16384];
  for (;;) {
    if (!wait_for(fd, POLLIN, deadline)) return false;
    const auto count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count == 0) return true;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) answer.append(buffer, static_cast<std::size_t>(count));
    if (answer.size() > longest_answer) {
      errno = EMSGSIZE;
      return false;
    }
  }
}

}  // namespace

Expected<std::string> ask(const Endpoint& socket, std::string_view command, Milliseconds patience) {
  const TimePoint deadline = Clock::now() + patience;
  const UniqueFd fd(::socket(socket.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  std::string answer;
  if (fd.get() < 0 || connect_to(fd.get(), socket, deadline) < 0 ||
      !send_all(fd.get(), std::string(command) + "\n", deadline) ||
      !receive_all(fd.get(), answer, deadline))
    return failure(socket, errno);
  if (!answer.ends_with("\n\n")) return failure(socket, ECONNRESET);
  answer.pop_back();
  return answer;
}

Expected<std::string> ask_first(const std::vector<Endpoint>& sockets, std::string_view command,
                                Milliseconds patience) {
  Error first;
  for (const auto& socket : sockets) {
    auto answer = ask(socket, command, patience);
    if (answer) return answer;
    if (first.message.empty()) first = answer.error();
  }
  return first;
}

}  // namespace novip::console
