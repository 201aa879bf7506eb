#include "proxy/newcomers.h"

#include "base/text.h"
#include "proxy/loop.h"

namespace novip::proxy {

Place Newcomers::join(Session& session, unsigned most) {
  crowded_ = count_.now() >= most;
  if (crowded_ && !waiting_.empty()) make_room(most);
  waiting_.push_back(session);
  return Place::take(count_);
}

/// Nobody is ended who may still be about to speak: a storm of clients after a switchover is none
/// of silent ones.
void Newcomers::make_room(unsigned most) {
  Session& oldest = waiting_.front();
  if (loop_.now() - oldest.waiting_since() < patience_in_crowd) return;
  waiting_.pop_front();
  if (lines_.due(loop_.now()))
    loop_.log(oldest.frontend(), Severity::warning,
              format("Proxy %s: more than %u clients of a thread have connected and say nothing "
                     "(maxstarting); those that are silent for a second are closed, such as one "
                     "from %s.",
                     oldest.frontend().name.c_str(), most, oldest.info().client.c_str()));
  oldest.end(Cause::client_timeout);
}

}  // namespace novip::proxy
