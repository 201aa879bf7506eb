#pragma once

#include <chrono>
#include <optional>

namespace novip {

/// TCP keep-alive, in HAProxy's terms (`option clitcpka`, `clitcpka-idle`, …).
struct Keepalive {
  std::optional<bool> enabled;  // none: nothing was said of it
  unsigned count = 0;  // probes; 0, here and below: the kernel's (net.ipv4.tcp_keepalive_*)
  std::chrono::seconds idle{0};  // before the first
  std::chrono::seconds interval{0};

  friend bool operator==(const Keepalive&, const Keepalive&) = default;
};

}  // namespace novip
