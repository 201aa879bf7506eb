#include "proxy/hold.h"

#include <algorithm>

#include "proxy/loop.h"

namespace novip::proxy {

namespace {

/// Between two attempts on a server that refuses while it is said to be usable.
constexpr Milliseconds retry_pause{20};

}  // namespace

Hold::~Hold() { loop_.deadlines().cancel(*this); }

bool Hold::open() const {
  return has_room() &&
         std::ranges::all_of(waiting_, [](const Session& held) { return held.is_particular(); });
}

void Hold::join(Session& session) {
  // The one that comes back came before most who wait; a new one came after all of them.
  auto place = waiting_.end();
  if (!waiting_.empty() && waiting_.back().id() > session.id()) {
    place = waiting_.begin();
    while (place->id() < session.id()) ++place;
  }
  waiting_.insert(place, session);
}

Hold::Turn Hold::take_turn() {
  ++starting_;
  return Turn(*this);
}

void Hold::turn_over(bool answered) {
  --starting_;
  if (answered) limit_ = at_one_time;
  if (!waiting_.empty()) loop_.hold_changed();
}

void Hold::pause() {
  paused_ = true;
  limit_ = 1;
  loop_.deadlines().set(*this, loop_.now() + retry_pause);
}

void Hold::resume() {
  limit_ = at_one_time;
  deadline_reached();
}

void Hold::deadline_reached() {
  paused_ = false;
  loop_.deadlines().cancel(*this);
  if (!waiting_.empty()) loop_.hold_changed();
}

/// One that finds no server speaks for all who come after it, unless it may not have all of them.
void Hold::serve() {
  for (auto next = waiting_.begin(); next != waiting_.end() && has_room();) {
    Session& session = *next++;
    if (!session.serve_held() && !session.is_particular()) break;
  }
}

}  // namespace novip::proxy
