#pragma once

#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

/// OpenSSL's objects, with their owners. Nothing here but tls/*.cpp calls OpenSSL.
namespace novip::tls {

struct SslDeleter {
  void operator()(ssl_st* ssl) const;
};
using Ssl = std::unique_ptr<ssl_st, SslDeleter>;

/// The settings and certificates of one side of TLS; immutable once made, and usable by all
/// threads.
using Context = std::shared_ptr<ssl_ctx_st>;

/// Why the last call failed, in OpenSSL's words; forgotten when it was told. Of this thread.
std::string last_error();

}  // namespace novip::tls
