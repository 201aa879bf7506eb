#include "tls/openssl.h"

#include <cstring>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace novip::tls {

void SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }

std::string cause_of_failure() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

std::string verdict_of(const ssl_st* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) return {};
  return X509_verify_cert_error_string(verdict);
}

std::string server_name_of(const ssl_st* ssl) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

}  // namespace novip::tls
