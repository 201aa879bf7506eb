#include "app/inherited.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>

#include <systemd/sd-daemon.h>

#include "net/socket_passing.h"

namespace novip::app {

namespace {

/// By this name systemd keeps them, and gives them back. Those of a socket unit have its name: they
/// are for `bind fd@N`.
constexpr const char* kept_name = "novip-listener";

void take_from_systemd(std::vector<UniqueFd>& sockets) {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(0, &names);
  for (int i = 0; i < count; ++i) {
    const int descriptor = SD_LISTEN_FDS_START + i;
    if (std::strcmp(names[i], kept_name) == 0) {
      const int flags = ::fcntl(descriptor, F_GETFL);
      ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
      sockets.emplace_back(descriptor);
    }
    std::free(names[i]);
  }
  if (count > 0) std::free(names);
}

}  // namespace

Expected<std::vector<UniqueFd>> inherited_sockets(const std::string& from) {
  std::vector<UniqueFd> sockets;
  if (!from.empty() && from != "/dev/null") {
    auto received = net::receive_sockets(from);
    if (!received) return received.error();
    sockets = std::move(*received);
  }
  take_from_systemd(sockets);
  return sockets;
}

void keep_sockets(const std::vector<int>& descriptors) {
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return;
  const auto tell = [](const std::string& state, const int* first, std::size_t count) {
    ::sd_pid_notify_with_fds(0, 0, state.c_str(), first, static_cast<unsigned>(count));
  };
  const std::string name = std::string("FDNAME=") + kept_name;
  tell("FDSTOREREMOVE=1\n" + name, nullptr, 0);
  // A message has at most 253 of them (SCM_MAX_FD).
  constexpr std::size_t most = 200;
  for (std::size_t sent = 0; sent < descriptors.size(); sent += most)
    tell("FDSTORE=1\nFDPOLL=0\n" + name, &descriptors[sent],
         std::min(most, descriptors.size() - sent));
}

}  // namespace novip::app
