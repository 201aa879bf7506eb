#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/rule_model.h"

namespace novip::cluster {

/// Which server a client had last (`stick-table`, `stick on`). At most `size` clients: the one that
/// was not seen for longest is forgotten for a new one. Pure: the time is passed in.
class StickTable {
 public:
  /// The bytes of an address, 4 or 16; see key_of().
  using Key = std::string;

  struct Entry {
    Key key;
    std::size_t server = 0;  // index in config::Proxy::servers
    TimePoint expires;       // TimePoint::max(): never
  };

  /// Keeps what it has, as far as that fits.
  void configure(const config::StickTable& settings);
  const config::StickTable& settings() const { return settings_; }

  /// The client was seen: its entry lives on from now.
  std::optional<std::size_t> find(const Key& key, TimePoint now);
  void store(const Key& key, std::size_t server, TimePoint now);
  bool erase(const Key& key);
  void clear();

  std::size_t used(TimePoint now);
  /// The one that was seen last comes last.
  std::vector<Entry> entries(TimePoint now);

 private:
  using Order = std::list<Entry>;  // the one to be forgotten first is the first

  void forget_expired(TimePoint now);
  void touch(Order::iterator entry, TimePoint now);
  void forget(Order::iterator entry);

  config::StickTable settings_;
  Order order_;
  std::unordered_map<Key, Order::iterator> by_key_;
};

/// What a table of this type keeps of a client; none: it keeps nothing of such a one.
std::optional<StickTable::Key> key_of(const Endpoint& address, bool ipv6);
/// "10.0.0.1", "::1".
std::string key_text(const StickTable::Key& key);
/// The key that such a text means; none: it is no address of this type.
std::optional<StickTable::Key> key_named(std::string_view text, bool ipv6);

/// The table of a backend, which all workers and the control thread use. A session asks once, while
/// it is set up, and needs the answer at once: two workers must not send one client to two servers.
/// So this is one of the few things that workers share; the lock is held for a look into a map.
class SharedStickTable {
 public:
  template <typename Use>
  auto with(Use use) {
    const std::lock_guard lock(mutex_);
    return use(table_);
  }

 private:
  std::mutex mutex_;
  StickTable table_;
};

}  // namespace novip::cluster
