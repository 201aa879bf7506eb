#include "postgres/sync_state.h"

namespace novip::postgres {

namespace {

using cluster::SyncState;

struct Named {
  SyncState state;
  std::string_view word;
};
constexpr Named names[] = {{SyncState::async, "async"},
                           {SyncState::potential, "potential"},
                           {SyncState::quorum, "quorum"},
                           {SyncState::sync, "sync"}};

}  // namespace

std::string_view word_of(SyncState state) {
  for (const auto& name : names)
    if (name.state == state) return name.word;
  return {};
}

SyncState parse_sync_state(std::string_view word) {
  for (const auto& name : names)
    if (name.word == word) return name.state;
  return SyncState::unknown;
}

}  // namespace novip::postgres
