#include "config/line_format.h"

#include <gtest/gtest.h>

#include "reading.h"

namespace novip::config {
namespace {

std::string fault(const char* text) {
  const auto format = parse_line_format(text);
  return format ? "" : format.error().message;
}

TEST(LineFormat, Pieces) {
  const auto format = *parse_line_format("%ci  to %{+Q,+X}bi");
  ASSERT_EQ(format.pieces.size(), 5u);
  EXPECT_EQ(format.pieces[0].field, LineField::client_ip);
  EXPECT_EQ(format.pieces[1].field, LineField::space);
  EXPECT_EQ(format.pieces[2].text, "to");
  EXPECT_TRUE(format.pieces[4].quoted && format.pieces[4].hexadecimal);
  EXPECT_TRUE(format.of_sockets);
  EXPECT_FALSE(format.of_end);
  EXPECT_TRUE(tcplog_format().of_end);
}

TEST(LineFormat, Faults) {
  EXPECT_EQ(fault("%nope"), "no such variable 'nope'; '%%' is a single '%'");
  EXPECT_EQ(fault("%ci %"), "truncated line after '%'");
  EXPECT_EQ(fault("%{+Q"), "truncated line after '{+Q'");
  EXPECT_EQ(fault("%-"), "no variable begins with '-'; '%%' is a single '%'");
  EXPECT_EQ(fault("%[src]"),
            "sample expressions such as '%[src]' are not supported: use the variables of 'Custom "
            "log format', such as %ci");
  EXPECT_EQ(fault("%HM"), "variable 'HM' is reserved for HTTP mode");
}

TEST(LineFormat, TheLastOneCounts) {
  EXPECT_EQ(listen(" log /dev/log local0\n option tcplog\n log-format %ci\n").log_format,
            *parse_line_format("%ci"));
  const Proxy proxy = listen(" log /dev/log local0\n log-format %ci\n option tcplog\n");
  EXPECT_TRUE(proxy.tcplog);
  EXPECT_FALSE(proxy.log_format);
}

TEST(LineFormat, OfHttpIsForHttp) {
  EXPECT_EQ(told_of_listen(" log /dev/log local0\n log-format %HM\n"),
            "8! 'log-format' of listen 'a': variable 'HM' is reserved for HTTP mode\n");
  EXPECT_EQ(told_of_listen(" mode http\n stats enable\n log-format %HM\n"), "");
}

}  // namespace
}  // namespace novip::config
