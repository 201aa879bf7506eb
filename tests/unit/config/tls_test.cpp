#include "config/explain.h"
#include "reading.h"

namespace novip::config {

namespace {

/// A `bind :1` with these options; line 6 of the file.
std::string with_bind(const std::string& options) {
  return timeouts + "listen a\n bind :1 " + options + "\n server s 127.0.0.1:1\n";
}
Bind bind_of(const std::string& options) {
  const auto config = accepted(with_bind(options));
  return config->proxies.empty() ? Bind{} : config->proxies[0].binds[0];
}
std::string told_of_bind(const std::string& options) { return told(read(with_bind(options))); }

ServerTls server_of(const std::string& options) {
  return listen(" server s 127.0.0.1:1 " + options + "\n").servers[0].tls;
}

}  // namespace

TEST(BindTls, Words) {
  const auto bind = bind_of(
      "crt /one.pem ssl crt /two crt-list /list ca-file /ca.pem crl-file /crl.pem verify optional "
      "ssl-min-ver TLSv1.3 ssl-max-ver TLSv1.3 ciphers A ciphersuites B curves C strict-sni "
      "require-ssl alpn postgresql no-tls-tickets no-sslv3");
  ASSERT_TRUE(bind.tls);
  const BindTls& tls = *bind.tls;
  EXPECT_EQ(tls.certificates, (std::vector<std::string>{"/one.pem", "/two"}));
  EXPECT_EQ(tls.lists, std::vector<std::string>{"/list"});
  EXPECT_EQ(tls.ca_file, "/ca.pem");
  EXPECT_EQ(tls.crl_file, "/crl.pem");
  EXPECT_EQ(tls.verify, ClientVerify::optional);
  EXPECT_EQ(tls.protocol, (TlsProtocol{TlsVersion::tls13, TlsVersion::tls13, "A", "B", "C"}));
  EXPECT_TRUE(tls.strict_sni && tls.required);
  EXPECT_FALSE(bind_of("name plain").tls);
}

TEST(BindTls, VersionsByTheirOtherWords) {
  const auto versions = [](const std::string& words) {
    return bind_of("ssl crt /x.pem " + words).tls->protocol;
  };
  EXPECT_EQ(versions("force-tlsv12").min, TlsVersion::tls12);
  EXPECT_EQ(versions("force-tlsv12").max, TlsVersion::tls12);
  EXPECT_EQ(versions("no-tlsv10").min, TlsVersion::tls12);  // which it is without a word
  EXPECT_EQ(versions("no-tlsv10 no-tlsv11").min, TlsVersion::tls12);
  EXPECT_EQ(versions("ssl-min-ver TLSv1.0 no-tlsv10").min, TlsVersion::tls11);
  EXPECT_EQ(versions("ssl-max-ver TLSv1.1 no-tlsv10").min, TlsVersion::tls11);
  EXPECT_EQ(versions("no-tlsv12").min, TlsVersion::tls13);
  EXPECT_EQ(versions("no-tlsv13").max, TlsVersion::tls12);
  EXPECT_EQ(versions(""), TlsProtocol{});
}

TEST(BindTls, Mistakes) {
  EXPECT_EQ(told_of_bind("ssl"),
            "6! 'bind' :1: 'ssl' needs a certificate: give 'crt', a PEM file of it and its key\n");
  EXPECT_EQ(
      told_of_bind("ssl crt /x.pem verify required"),
      "6! 'bind' :1: 'verify' needs 'ca-file', the authorities whose certificates are good\n");
  EXPECT_EQ(told_of_bind("crt /x.pem"),
            "6: 'bind' :1: what is said about TLS has no effect without 'ssl'\n");
  EXPECT_EQ(told_of_bind("require-ssl"),
            "6! 'bind' :1: 'require-ssl' without 'ssl': nobody could connect\n");
  EXPECT_NE(told_of_bind("ssl crt /x.pem ssl-min-ver SSLv3").find("is broken"), std::string::npos);
  EXPECT_EQ(told_of_bind("ssl crt /x.pem alpn h2,http/1.1"),
            "6! 'bind :1': 'alpn' must name 'postgresql', the only protocol that novip speaks "
            "there\n");
  EXPECT_NE(told_of_bind("ssl crt /x.pem verify maybe").find("'verify' expects"),
            std::string::npos);
  EXPECT_NE(
      told(read("global\n stats socket /s ssl crt /x.pem\n")).find("for 'bind' lines of proxies"),
      std::string::npos);
}

TEST(BindTls, OfAStatisticsPage) {
  const auto page = [](const std::string& options) {
    return told(read(timeouts + "listen a\n mode http\n bind :1 ssl crt /x.pem " + options +
                     "\n stats enable\n"));
  };
  EXPECT_EQ(page(""), "");
  EXPECT_EQ(page("alpn h2,http/1.1"), "");
  EXPECT_EQ(
      page("alpn h2"),
      "7! 'bind :1': 'alpn' must name 'http/1.1', the only protocol that novip speaks there\n");
}

TEST(BindTls, DefaultsOfGlobal) {
  const auto config = accepted(
      "global\n ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets\n"
      " ssl-default-bind-ciphers A\n ssl-default-bind-ciphersuites B\n"
      " ssl-default-server-options force-tlsv12\n ssl-default-server-ciphers C\n" +
      timeouts +
      "listen a\n bind :1 ssl crt /x.pem\n bind :2 ssl crt /x.pem ssl-max-ver TLSv1.3 ciphers D\n"
      " server s 127.0.0.1:1 ssl verify none\n");
  const Proxy& proxy = config->proxies[0];
  EXPECT_EQ(proxy.binds[0].tls->protocol.min, TlsVersion::tls13);
  EXPECT_EQ(proxy.binds[0].tls->protocol.ciphers, "A");
  EXPECT_EQ(proxy.binds[0].tls->protocol.ciphersuites, "B");
  EXPECT_EQ(proxy.binds[1].tls->protocol.min, TlsVersion::tls13);
  EXPECT_EQ(proxy.binds[1].tls->protocol.max, TlsVersion::tls13);
  EXPECT_EQ(proxy.binds[1].tls->protocol.ciphers, "D");
  EXPECT_EQ(proxy.servers[0].tls.protocol.max, TlsVersion::tls12);
  EXPECT_EQ(proxy.servers[0].tls.protocol.ciphers, "C");
}

TEST(ServerTls, Words) {
  const auto tls =
      server_of("ssl ca-file /ca.pem crl-file /crl.pem crt /me.pem verifyhost db sni str(pg)");
  EXPECT_TRUE(tls.sessions);
  EXPECT_EQ(tls.verify, Verify::required);
  EXPECT_EQ(tls.ca_file, "/ca.pem");
  EXPECT_EQ(tls.crl_file, "/crl.pem");
  EXPECT_EQ(tls.certificate, "/me.pem");
  EXPECT_EQ(tls.verify_host, "db");
  EXPECT_EQ(tls.sni, "pg");
  EXPECT_EQ(server_of("ssl verify none sni pg").sni, "pg");
  EXPECT_TRUE(server_of("ssl verify none sni ssl_fc_sni").sni_of_client);
  EXPECT_FALSE(server_of("ssl verify none no-ssl").sessions);
  EXPECT_TRUE(listen(" server s 127.0.0.1:1 ssl verify none\n").speaks_postgres());
  EXPECT_FALSE(listen(" server s 127.0.0.1:1\n").speaks_postgres());
}

TEST(ServerTls, Mistakes) {
  EXPECT_EQ(told_of_listen(" server s 127.0.0.1:1 ssl\n"),
            "7! server 'a/s': verify is enabled by default but no CA file is specified; give "
            "'ca-file', or 'verify none' where the network is trusted\n");
  EXPECT_NE(told_of_listen(" server s 127.0.0.1:1 ssl verify none sni req.hdr(host)\n")
                .find("'sni' expects a name"),
            std::string::npos);
}

TEST(ServerTls, OfNodes) {
  const std::string cluster =
      "cluster c\n watch agent\n node one 127.0.0.1:1 ssl ca-file /ca.pem\n"
      "listen a\n bind :1\n cluster c role primary\n";
  const auto config = accepted(cluster);
  EXPECT_TRUE(config->proxies[0].servers[0].tls.sessions);
  EXPECT_EQ(config->proxies[0].servers[0].tls.ca_file, "/ca.pem");
}

TEST(Tls, IsExplained) {
  const auto config =
      accepted(timeouts +
               "listen a\n bind :1 ssl crt /x.pem require-ssl ca-file /ca.pem verify "
               "required\n server s 127.0.0.1:1 ssl verify none\n");
  const std::string text = explain(*config);
  EXPECT_NE(text.find("On :1 TLS ends at novip (/x.pem), with a client certificate that /ca.pem "
                      "vouches for; who comes in plain is refused (28000)."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("The servers are talked to over TLS, with whatever certificate."),
            std::string::npos)
      << text;
}

}  // namespace novip::config
