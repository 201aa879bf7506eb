#include "kernel/marks.h"

#include "lab.h"

namespace novip::kernel {

namespace {

const std::string two = times +
                        "listen a\n bind :1\n forward kernel\n server s 10.0.0.1:1\n"
                        " server t 10.0.0.2:1\n";
constexpr Path s{0, 0, 0}, t{0, 0, 1};

}  // namespace

TEST(Marks, OneForEachPath) {
  Marks marks;
  const auto of_s = marks.of(s);
  EXPECT_EQ(marks.of(s), of_s);
  EXPECT_NE(marks.of(t), of_s);
  EXPECT_EQ(of_s & mark_prefix_mask, mark_prefix);
}

TEST(Marks, ServersWhoseSessionsMustEndGetANewOne) {
  const auto snapshot = snapshot_of(two);
  Marks marks;
  EXPECT_FALSE(marks.follow(*snapshot));
  const auto of_s = marks.of(s), of_t = marks.of(t);
  snapshot->proxies[0].servers[0].epoch = 1;
  snapshot->proxies[0].servers[0].cut = cluster::Cut::role_left;
  EXPECT_TRUE(marks.follow(*snapshot));
  EXPECT_FALSE(marks.living().contains(of_s));
  EXPECT_TRUE(marks.living().contains(of_t));
  EXPECT_NE(marks.of(s), of_s);
  EXPECT_FALSE(marks.follow(*snapshot));  // once
}

TEST(Marks, APredecessorsSessionsGoOnWithTheServer) {
  const auto snapshot = snapshot_of(two);
  Marks marks;
  marks.begin_after(mark_prefix + 7);
  marks.follow(*snapshot);
  EXPECT_TRUE(marks.is_foreign(mark_prefix + 5));
  marks.adopt(mark_prefix + 5, s);
  EXPECT_FALSE(marks.is_foreign(mark_prefix + 5));
  EXPECT_EQ(marks.of(s), mark_prefix + 0x10000);  // the predecessor's rules may give some more
  EXPECT_FALSE(marks.is_foreign(marks.of(s)));
  EXPECT_TRUE(marks.living().contains(mark_prefix + 5));
  snapshot->proxies[0].servers[0].epoch = 1;
  snapshot->proxies[0].servers[0].cut = cluster::Cut::role_left;
  marks.follow(*snapshot);
  EXPECT_TRUE(marks.living().empty());
}

TEST(Marks, NumbersBeginAgainAndSkipThoseInUse) {
  Marks marks;
  marks.begin_after(mark_prefix + 0xfffffe);
  EXPECT_TRUE(marks.is_foreign(mark_prefix + 0xfffff0));
  marks.adopt(mark_prefix + 1, t);
  EXPECT_EQ(marks.of(s), mark_prefix + 2);
  EXPECT_FALSE(marks.is_foreign(mark_prefix + 2));
}

}  // namespace novip::kernel
