#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/expected.h"

namespace novip::net {

/// What the DNS says of a name.
struct ResolverAnswer {
  enum class Outcome {
    found,
    nx,  // no such name, or it has no address
    timeout,
    refused,  // by each server: its answer, or its closed port
    other,
  };
  Outcome outcome = Outcome::other;
  std::vector<Endpoint> addresses;  // IPv4 and IPv6 as they came, without a port
};

struct ResolverOptions {
  std::vector<Endpoint> servers;  // asked in this order; none: as in resolv.conf
  bool resolv_conf = false;       // resolv.conf's too, after those
  Milliseconds timeout{1000};     // for one question to one server
  unsigned tries = 3;
};

/// Asks name servers for addresses, through c-ares, without blocking. Only the DNS: not /etc/hosts,
/// no search domains (as HAProxy's `resolvers`). One thread.
class Resolver {
 public:
  using Done = std::function<void(ResolverAnswer)>;

  static Expected<std::unique_ptr<Resolver>> open(boost::asio::io_context& io,
                                                  const ResolverOptions& options);
  ~Resolver();  // questions that are open are never answered

  /// `done` is called later, from the io_context.
  void resolve(const std::string& name, Done done);

 private:
  class Channel;
  explicit Resolver(std::shared_ptr<Channel> channel);
  std::shared_ptr<Channel> channel_;
};

}  // namespace novip::net
