#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http_listener.h"
#include "base/clock.h"
#include "base/expected.h"
#include "base/fd.h"
#include "cluster/instance.h"
#include "config/model.h"

namespace novip::agent {

/// The role of the local PostgreSQL as far as it is known. Unknown is never production.
enum class Role { unavailable, standby, production };

/// What the text port says: "production\n", "standby\n" or "unavailable: REASON\n".
struct Answer {
  Role role = Role::unavailable;
  std::string reason;  // for unavailable: one of our own phrases, see safe_reason()
};
std::string text(const Answer& answer);
Answer answer_of(const cluster::Instance& instance);

/// A reason that can be sent to a health check: never contains "production" or "standby", in any
/// case, and is one printable line. A client's `expect string production` matches anywhere in the
/// answer, so a database or socket called "production" must not reach it.
std::string safe_reason(std::string_view reason);

/// Watches one PostgreSQL over one persistent libpq connection and answers on the text ports and,
/// in Patroni's dialect, on the HTTP ports, where it also pushes each change to whoever subscribed
/// (/events). Has a thread of its own: a flood of connections on its ports delays neither checks
/// nor sessions.
class Agent {
 public:
  /// `listeners` and `http`: listening sockets of all of `settings.binds` and `settings.http`.
  /// `log` is called on the agent's thread with each change of role, in plain words (the full libpq
  /// error included).
  Agent(const config::State& settings, std::vector<UniqueFd> listeners,
        std::vector<HttpListener> http, std::function<void(const std::string&)> log);
  ~Agent();  // stops and joins

  /// Told on the agent's thread of each change of role, and often enough for what is told to be
  /// kept true until it is told again: until when it is known, of a standby that may be promoted
  /// any moment for an interval only. Before start().
  std::function<void(const cluster::Instance&, TimePoint until)> on_known;

  void start();
  void stop();
  /// The TLS of each HTTP port from now on, in the order in which they were given. Thread-safe.
  void renew(const std::vector<HttpListener>& http);
  /// What the primary says of this node: whether it is a synchronous standby, and where the primary
  /// is (0: not known). Thread-safe.
  void told(cluster::SyncState sync, cluster::Lsn primary = 0);
  Answer answer() const;  // thread-safe; now, the lease taken into account

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

/// `novip state --postgres CONNINFO`: asks once, within `timeout`. Blocking. (libpq looks up a host
/// name by itself, and neither this timeout nor the agent's lease bounds that: a socket folder or a
/// numeric address has no such wait.)
Answer ask_once(const std::string& conninfo, Milliseconds timeout);

}  // namespace novip::agent
