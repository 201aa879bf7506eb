#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "proxy/session.h"

namespace novip::proxy {

/// Connect, then verify: the sessions of one worker that have a connection and wait for a state of
/// its server that is newer than the connection. Those that were connected in one turn share a
/// question, which is asked when the turn ends. A session that ends leaves by itself.
class Verification {
 public:
  /// Gives the session a `Session::verified()` in a later turn, or none when nobody answers.
  void join(Session& session, std::size_t proxy, std::size_t server);
  bool has_questions() const { return !unasked_.empty(); }
  void ask(const Shared& shared, unsigned worker);
  void answered(std::size_t proxy, std::size_t server, std::uint64_t ticket, bool qualifies);

 private:
  using Sessions = boost::intrusive::list<Session, Session::QueueLink,
                                          boost::intrusive::constant_time_size<false>>;
  struct Question {
    std::size_t proxy = 0, server = 0;
    Sessions sessions;
  };

  static void tell(Question question, bool qualifies);

  std::vector<Question> unasked_;
  std::map<std::uint64_t, Question> asked_;  // by ticket
  std::uint64_t last_ticket_ = 0;
};

}  // namespace novip::proxy
