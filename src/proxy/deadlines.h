#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"

namespace novip::proxy {

/// Something that can be told that its time has come.
class Timed {
 public:
  virtual ~Timed() = default;
  virtual void deadline_reached() = 0;

 protected:
  Timed() = default;
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  friend class Deadlines;
  std::size_t position_ = 0;  // in the heap, from 1; 0: not in it
};

/// A limit of 0 is none: never.
inline TimePoint after(TimePoint start, Milliseconds limit) {
  return limit.count() > 0 ? start + limit : TimePoint::max();
}

/// At most one deadline for each of many sessions: a binary heap in which each knows its position,
/// so that one can be moved or taken out. A session that is only active does not touch it: it notes
/// the time, and sets its deadline anew when the old one is reached.
class Deadlines {
 public:
  void set(Timed& timed, TimePoint when);
  void cancel(Timed& timed);
  /// The earliest, or TimePoint::max().
  TimePoint next() const { return heap_.empty() ? TimePoint::max() : heap_.front().when; }
  /// Takes out each that is due at `now` and calls it; it may set itself again, or cancel others.
  void run(TimePoint now);
  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    TimePoint when;
    Timed* timed;
  };
  void put(std::size_t index, Entry entry);
  void sift_up(std::size_t index, Entry entry);
  void sift_down(std::size_t index, Entry entry);

  std::vector<Entry> heap_;
};

}  // namespace novip::proxy
