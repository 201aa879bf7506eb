#include "config/address.h"

#include <gtest/gtest.h>

namespace novip::config {

namespace {

/// The addresses of a bind line, as text; or what is wrong with it.
std::string binds(std::string_view text) {
  Lookup lookup(false);
  const auto addresses = parse_bind_addresses(text, lookup);
  if (!addresses) return addresses.error().message;
  std::string result;
  for (const auto& bind : *addresses)
    result += (result.empty() ? "" : " ") +
              (bind.inherited ? "fd" + std::to_string(*bind.inherited) : bind.address.text());
  return result;
}

std::string address_failure(std::string_view text, PortForm form = PortForm::plain) {
  const auto host = parse_host(text, form);
  EXPECT_FALSE(host) << text;
  return host ? "" : host.error().message;
}

}  // namespace

TEST(BindAddress, Forms) {
  EXPECT_EQ(binds("*:5432"), "0.0.0.0:5432");
  EXPECT_EQ(binds(":5432"), "0.0.0.0:5432");
  EXPECT_EQ(binds("[::]:5432"), "[::]:5432");
  EXPECT_EQ(binds(":::5432"), "[::]:5432");
  EXPECT_EQ(binds("10.0.0.1:5432"), "10.0.0.1:5432");
  EXPECT_EQ(binds("ipv4@*:9999"), "0.0.0.0:9999");
  EXPECT_EQ(binds("ipv6@:5432"), "[::]:5432");
  EXPECT_EQ(binds("ipv6@*:5432"), "[::]:5432");
  EXPECT_EQ(binds("/run/n.sock"), "unix:/run/n.sock");
  EXPECT_EQ(binds("unix@/run/n.sock"), "unix:/run/n.sock");
  EXPECT_EQ(binds("abns@n"), "unix:@n");
  EXPECT_EQ(binds("fd@3"), "fd3");
}

TEST(BindAddress, ListsAndRanges) {
  EXPECT_EQ(binds(":5432,[::1]:5433,/x"), "0.0.0.0:5432 [::1]:5433 unix:/x");
  EXPECT_EQ(binds("127.0.0.1:5432-5434"), "127.0.0.1:5432 127.0.0.1:5433 127.0.0.1:5434");
  EXPECT_EQ(binds(":5432,"), "0.0.0.0:5432");
  EXPECT_EQ(binds(":65535-65535"), "0.0.0.0:65535");
  EXPECT_EQ(binds(":1-65535,:1-65535"), "too many addresses in one line");
}

TEST(BindAddress, Mistakes) {
  EXPECT_EQ(binds("*"), "missing port specification in '*'");
  EXPECT_EQ(binds("10.0.0.1"), "missing port specification in '10.0.0.1'");
  EXPECT_EQ(binds(":0"), "invalid port '0'");
  EXPECT_EQ(binds(":65536"), "invalid port '65536'");
  EXPECT_EQ(binds(":9-8"), "invalid port range '9-8'");
  EXPECT_EQ(binds("[::1:5432"), "invalid address in '[::1:5432'; IPv6 is written [address]:port");
  EXPECT_EQ(binds("fd@x"), "file descriptor 'x' is not a valid integer in 'fd@x'");
  EXPECT_EQ(binds("quic4@:443"),
            "address family 'quic4@' is not supported in 'quic4@:443'; novip "
            "knows ipv4@, ipv6@, unix@, abns@ and fd@");
  EXPECT_EQ(binds("/" + std::string(200, 'x')).substr(0, 43),
            "a Unix socket's path has 1 to 107 bytes, go");
}

TEST(Host, NumericIsResolvedAlready) {
  const auto host = parse_host("10.0.0.1:5434", PortForm::offset_allowed);
  ASSERT_TRUE(host);
  EXPECT_EQ(host->address.text(), "10.0.0.1:5434");
  EXPECT_EQ(host->port, 5434);
  const auto v6 = parse_host("[2001:db8::1]:5434", PortForm::offset_allowed);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address.text(), "[2001:db8::1]:5434");
  EXPECT_EQ(v6->name, "2001:db8::1");
  const auto path = parse_host("/run/pg/.s.PGSQL.5434", PortForm::offset_allowed);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->address.text(), "unix:/run/pg/.s.PGSQL.5434");
}

TEST(Host, NamesWait) {
  const auto host = parse_host("srv1:5434", PortForm::offset_allowed);
  ASSERT_TRUE(host);
  EXPECT_EQ(host->name, "srv1");
  EXPECT_EQ(host->port, 5434);
  EXPECT_FALSE(host->address);
  const auto family = parse_host("ipv6@srv1", PortForm::plain);
  ASSERT_TRUE(family);
  EXPECT_EQ(family->family, AF_INET6);
  EXPECT_EQ(family->name, "srv1");
}

TEST(Host, PortsOfTheClient) {
  const auto none = parse_host("10.0.0.1", PortForm::offset_allowed);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->port);
  EXPECT_FALSE(none->port_offset);
  EXPECT_EQ(parse_host("srv1:+1000", PortForm::offset_allowed)->port_offset, 1000);
  EXPECT_EQ(parse_host("srv1:-2", PortForm::offset_allowed)->port_offset, -2);
  EXPECT_FALSE(parse_host("srv1:0", PortForm::offset_allowed)->port);
}

TEST(Host, Mistakes) {
  EXPECT_EQ(address_failure("srv1:5-7"), "port range not permitted here in 'srv1:5-7'");
  EXPECT_EQ(address_failure("srv1:+1"), "port offset not permitted here in 'srv1:+1'");
  EXPECT_EQ(address_failure("srv1:70000"), "invalid port '70000' in 'srv1:70000'");
  EXPECT_EQ(address_failure("srv1", PortForm::required), "missing port in 'srv1'");
  EXPECT_EQ(address_failure(":5432"), "missing host in ':5432'");
  EXPECT_EQ(address_failure("fd@3"), "a file descriptor is not the address of a server, in 'fd@3'");
  EXPECT_EQ(address_failure("a:b:5"), "invalid address in 'a:b:5'; IPv6 is written [address]:port");
}

TEST(Resolve, AsksTheSystemUnlessNumeric) {
  Lookup lookup(true);
  auto host = parse_host("localhost:5434", PortForm::plain);
  ASSERT_TRUE(host);
  ASSERT_TRUE(resolve(*host, lookup));
  EXPECT_EQ(host->address.port(), 5434);
  auto unknown = parse_host("no-such-host.invalid:1", PortForm::plain);
  ASSERT_TRUE(unknown);
  const auto failed = resolve(*unknown, lookup);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("could not resolve address 'no-such-host.invalid'"),
            std::string::npos);
}

}  // namespace novip::config
