#include "base/fd.h"

#include <fcntl.h>

#include <gtest/gtest.h>

namespace novip {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

UniqueFd open_something() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(UniqueFd, ClosesWhatItOwns) {
  int number = -1;
  {
    const UniqueFd fd = open_something();
    number = fd.get();
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, DescriptorZeroIsOne) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd);
  fd.release();
}

TEST(UniqueFd, GivesAway) {
  UniqueFd first = open_something();
  const int number = first.get();
  UniqueFd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  const UniqueFd third(second.release());
  EXPECT_FALSE(second);
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, AssignmentClosesTheFormer) {
  UniqueFd fd = open_something();
  UniqueFd other = open_something();
  const int former = fd.get(), latter = other.get();
  fd = std::move(other);
  EXPECT_FALSE(is_open(former));
  EXPECT_TRUE(is_open(latter));
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(latter)) << "assigned to itself";
  fd.reset();
  EXPECT_FALSE(is_open(latter));
}

}  // namespace
}  // namespace novip
