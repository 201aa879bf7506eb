#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "proxy/poller.h"
#include "proxy/server_tls.h"
#include "proxy/set_up.h"

namespace novip::proxy {

/// A cancel request on its way to one server or to several: each gets it on a connection of its
/// own, and ends that once it has acted on it.
class CancelDelivery {
 public:
  /// `events` are told server_ready when the last server is done; they outlive this.
  CancelDelivery(Poller& poller, SetUpEvents& events);
  CancelDelivery(const CancelDelivery&) = delete;
  CancelDelivery& operator=(const CancelDelivery&) = delete;
  ~CancelDelivery();

  /// What goes out once a connection is established.
  struct Message {
    std::string header;  // PROXY's; may be empty
    std::string packet;
    std::unique_ptr<ServerTls> encryption;  // of the packet; null: none
  };
  /// `connecting`: under way, non-blocking.
  void send(UniqueFd connecting, Message message);
  bool done() const { return under_way_ == 0; }

 private:
  class Attempt;
  void finished();

  Poller& poller_;
  SetUpEvents& events_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  unsigned under_way_ = 0;
};

}  // namespace novip::proxy
