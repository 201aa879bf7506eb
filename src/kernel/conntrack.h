#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/endpoint.h"
#include "base/expected.h"

struct nfct_handle;

namespace novip::kernel {

/// One session as the kernel tracks it.
struct Flow {
  Endpoint client;  // who connected
  Endpoint at;      // where to: an address of a `bind`
  Endpoint server;  // where it was led to
  Endpoint source;  // as whom the server sees the client
  std::uint32_t mark = 0;
  bool replied = false;  // the server ever answered
  bool open = false;     // connected, and neither side has ended it
};

/// The kernel's table of connections, over libnetfilter_conntrack. Blocks on the kernel; one
/// thread.
class Conntrack {
 public:
  Conntrack();

  /// Those whose mark begins with mark_prefix.
  Expected<std::vector<Flow>> ours();
  /// Packets of this session are no longer translated: they are strangers to this machine, which
  /// refuses them. One that is gone already is no error.
  void forget(const Flow& flow);

 private:
  struct Close {
    void operator()(nfct_handle* handle) const;
  };
  std::unique_ptr<nfct_handle, Close> handle_;
};

}  // namespace novip::kernel
