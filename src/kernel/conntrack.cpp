#include "kernel/conntrack.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <netinet/in.h>

#include "kernel/marks.h"

namespace novip::kernel {

namespace {

struct Ends {
  nf_conntrack_attr v4, v6, port;
};
constexpr Ends from_client{ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC, ATTR_ORIG_PORT_SRC};
constexpr Ends to_bind{ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_DST};
constexpr Ends from_server{ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, ATTR_REPL_PORT_SRC};
constexpr Ends to_source{ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_DST, ATTR_REPL_PORT_DST};

/// Addresses and ports are in network order, in attributes as in sockaddr.
Endpoint endpoint(const nf_conntrack* tracked, int family, const Ends& ends) {
  if (family == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = nfct_get_attr_u16(tracked, ends.port);
    address.sin_addr.s_addr = nfct_get_attr_u32(tracked, ends.v4);
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = nfct_get_attr_u16(tracked, ends.port);
  if (const void* bytes = nfct_get_attr(tracked, ends.v6))
    std::memcpy(&address.sin6_addr, bytes, sizeof address.sin6_addr);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

void set_end(nf_conntrack* tracked, const Endpoint& end, const Ends& ends) {
  nfct_set_attr_u16(tracked, ends.port, htons(end.port()));
  if (end.family() == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, end.data(), sizeof address);
    nfct_set_attr_u32(tracked, ends.v4, address.sin_addr.s_addr);
  } else {
    sockaddr_in6 address{};
    std::memcpy(&address, end.data(), sizeof address);
    nfct_set_attr(tracked, ends.v6, &address.sin6_addr);
  }
}

bool is_open(std::uint8_t state) {
  return state == TCP_CONNTRACK_SYN_RECV || state == TCP_CONNTRACK_ESTABLISHED ||
         state == TCP_CONNTRACK_FIN_WAIT || state == TCP_CONNTRACK_CLOSE_WAIT;
}

int take(nf_conntrack_msg_type, nf_conntrack* tracked, void* flows) {
  const std::uint32_t mark = nfct_get_attr_u32(tracked, ATTR_MARK);
  const int family = nfct_get_attr_u8(tracked, ATTR_ORIG_L3PROTO);
  const bool tcp = nfct_get_attr_u8(tracked, ATTR_ORIG_L4PROTO) == IPPROTO_TCP;
  if (!tcp || (mark & mark_prefix_mask) != mark_prefix) return NFCT_CB_CONTINUE;
  Flow flow;
  flow.client = endpoint(tracked, family, from_client);
  flow.at = endpoint(tracked, family, to_bind);
  flow.server = endpoint(tracked, family, from_server);
  flow.source = endpoint(tracked, family, to_source);
  flow.mark = mark;
  flow.replied = (nfct_get_attr_u32(tracked, ATTR_STATUS) & IPS_SEEN_REPLY) != 0;
  flow.open = is_open(nfct_get_attr_u8(tracked, ATTR_TCP_STATE));
  static_cast<std::vector<Flow>*>(flows)->push_back(std::move(flow));
  return NFCT_CB_CONTINUE;
}

struct FreeFilter {
  void operator()(nfct_filter_dump* filter) const { ::nfct_filter_dump_destroy(filter); }
};
struct FreeTracked {
  void operator()(nf_conntrack* tracked) const { ::nfct_destroy(tracked); }
};

}  // namespace

void Conntrack::Close::operator()(nfct_handle* handle) const { ::nfct_close(handle); }

Conntrack::Conntrack() : handle_(::nfct_open(CONNTRACK, 0)) {}

Expected<std::vector<Flow>> Conntrack::ours() {
  const auto failed = [] {
    return Error{std::string("conntrack cannot be asked: ") + std::strerror(errno)};
  };
  const std::unique_ptr<nfct_filter_dump, FreeFilter> filter(::nfct_filter_dump_create());
  if (!handle_ || !filter) return failed();
  const nfct_filter_dump_mark mark{mark_prefix, mark_prefix_mask};
  ::nfct_filter_dump_set_attr(filter.get(), NFCT_FILTER_DUMP_MARK, &mark);
  std::vector<Flow> flows;
  ::nfct_callback_register(handle_.get(), NFCT_T_ALL, take, &flows);
  const int result = ::nfct_query(handle_.get(), NFCT_Q_DUMP_FILTER, filter.get());
  const int error = errno;
  ::nfct_callback_unregister(handle_.get());
  errno = error;
  if (result < 0) return failed();
  return flows;
}

void Conntrack::forget(const Flow& flow) {
  const std::unique_ptr<nf_conntrack, FreeTracked> tracked(::nfct_new());
  if (!handle_ || !tracked) return;
  nfct_set_attr_u8(tracked.get(), ATTR_ORIG_L3PROTO,
                   static_cast<std::uint8_t>(flow.client.family()));
  nfct_set_attr_u8(tracked.get(), ATTR_ORIG_L4PROTO, IPPROTO_TCP);
  set_end(tracked.get(), flow.client, from_client);
  set_end(tracked.get(), flow.at, to_bind);
  ::nfct_query(handle_.get(), NFCT_Q_DESTROY, tracked.get());
}

}  // namespace novip::kernel
