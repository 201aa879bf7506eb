#include "cluster/stick_table.h"

#include <gtest/gtest.h>

namespace novip::cluster {
namespace {

using std::chrono::seconds;

struct Table : StickTable {
  explicit Table(std::size_t size, Milliseconds expire = Milliseconds(0), bool nopurge = false) {
    configure({false, size, expire, nopurge});
  }
  TimePoint now{seconds(1000)};
  void put(const char* client, std::size_t server) {
    store(*key_named(client, false), server, now);
  }
  std::optional<std::size_t> of(const char* client) { return find(*key_named(client, false), now); }
};

TEST(StickTable, TheOneNotSeenForLongestIsForgotten) {
  Table table(2);
  table.put("10.0.0.1", 1);
  table.put("10.0.0.2", 2);
  EXPECT_EQ(table.of("10.0.0.1"), 1u);
  table.put("10.0.0.3", 3);
  EXPECT_FALSE(table.of("10.0.0.2"));
  EXPECT_EQ(table.of("10.0.0.1"), 1u);
  EXPECT_EQ(table.of("10.0.0.3"), 3u);
  EXPECT_EQ(table.used(table.now), 2u);
}

TEST(StickTable, NopurgeTakesNoMore) {
  Table table(1, Milliseconds(0), true);
  table.put("10.0.0.1", 1);
  table.put("10.0.0.2", 2);
  EXPECT_EQ(table.of("10.0.0.1"), 1u);
  EXPECT_FALSE(table.of("10.0.0.2"));
  table.put("10.0.0.1", 2);
  EXPECT_EQ(table.of("10.0.0.1"), 2u);
}

TEST(StickTable, ExpiresUnlessSeen) {
  Table table(10, seconds(30));
  table.put("10.0.0.1", 1);
  table.put("10.0.0.2", 2);
  table.now += seconds(20);
  EXPECT_EQ(table.of("10.0.0.1"), 1u);
  table.now += seconds(20);
  EXPECT_EQ(table.of("10.0.0.1"), 1u);
  EXPECT_FALSE(table.of("10.0.0.2"));
  EXPECT_EQ(table.entries(table.now).size(), 1u);
  table.now += seconds(30);
  EXPECT_EQ(table.used(table.now), 0u);
}

TEST(StickTable, AReloadKeepsWhatFits) {
  Table table(3);
  for (const char* client : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) table.put(client, 1);
  table.configure({false, 2, Milliseconds(0), false});
  EXPECT_FALSE(table.of("10.0.0.1"));
  EXPECT_EQ(table.of("10.0.0.3"), 1u);
  table.configure({true, 2, Milliseconds(0), false});
  EXPECT_EQ(table.used(table.now), 0u);
  table.configure({});
  table.put("10.0.0.1", 1);  // none may be kept
  EXPECT_FALSE(table.of("10.0.0.1"));
}

TEST(StickTable, EraseAndClear) {
  Table table(3);
  table.put("10.0.0.1", 1);
  table.put("10.0.0.2", 1);
  EXPECT_TRUE(table.erase(*key_named("10.0.0.1", false)));
  EXPECT_FALSE(table.erase(*key_named("10.0.0.1", false)));
  table.clear();
  EXPECT_EQ(table.used(table.now), 0u);
}

TEST(StickTable, Keys) {
  EXPECT_EQ(key_text(*key_named("10.0.0.1", false)), "10.0.0.1");
  EXPECT_EQ(key_text(*key_named("::1", true)), "::1");
  EXPECT_EQ(key_named("::ffff:10.0.0.1", false), key_named("10.0.0.1", false));
  EXPECT_EQ(key_named("10.0.0.1", true), key_named("::ffff:10.0.0.1", true));
  EXPECT_FALSE(key_named("::1", false));
  EXPECT_FALSE(key_named("nobody", false));
  EXPECT_FALSE(key_of(*Endpoint::unix_path("/x"), true));
}

}  // namespace
}  // namespace novip::cluster
