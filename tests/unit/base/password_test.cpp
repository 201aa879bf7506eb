#include "base/password.h"

#include <gtest/gtest.h>

namespace novip {
namespace {

TEST(Password, HashesOfCrypt) {
  const std::string hash = "$5$s$oCJQ8pz2oyl6hgzly.hQ0W7Sgcl8Kr7EadnBpVm7huD";
  EXPECT_TRUE(is_password_hash(hash));
  EXPECT_TRUE(is_hash_of(hash, "secret"));
  EXPECT_FALSE(is_hash_of(hash, "Secret"));
  EXPECT_FALSE(is_hash_of(hash, ""));
  EXPECT_FALSE(is_password_hash("secret!"));
  EXPECT_FALSE(is_password_hash(""));
  EXPECT_FALSE(is_hash_of("*", "*"));
  EXPECT_FALSE(is_hash_of("", ""));
}

}  // namespace
}  // namespace novip
