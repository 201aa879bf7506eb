#include "tls/context.h"

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace novip::tls {

namespace {

int number_of(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::tls10:
      return TLS1_VERSION;
    case config::TlsVersion::tls11:
      return TLS1_1_VERSION;
    case config::TlsVersion::tls12:
      return TLS1_2_VERSION;
    case config::TlsVersion::tls13:
      break;
  }
  return TLS1_3_VERSION;
}

Error cannot_use(const std::string& what, const std::string& value, const std::string& expected) {
  return Error{"cannot use " + what + " '" + value + "': " + cause_of_failure() + "; " + expected};
}

/// A key that asks for a passphrase would have the daemon read the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Status set_versions(SSL_CTX* context, const config::TlsProtocol& protocol) {
  const auto least =
      protocol.min.value_or(protocol.max ? std::min(*protocol.max, config::TlsVersion::tls12)
                                         : config::TlsVersion::tls12);
  if (protocol.max && *protocol.max < least)
    return Error{"'ssl-min-ver' is above 'ssl-max-ver': no version of TLS is left"};
  // A version that OpenSSL takes for too weak is refused with no word by its security level, not
  // here.
  SSL_CTX_set_min_proto_version(context, number_of(least));
  SSL_CTX_set_max_proto_version(context, protocol.max ? number_of(*protocol.max) : 0);
  return Nothing{};
}

/// OpenSSL's, or this machine's, without those by which whoever gets the key some day can read what
/// was said before.
void keep_forward_secrecy(SSL_CTX* context) {
  std::string list;
  const STACK_OF(SSL_CIPHER)* const all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(all, i);
    if (SSL_CIPHER_get_kx_nid(cipher) != NID_kx_rsa)
      list += std::string(":") + SSL_CIPHER_get_name(cipher);
  }
  if (!list.empty()) SSL_CTX_set_cipher_list(context, list.c_str() + 1);
}

Status set_ciphers(SSL_CTX* context, const config::TlsProtocol& protocol) {
  const auto& [min, max, ciphers, suites, curves] = protocol;
  if (ciphers.empty())
    keep_forward_secrecy(context);
  else if (SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1)
    return cannot_use("ciphers", ciphers, "'openssl ciphers -v LIST' tells which ones there are");
  if (!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1)
    return cannot_use("ciphersuites", suites, "'openssl ciphers -s -tls1_3' tells which there are");
  if (!curves.empty() && SSL_CTX_set1_curves_list(context, curves.c_str()) != 1)
    return cannot_use("curves", curves, "'openssl ecparam -list_curves' tells which there are");
  return Nothing{};
}

}  // namespace

Expected<Context> make_context(Role role, const config::TlsProtocol& protocol) {
  ERR_clear_error();
  Context context(SSL_CTX_new(role == Role::server ? TLS_server_method() : TLS_client_method()),
                  SSL_CTX_free);
  if (!context) return Error{"TLS: " + cause_of_failure()};
  SSL_CTX* const c = context.get();
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_default_passwd_cb(c, no_passphrase);
  if (auto set = set_versions(c, protocol); !set) return set.error();
  if (auto set = set_ciphers(c, protocol); !set) return set.error();
  return context;
}

Status trust(const Context& context, const std::string& ca_file, const std::string& crl_file) {
  ERR_clear_error();
  SSL_CTX* const c = context.get();
  if (ca_file == "@system-ca") {
    SSL_CTX_set_default_verify_paths(c);
  } else if (!ca_file.empty() && SSL_CTX_load_verify_file(c, ca_file.c_str()) != 1) {
    return cannot_use("ca-file", ca_file, "it must be a readable PEM file of certificates");
  }
  if (crl_file.empty()) return Nothing{};
  X509_STORE* const store = SSL_CTX_get_cert_store(c);
  X509_LOOKUP* const files = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (X509_load_crl_file(files, crl_file.c_str(), X509_FILETYPE_PEM) < 1)
    return cannot_use("crl-file", crl_file, "it must be a readable PEM file of revocation lists");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return Nothing{};
}

Status use_certificate(const Context& context, const std::string& file) {
  ERR_clear_error();
  const std::string of_key = file + ".key";
  const bool apart = ::access(of_key.c_str(), F_OK) == 0;
  const std::string& key = apart ? of_key : file;
  SSL_CTX* const c = context.get();
  if (SSL_CTX_use_certificate_chain_file(c, file.c_str()) != 1)
    return cannot_use("crt", file, "it must be a readable PEM file of a certificate and its key");
  // A key of another type than the certificate's is only found to be none of its by the last.
  if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(c) != 1)
    return cannot_use("crt", key,
                      "it must have the certificate's private key, without a passphrase, or the "
                      "key is in " +
                          of_key);
  return Nothing{};
}

}  // namespace novip::tls
