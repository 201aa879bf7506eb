#include "net/proxy_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace novip::net {
namespace {

using namespace std::literals;

Endpoint ip(const char* address, int port) {
  return *Endpoint::ip(address, static_cast<std::uint16_t>(port));
}

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

// The expected bytes are those HAProxy 2.6.12 sent.
TEST(ProxyHeaderV1, IsWrittenAsHAProxyDoes) {
  EXPECT_EQ(proxy_header_v1(ip("127.0.0.1", 37110), ip("127.0.0.1", 17999)),
            "PROXY TCP4 127.0.0.1 127.0.0.1 37110 17999\r\n");
  EXPECT_EQ(proxy_header_v1(ip("::1", 42350), ip("::1", 17999)),
            "PROXY TCP6 ::1 ::1 42350 17999\r\n");
  EXPECT_EQ(proxy_header_v1(ip("::ffff:127.0.0.1", 37118), ip("::ffff:127.0.0.1", 17999)),
            "PROXY TCP6 ::ffff:127.0.0.1 ::ffff:127.0.0.1 37118 17999\r\n");
  const auto path = *Endpoint::unix_path("/run/x");
  EXPECT_EQ(proxy_header_v1(path, path), "PROXY UNKNOWN\r\n");
}

TEST(ProxyHeaderV2, IsWrittenAsHAProxyDoes) {
  EXPECT_EQ(proxy_header_v2(ip("127.0.0.1", 37122), ip("127.0.0.1", 17999)),
            signature + "!\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\x91\x02\x46\x4f"s);
  const auto one = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"s;
  EXPECT_EQ(proxy_header_v2(ip("::1", 58168), ip("::1", 17999)),
            signature + "!!\x00\x24"s + one + one + "\xe3\x38\x46\x4f"s);
  const auto path = *Endpoint::unix_path("/run/x");
  EXPECT_EQ(proxy_header_v2(path, path), signature + "\x20\0\0\0"s);
  EXPECT_EQ(proxy_header_v2({}, {}), signature + "\x20\0\0\0"s);
}

TEST(ParseProxyHeader, ReadsBackWhatIsWritten) {
  const std::pair<Endpoint, Endpoint> pairs[] = {{ip("10.0.0.1", 1), ip("10.0.0.2", 65535)},
                                                 {ip("fe80::1", 2), ip("2001:db8::2", 5432)}};
  for (const auto& [source, destination] : pairs) {
    for (const auto write : {proxy_header_v1, proxy_header_v2}) {
      const auto header = write(source, destination);
      const auto parsed = parse_proxy_header(header + "after");
      ASSERT_EQ(parsed.state, HeaderState::complete);
      EXPECT_EQ(parsed.header.source, source);
      EXPECT_EQ(parsed.header.destination, destination);
      EXPECT_EQ(parsed.header.length, header.size());
    }
  }
}

TEST(ParseProxyHeader, AsksForMoreUntilTheLastByte) {
  for (const auto write : {proxy_header_v1, proxy_header_v2}) {
    const auto header = write(ip("10.0.0.1", 1), ip("10.0.0.2", 2));
    for (std::size_t size = 0; size < header.size(); ++size)
      EXPECT_EQ(parse_proxy_header(header.substr(0, size)).state, HeaderState::incomplete) << size;
  }
}

TEST(ParseProxyHeader, LearnsNoAddressFromUnknownAndLocal) {
  for (const auto& header : {"PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN what ever\r\n"s,
                             signature + "\x20\0\0\0"s, signature + "\x21\x31\0\0"s}) {
    const auto parsed = parse_proxy_header(header);
    ASSERT_EQ(parsed.state, HeaderState::complete);
    EXPECT_EQ(parsed.header.length, header.size());
    EXPECT_FALSE(parsed.header.source);
  }
}

TEST(ParseProxyHeader, SkipsExtensions) {
  auto header = proxy_header_v2(ip("10.0.0.1", 1), ip("10.0.0.2", 2));
  header[15] = 12 + 4;
  header += "\x04\0\1x"s;
  const auto parsed = parse_proxy_header(header + "after");
  ASSERT_EQ(parsed.state, HeaderState::complete);
  EXPECT_EQ(parsed.header.length, header.size());
  EXPECT_EQ(parsed.header.source, ip("10.0.0.1", 1));
}

TEST(ParseProxyHeader, RefusesWhatIsNoHeader) {
  const std::string bad[] = {
      "\0\0\0\x08\x04\xd2\x16\x2f"s,  // PostgreSQL's SSLRequest
      "GET / HTTP/1.0\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP6 [::1] ::1 1 2\r\n",
      "PROXY TCP4 1.2.3.4\0x 1.2.3.4 1 2\r\n"s,
      "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
      "PROXY UNKNOWN " + std::string(107, 'x'),
      signature + "\x31",  // version 3
      signature + "\x22",  // command 2
      signature + "\x21\x11\x00\x0b"s + std::string(11, 'x'),
      signature + "\x21\x21\x00\x0a"s + std::string(10, 'x'),
      signature + "\x21\x11\x02\x09"s,  // past the limit
  };
  for (const auto& bytes : bad)
    EXPECT_EQ(parse_proxy_header(bytes).state, HeaderState::invalid) << bytes;
}

}  // namespace
}  // namespace novip::net
