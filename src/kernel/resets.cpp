#include "kernel/resets.h"

#include <array>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace novip::kernel {

namespace {

/// The address alone, in network order.
std::vector<std::uint8_t> bytes_of(const Endpoint& endpoint) {
  if (endpoint.family() == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, endpoint.data(), sizeof address);
    std::vector<std::uint8_t> bytes(sizeof address.sin_addr);
    std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
    return bytes;
  }
  sockaddr_in6 address{};
  std::memcpy(&address, endpoint.data(), sizeof address);
  std::vector<std::uint8_t> bytes(sizeof address.sin6_addr);
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return bytes;
}

/// RFC 1071, over words in network order.
std::uint32_t add_words(std::uint32_t sum, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    sum += static_cast<std::uint32_t>(bytes[i]) << 8 | bytes[i + 1];
  return sum;
}

std::uint16_t checksum(const Endpoint& from, const Endpoint& to, const tcphdr& segment) {
  std::array<std::uint8_t, sizeof segment> bytes{};
  std::memcpy(bytes.data(), &segment, sizeof segment);
  std::uint32_t sum = IPPROTO_TCP + sizeof segment;
  sum = add_words(add_words(add_words(sum, bytes_of(from)), bytes_of(to)), bytes);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

/// An ACK far out of the window, whatever that is: RFC 9293, 3.10.7.4, "an acknowledgment should be
/// sent in reply".
tcphdr out_of_window(const Endpoint& from, const Endpoint& to) {
  tcphdr segment{};
  segment.th_sport = htons(from.port());
  segment.th_dport = htons(to.port());
  segment.th_off = sizeof segment / 4;
  segment.th_flags = TH_ACK;
  segment.th_sum = checksum(from, to, segment);
  return segment;
}

template <typename Header>
void send(int fd, const Header& header, const tcphdr& segment, const Endpoint& to) {
  std::array<char, sizeof header + sizeof segment> packet;
  std::memcpy(packet.data(), &header, sizeof header);
  std::memcpy(packet.data() + sizeof header, &segment, sizeof segment);
  const Endpoint address = to.with_port(0);
  ::sendto(fd, packet.data(), packet.size(), MSG_DONTWAIT, address.data(), address.size());
}

inet_diag_req_v2 request_for(const Endpoint& local, const Endpoint& peer) {
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<std::uint8_t>(local.family());
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_sport = htons(local.port());
  request.id.idiag_dport = htons(peer.port());
  const auto ours = bytes_of(local), theirs = bytes_of(peer);
  std::memcpy(request.id.idiag_src, ours.data(), ours.size());
  std::memcpy(request.id.idiag_dst, theirs.data(), theirs.size());
  request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

/// Neither listening nor over.
bool is_connection(std::uint8_t state) {
  return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 ||
         state == TCP_CLOSE_WAIT || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

}  // namespace

Resets::Resets()
    : diagnosis_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)),
      raw4_(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)),
      raw6_(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)) {
  const timeval patience{1, 0};  // the kernel answers at once; nothing may wait for it for ever
  if (diagnosis_)
    ::setsockopt(diagnosis_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

/// Sends a request and receives the answer to it. False: none came.
template <typename Answer>
bool Resets::ask(std::uint16_t type, const inet_diag_req_v2& request, Answer& answer) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = type;
  message.header.nlmsg_flags = NLM_F_REQUEST;
  if (type == SOCK_DESTROY) message.header.nlmsg_flags |= NLM_F_ACK;
  message.header.nlmsg_seq = ++sequence_;
  message.request = request;
  if (::send(diagnosis_.get(), &message, sizeof message, 0) < 0) return false;
  do
    if (::recv(diagnosis_.get(), &answer, sizeof answer, 0) < 0) return false;
  while (answer.header.nlmsg_seq != sequence_);
  return true;
}

/// The kernel looks for a listening socket where there is no connection with these addresses: which
/// socket it found is looked at, and just that one is destroyed, by its cookie.
bool Resets::destroy(const Endpoint& local, const Endpoint& peer) {
  inet_diag_req_v2 request = request_for(local, peer);
  struct {
    nlmsghdr header;
    inet_diag_msg socket;
    char attributes[1024];
  } found{};
  if (!ask(SOCK_DIAG_BY_FAMILY, request, found)) return false;
  if (found.header.nlmsg_type != SOCK_DIAG_BY_FAMILY || !is_connection(found.socket.idiag_state))
    return false;
  std::memcpy(request.id.idiag_cookie, found.socket.id.idiag_cookie,
              sizeof request.id.idiag_cookie);
  request.id.idiag_if = found.socket.id.idiag_if;
  struct {
    nlmsghdr header;
    nlmsgerr result;
    char rest[1024];
  } done{};
  return ask(SOCK_DESTROY, request, done) && done.header.nlmsg_type == NLMSG_ERROR &&
         done.result.error == 0;
}

void Resets::provoke(const Endpoint& from, const Endpoint& to) {
  const tcphdr segment = out_of_window(from, to);
  const auto source = bytes_of(from), destination = bytes_of(to);
  if (to.family() == AF_INET) {
    iphdr header{};  // the kernel fills in identification, length and checksum
    header.version = 4;
    header.ihl = sizeof header / 4;
    header.ttl = 64;
    header.protocol = IPPROTO_TCP;
    std::memcpy(&header.saddr, source.data(), source.size());
    std::memcpy(&header.daddr, destination.data(), destination.size());
    send(raw4_.get(), header, segment, to);
  } else {
    ip6_hdr header{};
    header.ip6_vfc = 6 << 4;
    header.ip6_plen = htons(sizeof segment);
    header.ip6_nxt = IPPROTO_TCP;
    header.ip6_hlim = 64;
    std::memcpy(&header.ip6_src, source.data(), source.size());
    std::memcpy(&header.ip6_dst, destination.data(), destination.size());
    send(raw6_.get(), header, segment, to);
  }
}

}  // namespace novip::kernel
