#include "proxy/verification.h"

#include <algorithm>

namespace novip::proxy {

void Verification::join(Session& session, std::size_t proxy, std::size_t server) {
  auto question = std::ranges::find_if(unasked_, [&](const Question& other) {
    return other.proxy == proxy && other.server == server;
  });
  if (question == unasked_.end()) {
    unasked_.push_back({proxy, server, {}});
    question = std::prev(unasked_.end());
  }
  question->sessions.push_back(session);
}

void Verification::ask(const Shared& shared, unsigned worker) {
  for (Question& question : std::exchange(unasked_, {})) {
    if (question.sessions.empty()) continue;
    if (!shared.verify) {  // nobody knows
      tell(std::move(question), false);
      continue;
    }
    const std::size_t proxy = question.proxy, server = question.server;
    asked_.emplace(++last_ticket_, std::move(question));
    shared.verify(worker, proxy, server, last_ticket_);
  }
}

void Verification::answered(std::size_t proxy, std::size_t server, std::uint64_t ticket,
                            bool qualifies) {
  const auto found = asked_.find(ticket);
  if (found == asked_.end()) return;
  Question question = std::move(found->second);
  asked_.erase(found);
  const bool same = question.proxy == proxy && question.server == server;
  tell(std::move(question), same && qualifies);
}

void Verification::tell(Question question, bool qualifies) {
  while (!question.sessions.empty()) {
    Session& session = question.sessions.front();
    question.sessions.pop_front();
    session.verified(qualifies);
  }
}

}  // namespace novip::proxy
