#pragma once

#include <utility>

#include <boost/intrusive/list.hpp>

#include "proxy/deadlines.h"
#include "proxy/session.h"

namespace novip::proxy {

class Loop;

/// The clients of one backend that wait on this worker until a server can serve them, in the order
/// in which they came; and how many of those that have one are being started on it. A session that
/// ends leaves by itself.
class Hold final : public Timed {
 public:
  explicit Hold(Loop& loop) : loop_(loop) {}
  ~Hold() override;

  /// A session that is being started, until its server has answered it or was no good.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : hold_(std::exchange(other.hold_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(hold_, other.hold_);
      return *this;
    }
    ~Turn() { over(false); }
    /// `answered`: the server takes sessions.
    void over(bool answered) {
      if (hold_) std::exchange(hold_, nullptr)->turn_over(answered);
    }

   private:
    friend class Hold;
    explicit Turn(Hold& hold) : hold_(&hold) {}
    Hold* hold_ = nullptr;
  };

  /// Whether one that comes now may look for a server at once: nobody waits who could have it.
  bool open() const;
  /// In the order of arrival: one that had a server and lost it goes before those who came later.
  void join(Session& session);
  Turn take_turn();
  /// Every server that is said to be usable refused: a moment's pause, and then one session alone
  /// tries whether they still do.
  void pause();
  /// There is news of the servers.
  void resume();
  /// Lets those go on, in order, whose turn it is.
  void serve();

  void deadline_reached() override;

 private:
  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;

  bool has_room() const { return !paused_ && starting_ < limit_; }
  void turn_over(bool answered);

  Loop& loop_;
  Waiting waiting_;
  unsigned starting_ = 0;
  unsigned limit_ = at_one_time;
  bool paused_ = false;

  /// Each start forks a process on the server. So many keep it busy, be it that a thousand wait,
  /// and leave it room to do the first ones' work.
  static constexpr unsigned at_one_time = 32;
};

}  // namespace novip::proxy
