#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/model.h"
#include "probe/expect.h"

namespace novip::probe {

/// One line of a tcp-check, ready to run. Pointers are into the configuration.
using Step = std::variant<const config::CheckConnect*, const config::CheckSend*, Expectation>;

/// The check method of one backend, made ready once for all checks of its servers: patterns are
/// compiled, requests are written. The configuration must outlive it.
struct Script {
  explicit Script(const config::Proxy& proxy);

  std::vector<Step> steps;          // tcp-check
  std::vector<Expectation> expect;  // httpchk: at least one
  std::string request;              // httpchk, pgsql-check
};

/// The request of an HTTP check, byte for byte as HAProxy sends it.
std::string http_request(const config::HttpSend& send);

}  // namespace novip::probe
