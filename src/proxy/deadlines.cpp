#include "proxy/deadlines.h"

namespace novip::proxy {

void Deadlines::put(std::size_t index, Entry entry) {
  heap_[index] = entry;
  entry.timed->position_ = index + 1;
}

void Deadlines::sift_up(std::size_t index, Entry entry) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent].when <= entry.when) break;
    put(index, heap_[parent]);
    index = parent;
  }
  put(index, entry);
}

void Deadlines::sift_down(std::size_t index, Entry entry) {
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].when < heap_[child].when) ++child;
    if (entry.when <= heap_[child].when) break;
    put(index, heap_[child]);
    index = child;
  }
  put(index, entry);
}

void Deadlines::set(Timed& timed, TimePoint when) {
  if (timed.position_ == 0) {
    heap_.push_back({when, &timed});
    sift_up(heap_.size() - 1, {when, &timed});
    return;
  }
  const std::size_t index = timed.position_ - 1;
  if (when < heap_[index].when)
    sift_up(index, {when, &timed});
  else
    sift_down(index, {when, &timed});
}

void Deadlines::cancel(Timed& timed) {
  if (timed.position_ == 0) return;
  const std::size_t index = timed.position_ - 1;
  timed.position_ = 0;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.when < heap_[(index - 1) / 2].when)
    sift_up(index, last);
  else
    sift_down(index, last);
}

void Deadlines::run(TimePoint now) {
  while (next() <= now) {
    Timed& due = *heap_.front().timed;
    cancel(due);
    due.deadline_reached();
  }
}

}  // namespace novip::proxy
