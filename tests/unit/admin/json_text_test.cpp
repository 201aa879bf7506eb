#include "admin/json_text.h"

#include <gtest/gtest.h>

namespace novip::admin {
namespace {

TEST(JsonText, StringsAreEscaped) {
  EXPECT_EQ(json_string("a \"b\" \\ c"), R"("a \"b\" \\ c")");
  EXPECT_EQ(json_string("a\n\x7f"), R"("a\u000a\u007f")");
  EXPECT_EQ(json_string("\u00fc\u2192\U0001F600"), "\"\u00fc\u2192\U0001F600\"");
}

TEST(JsonText, BytesThatAreNoUtf8AreReplaced) {
  for (const auto* const bytes : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"})
    EXPECT_EQ(json_string(bytes).substr(0, 7), R"("\ufffd)") << bytes;
  EXPECT_EQ(json_string("\xe2\x86z"), R"("\ufffd\ufffdz")");
}

TEST(JsonText, ObjectsAndLists) {
  JsonList list;
  EXPECT_EQ(JsonList().take(), "[]");
  list.text("x");
  list.raw("1");
  JsonObject object;
  object.text("a", "b").number("n", -3).flag("f", true).raw("l", list.take());
  EXPECT_EQ(object.take(), R"({"a":"b","n":-3,"f":true,"l":["x",1]})");
}

}  // namespace
}  // namespace novip::admin
