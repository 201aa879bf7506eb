#include "proxy/newcomers.h"

#include "base/text.h"
#include "proxy/loop.h"

namespace novip::proxy {

Place Newcomers::join(Session& session, unsigned most) {
  crowded_ = count_.now() >= most;
  Session* const oldest = crowded_ ? oldest_of_all() : nullptr;
  if (is_late(oldest))
    end(*oldest, format("more than %u clients of a thread have connected and say nothing "
                        "(maxstarting)",
                        most));
  while (waiting_.size() <= session.frontend_index()) waiting_.emplace_back();
  waiting_[session.frontend_index()].push_back(session);
  return Place::take(count_);
}

bool Newcomers::give_way(std::size_t frontend) {
  const bool any = frontend < waiting_.size() && !waiting_[frontend].empty();
  const bool full = loop_.load().connections.now() >= loop_.snapshot().maxconn;
  Session* const oldest = any    ? &waiting_[frontend].front()
                          : full ? oldest_of_all()
                                 : nullptr;
  if (!is_late(oldest)) return false;
  end(*oldest, "clients wait for a place (maxconn) while others have connected and say nothing");
  return true;
}

Session* Newcomers::oldest_of_all() {
  Session* oldest = nullptr;
  for (Waiting& waiting : waiting_)
    if (!waiting.empty() &&
        (oldest == nullptr || waiting.front().waiting_since() < oldest->waiting_since()))
      oldest = &waiting.front();
  return oldest;
}

/// Nobody is ended who may still be about to speak: a storm of clients after a switchover is none
/// of silent ones.
bool Newcomers::is_late(const Session* session) const {
  return session != nullptr && loop_.now() - session->waiting_since() >= patience_in_crowd;
}

void Newcomers::end(Session& session, const std::string& why) {
  session.ListHook<QueueTag>::unlink();
  if (lines_.due(loop_.now()))
    loop_.log(session.frontend(), Severity::warning,
              format("Proxy %s: %s; those that are silent for a second are closed, such as one "
                     "from %s.",
                     session.frontend().name.c_str(), why.c_str(),
                     session.info().client.c_str()));
  session.end(Cause::client_timeout);
}

}  // namespace novip::proxy
