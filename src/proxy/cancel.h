#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "proxy/poller.h"
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

  /// `connecting`: under way, non-blocking. `bytes` go out once it is established.
  void send(UniqueFd connecting, std::string bytes);
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
