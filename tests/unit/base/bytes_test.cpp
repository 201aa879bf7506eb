#include "base/bytes.h"

#include <gtest/gtest.h>

namespace novip {
namespace {

using namespace std::string_literals;

TEST(ByteReader, ReadsNetworkOrder) {
  const std::string bytes = "\x01\x02\x03\x80\x00\x00\xff rest"s;
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x800000ffu);
  EXPECT_EQ(reader.take(1), " ");
  EXPECT_EQ(reader.rest(), "rest");
}

TEST(ByteReader, PastTheEndGivesNothingAndStays) {
  ByteReader reader("abc");
  EXPECT_FALSE(reader.u32());
  EXPECT_FALSE(reader.take(4));
  EXPECT_FALSE(reader.take(std::size_t(-1)));
  EXPECT_EQ(reader.rest(), "abc");
  EXPECT_EQ(reader.u16(), 0x6162);
  EXPECT_FALSE(reader.u16());
  EXPECT_EQ(reader.u8(), 0x63);
  EXPECT_FALSE(reader.u8());
  EXPECT_EQ(reader.take(0), "");
}

TEST(ByteReader, ReadsZeroTerminatedStrings) {
  const std::string bytes = "user\0\0alice"s;
  ByteReader reader(bytes);
  EXPECT_EQ(reader.c_string(), "user");
  EXPECT_EQ(reader.c_string(), "");
  EXPECT_FALSE(reader.c_string()) << "no zero byte";
  EXPECT_EQ(reader.rest(), "alice");
}

TEST(Append, WritesWhatTheReaderReads) {
  std::string out = "x";
  append_u16(out, 0xfe01);
  append_u32(out, 0x80000002);
  EXPECT_EQ(out, "x\xfe\x01\x80\x00\x00\x02"s);
  ByteReader reader(std::string_view(out).substr(1));
  EXPECT_EQ(reader.u16(), 0xfe01);
  EXPECT_EQ(reader.u32(), 0x80000002u);
}

}  // namespace
}  // namespace novip
