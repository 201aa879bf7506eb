// Checks over TLS, against a server with a certificate made here.

#include <boost/asio/ssl/stream.hpp>

#include "../tls/identity.h"
#include "check_test.h"
#include "tls/asio_stream.h"
#include "tls/client_context.h"

namespace novip::probe::test {
namespace {

using tls::testing::Identity;
using tls::testing::TemporaryFile;
using TlsSocket = asio::ssl::stream<Tcp::socket>;

class TlsCheckTest : public CheckTest {
 protected:
  TlsCheckTest()
      : mine_(identity_.pem()),
        other_(Identity().pem()),
        context_(asio::ssl::context::tls_server),
        acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    context_.use_certificate_chain_file(mine_.path());
    context_.use_private_key_file(mine_.path(), asio::ssl::context::pem);
    SSL_CTX_set_tlsext_servername_callback(context_.native_handle(), &TlsCheckTest::on_name);
    SSL_CTX_set_tlsext_servername_arg(context_.native_handle(), this);
    proxy_.check = config::HttpCheck{};
    server_.check.ssl = true;
    server_.tls.verify = config::Verify::none;
  }

  static int on_name(SSL* ssl, int*, void* self) {
    if (const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
      static_cast<TlsCheckTest*>(self)->name_ = name;
    return SSL_TLSEXT_ERR_OK;
  }

  std::string checked() {
    auto loaded = tls::client_context(server_.tls);
    if (!loaded) return loaded.error().message;
    context_of_check_ = std::make_shared<asio::ssl::context>(tls::for_asio(*loaded));
    tls_ = context_of_check_.get();
    asio::co_spawn(io_, serve(), asio::detached);
    return text(check(acceptor_.local_endpoint().port()));
  }

  asio::awaitable<void> serve() {
    auto [error, socket] = co_await acceptor_.async_accept(no_throw);
    if (error) co_return;
    TlsSocket stream(std::move(socket), context_);
    const auto [failed] = co_await stream.async_handshake(TlsSocket::server, no_throw);
    if (failed) co_return;
    char request[1024];
    const auto [unread, size] = co_await stream.async_read_some(asio::buffer(request), no_throw);
    if (unread) co_return;
    const std::string answer = "HTTP/1.0 200 OK\r\n\r\n";
    co_await asio::async_write(stream, asio::buffer(answer), no_throw);
  }

  Identity identity_;
  TemporaryFile mine_, other_;
  asio::ssl::context context_;
  Tcp::acceptor acceptor_;
  std::shared_ptr<asio::ssl::context> context_of_check_;
  std::string name_;
};

TEST_F(TlsCheckTest, WithoutVerificationAnyCertificateWillDo) {
  server_.check.sni = "db.example";
  EXPECT_EQ(checked(), "L7OK 200");
  EXPECT_EQ(name_, "db.example");
}

TEST_F(TlsCheckTest, APlainCheckEndsWithTheHandshake) {
  proxy_.check = config::PlainCheck{};
  EXPECT_EQ(checked(), "L6OK");
}

TEST_F(TlsCheckTest, TheCertificateMustBeTrustedWhenRequired) {
  server_.tls.verify = config::Verify::required;
  server_.tls.ca_file = mine_.path();
  EXPECT_EQ(checked(), "L7OK 200");
  server_.tls.ca_file = other_.path();
  EXPECT_EQ(checked(), "L6RSP SSL handshake failure");
}

TEST_F(TlsCheckTest, TheNameMustMatchWhenOneIsGiven) {
  server_.tls.verify = config::Verify::required;
  server_.tls.ca_file = mine_.path();
  server_.check.sni = "elsewhere";
  EXPECT_EQ(checked(), "L6RSP Server presented an SSL certificate different from the expected one");
  server_.tls.verify_host = "localhost";  // for when no name is asked for
  EXPECT_EQ(checked(), "L6RSP Server presented an SSL certificate different from the expected one");
  server_.check.sni.clear();
  EXPECT_EQ(checked(), "L7OK 200");
  server_.tls.verify_host = "elsewhere";
  EXPECT_EQ(checked(),
            "L6RSP Server presented an SSL certificate different from the configured one");
}

TEST_F(TlsCheckTest, TheServerMayAskForACertificate) {
  context_.load_verify_file(mine_.path());
  context_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  EXPECT_EQ(checked(), "SOCKERR SSL fatal error");
  server_.tls.certificate = mine_.path();
  EXPECT_EQ(checked(), "L7OK 200");
}

TEST_F(TlsCheckTest, AServerThatSpeaksNoTls) {
  auto loaded = tls::client_context(server_.tls);
  context_of_check_ = std::make_shared<asio::ssl::context>(tls::for_asio(*loaded));
  tls_ = context_of_check_.get();
  using End = Behaviour::End;
  EXPECT_EQ(text(check({"hello there\r\n", End::stay, true})), "L6RSP SSL handshake failure");
  EXPECT_EQ(text(check({"", End::close, true})), "L6RSP SSL handshake failure");
  EXPECT_EQ(text(check({"", End::reset, true})), "L6RSP SSL handshake failure");
  proxy_.timeouts.connect = Milliseconds(200);  // enough for the connection itself
  EXPECT_EQ(text(check({"", End::stay})), "L6TOUT");
}

TEST_F(TlsCheckTest, SettingsThatCannotBeLoadedPassNothing) {
  EXPECT_EQ(text(check(acceptor_.local_endpoint().port())),
            "L6RSP the server's ca-file or crt could not be loaded");
  server_.tls.ca_file = "/nonexistent.pem";
  EXPECT_EQ(checked().substr(0, 38), "cannot use ca-file '/nonexistent.pem':");
}

}  // namespace
}  // namespace novip::probe::test
