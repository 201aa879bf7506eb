#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/network.h"
#include "base/seldom.h"

namespace novip::agent {

/// Who may come to the state ports, and how often: judged before anything is read. What is no IP
/// address (a Unix socket's client) is judged by the socket's mode. Pure: time is passed in; memory
/// is bounded, whatever addresses come. One thread.
class Admission {
 public:
  /// `allow`: empty for everybody. `rate`: connections of one address (of IPv6: of one /64) in a
  /// second; 0: any number. `log` is told who was refused, at most once a minute.
  Admission(Networks allow, unsigned rate, std::function<void(const std::string&)> log);

  bool admits(const Endpoint& client, TimePoint now);
  /// Tells of one who was refused later on.
  void refused(const Endpoint& client, const char* why, TimePoint now);

 private:
  bool is_hasty(const Endpoint& client, TimePoint now);

  Networks allow_;
  unsigned rate_;
  std::function<void(const std::string&)> log_;
  TimePoint second_{};  // that `counts_` is of
  std::unordered_map<std::string, unsigned> counts_;
  Seldom lines_;
  unsigned untold_ = 0;
};

/// What an address counts under: an IPv6 client has a whole /64 to come from.
std::string source_of(const Endpoint& client);

}  // namespace novip::agent
