#include "proxy/queue.h"

namespace novip::proxy {

TimePoint WaitQueue::since() const {
  return waiting_.empty() ? TimePoint::max() : waiting_.front().waiting_since();
}

void WaitQueue::serve(bool any_server) {
  // Those that are served go on at once, and may come back to the end of the queue (a redispatch):
  // they are not looked at again in this call.
  Waiting turn, unserved;
  turn.swap(waiting_);
  while (!turn.empty()) {
    Session& first = turn.front();
    turn.pop_front();
    if (first.serve()) continue;
    unserved.push_back(first);
    if (any_server) break;
  }
  unserved.splice(unserved.end(), turn);
  waiting_.splice(waiting_.begin(), unserved);
}

}  // namespace novip::proxy
