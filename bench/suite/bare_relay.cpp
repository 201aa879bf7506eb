// bare-relay ADDRESS PORT SERVER-PORT THREADS: the least that a relay over epoll can do. Nothing is
// chosen, limited, counted, timed out or logged; who writes more than the other side reads is cut
// off. It shows how much of a relay's cost is the kernel's.

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

constexpr int one = 1;
constexpr std::size_t most_descriptors = 65536;
std::array<int, most_descriptors> peer_of;  // by descriptor; 0: it has none

sockaddr_in address_of(const char* host, const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::inet_pton(AF_INET, host, &address.sin_addr) != 1) std::exit(2);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void watch(int epoll, int fd, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void accept_one(int epoll, int listener, const sockaddr_in& server) {
  const int client = ::accept(listener, nullptr, nullptr);
  if (client < 0) return;
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(other, generic(server), sizeof server) != 0) {
    ::close(client);
    ::close(other);
    return;
  }
  peer_of[static_cast<std::size_t>(client)] = other;
  peer_of[static_cast<std::size_t>(other)] = client;
  for (const int fd : {client, other}) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(epoll, fd, EPOLLIN | EPOLLET);
  }
}

/// With the end of one side the other is shut down, and closed when that is heard of.
void carry(int fd) {
  static thread_local std::array<char, 16384> buffer;
  int& peer = peer_of[static_cast<std::size_t>(fd)];
  const auto count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  const auto size = static_cast<std::size_t>(count);
  if (count > 0 && peer != 0 &&
      ::send(peer, buffer.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT) == count)
    return size == buffer.size() ? carry(fd) : void();
  if (peer != 0) {
    ::shutdown(peer, SHUT_RDWR);
    peer_of[static_cast<std::size_t>(peer)] = 0;
    peer = 0;
  }
  ::close(fd);
}

void serve(const sockaddr_in& at, const sockaddr_in& server) {
  const int epoll = ::epoll_create1(0);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  for (const int option : {SO_REUSEADDR, SO_REUSEPORT})
    ::setsockopt(listener, SOL_SOCKET, option, &one, sizeof one);
  if (::bind(listener, generic(at), sizeof at) != 0 || ::listen(listener, 1024) != 0) {
    std::perror("bare-relay: cannot listen");
    std::exit(1);
  }
  watch(epoll, listener, EPOLLIN);
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener)
        accept_one(epoll, listener, server);
      else
        carry(fd);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::fputs("usage: bare-relay ADDRESS PORT SERVER-PORT THREADS\n", stderr);
    return 2;
  }
  const auto at = address_of(words[1], words[2]), server = address_of(words[1], words[3]);
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::atoi(words[4]); ++i) threads.emplace_back([&] { serve(at, server); });
}
