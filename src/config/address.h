#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/expected.h"
#include "config/lookup.h"
#include "config/model.h"

namespace novip::config {

/// Where to listen: an address, or a descriptor that was inherited.
struct BindAddress {
  Endpoint address;
  std::optional<int> inherited;
};

/// One `bind` line, `state`'s and `stats socket`'s too, gives at most this many addresses.
constexpr std::size_t max_bind_addresses = 65536;

/// `*:5432`, `:5432-5440`, `[::]:5432,10.0.0.1:5432`, `/run/x.sock`, `abns@name`, `fd@3`, each with
/// ipv4@, ipv6@ or unix@ in front if wanted (configuration.txt, 4.2 "bind").
Expected<std::vector<BindAddress>> parse_bind_addresses(std::string_view text, Lookup& lookup);

/// Which port a host may be written with.
enum class PortForm { plain, offset_allowed, required };

/// The address of a server, a check, a log or a name server: `srv1:5434`, `10.0.0.1`, `[::1]:+100`,
/// `/run/x.sock`. Pure: a name is not resolved here; see resolve().
Expected<Host> parse_host(std::string_view text, PortForm form);

/// Finds the address of a host name. Nothing to do for a numeric or Unix one.
Status resolve(Host& host, Lookup& lookup);

}  // namespace novip::config
