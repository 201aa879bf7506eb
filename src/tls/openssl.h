#pragma once

#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

/// OpenSSL's objects, with their owners.
namespace novip::tls {

struct SslDeleter {
  void operator()(ssl_st* ssl) const;
};
using Ssl = std::unique_ptr<ssl_st, SslDeleter>;

/// The settings and certificates of one side of TLS; immutable once made, and usable by all
/// threads.
using Context = std::shared_ptr<ssl_ctx_st>;

/// Why a call failed, in OpenSSL's words: its first cause since ERR_clear_error(), forgotten when
/// it was told. Of this thread.
std::string cause_of_failure();
/// What is wrong with the certificate that the peer showed, where it was looked at: "self-signed
/// certificate"; empty: nothing.
std::string verdict_of(const ssl_st* ssl);
/// The name that the client asked for (SNI); empty: none.
std::string server_name_of(const ssl_st* ssl);

}  // namespace novip::tls
