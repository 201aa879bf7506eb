// A peer that means no good, on a socket pair.
#include "tls/stream.h"

#include <array>
#include <cerrno>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "identity.h"

namespace novip::tls::testing {
namespace {

class StreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours_ = UniqueFd(fds[0]);
    theirs_ = UniqueFd(fds[1]);
    config::BindTls settings;
    settings.certificates = {file_.path()};
    auto context = ServerContext::make(settings);
    ASSERT_TRUE(context) << context.error().message;
    stream_ = Stream::accept(ours_.get(), *context);
    client_context_ = Context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    client_ = Ssl(SSL_new(client_context_.get()));
    SSL_set_fd(client_.get(), theirs_.get());
    SSL_set_connect_state(client_.get());
    for (bool agreed = false; !agreed;) {
      const bool client = SSL_do_handshake(client_.get()) == 1;
      const auto progress = stream_->handshake();
      ASSERT_NE(progress, Stream::Progress::failed) << stream_->failure();
      agreed = client && progress == Stream::Progress::done;
    }
  }

  const TemporaryFile file_{Identity("localhost").pem()};
  UniqueFd ours_, theirs_;
  std::unique_ptr<Stream> stream_;
  Context client_context_;
  Ssl client_;
  std::array<char, 65536> bytes_{};
};

TEST_F(StreamTest, ReadsWhatComes) {
  errno = 0;
  EXPECT_EQ(stream_->read(bytes_), -1);
  EXPECT_EQ(errno, EAGAIN);
  for (int i = 0; i < 100; ++i) {  // far more than may come without data
    SSL_key_update(client_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    ASSERT_EQ(SSL_write(client_.get(), bytes_.data(), 16384), 16384);
    ASSERT_EQ(stream_->read(bytes_), 16384);
  }
}

TEST_F(StreamTest, RecordsWithoutDataDoNotComeForEver) {
  int updates = 0;
  for (ssize_t count = -1; count < 0; count = stream_->read(bytes_)) {
    if (updates > 0 && errno != EAGAIN) break;
    ASSERT_LT(updates, 10000) << "it goes on and on";
    SSL_do_handshake(client_.get());  // the one that did not fit
    do ++updates;
    while (SSL_key_update(client_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(client_.get()) == 1);
  }
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace novip::tls::testing
