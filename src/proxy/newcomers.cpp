#include "proxy/newcomers.h"

#include <algorithm>

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

void Newcomers::give_way(const Full& full) {
  Session* const oldest = oldest_within(full);
  if (is_late(oldest))
    end(*oldest, "clients wait for a place (maxconn) while others have connected and say nothing");
}

Session* Newcomers::oldest_within(const Full& full) {
  if (!full.frontend) return oldest_of_all();
  if (*full.frontend >= waiting_.size()) return nullptr;
  Waiting& waiting = waiting_[*full.frontend];
  const auto oldest = std::ranges::find_if(waiting, [&](const Session& session) {
    return full.bind == nullptr || session.came_by(*full.bind) || !is_late(&session);
  });
  return oldest != waiting.end() ? &*oldest : nullptr;
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
                     session.frontend().name.c_str(), why.c_str(), session.info().client.c_str()));
  session.end(Cause::client_timeout);
}

}  // namespace novip::proxy
