#include "probe/tls.h"

#include <openssl/ssl.h>

namespace novip::probe {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

error_code trust(ssl::context& context, const std::string& ca_file) {
  error_code error;
  if (ca_file == "@system-ca") {
    context.set_default_verify_paths(error);
  } else if (!ca_file.empty()) {
    context.load_verify_file(ca_file, error);
  }
  return error;
}

error_code use_certificate(ssl::context& context, const std::string& file) {
  error_code error;
  context.use_certificate_chain_file(file, error);
  if (!error) context.use_private_key_file(file, ssl::context::pem, error);
  return error;
}

}  // namespace

Expected<std::shared_ptr<ssl::context>> client_tls(const config::ServerTls& settings) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (const auto error = trust(*context, settings.ca_file))
    return Error{"cannot use ca-file '" + settings.ca_file + "': " + error.message() +
                 "; it must be a readable PEM file of certificates"};
  const bool required = settings.verify == config::Verify::required;
  error_code ignored;
  context->set_verify_mode(required ? ssl::verify_peer : ssl::verify_none, ignored);
  if (!settings.certificate.empty())
    if (const auto error = use_certificate(*context, settings.certificate))
      return Error{"cannot use crt '" + settings.certificate + "': " + error.message() +
                   "; it must be a readable PEM file of a certificate and its private key"};
  return context;
}

}  // namespace novip::probe
