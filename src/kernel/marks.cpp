#include "kernel/marks.h"

namespace novip::kernel {

/// Its rules may be about to give some that no session has yet.
void Marks::begin_after(std::uint32_t mark) { last_ = before_ = mark | 0xffff; }

void Marks::adopt(std::uint32_t mark, const Path& path) {
  living_[mark] = path;
  adopted_.insert(mark);
}

/// Numbers begin again after the last one.
bool Marks::is_foreign(std::uint32_t mark) const {
  constexpr std::uint32_t half = (~mark_prefix_mask + 1) / 2;
  return before_ != 0 && ((before_ - mark) & ~mark_prefix_mask) < half && !adopted_.contains(mark);
}

bool Marks::follow(const cluster::Snapshot& snapshot) {
  const auto must_end = [&](const Path& path) {
    const auto& server = snapshot.proxies[path.backend].servers[path.server];
    const auto known = epochs_.find({path.backend, path.server});
    return known != epochs_.end() && known->second != server.epoch &&
           server.cut != cluster::Cut::none;
  };
  const auto before = living_.size();
  std::erase_if(newest_, [&](const auto& entry) { return must_end(entry.first); });
  std::erase_if(living_, [&](const auto& entry) { return must_end(entry.second); });
  for (std::size_t b = 0; b < snapshot.proxies.size(); ++b)
    for (std::size_t s = 0; s < snapshot.proxies[b].servers.size(); ++s)
      epochs_[{b, s}] = snapshot.proxies[b].servers[s].epoch;
  return living_.size() != before;
}

std::uint32_t Marks::of(const Path& path) {
  const auto known = newest_.find(path);
  if (known != newest_.end()) return known->second;
  do last_ = mark_prefix | ((last_ + 1) & ~mark_prefix_mask);
  while (last_ == mark_prefix || living_.contains(last_));
  newest_[path] = last_;
  living_[last_] = path;
  return last_;
}

}  // namespace novip::kernel
