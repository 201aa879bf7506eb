#include "tls/client_context.h"

#include <algorithm>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls/context.h"

namespace novip::tls {

Expected<Context> client_context(const config::ServerTls& settings) {
  auto context = make_context(Role::client, settings.protocol);
  if (!context) return context;
  if (auto done = trust(*context, settings.ca_file, settings.crl_file); !done) return done.error();
  const bool required = settings.verify == config::Verify::required;
  SSL_CTX_set_verify(context->get(), required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!settings.certificate.empty())
    if (auto done = use_certificate(*context, settings.certificate); !done) return done.error();
  return context;
}

void expect_host(ssl_st* ssl, const config::ServerTls& settings, const std::string& sni) {
  if (!sni.empty()) SSL_set_tlsext_host_name(ssl, sni.c_str());
  // The client may ask for whichever name it has a friend for.
  const bool of_client = settings.sni_of_client && !settings.verify_host.empty();
  const std::string& host = sni.empty() || of_client ? settings.verify_host : sni;
  if (settings.verify == config::Verify::required && !host.empty())
    SSL_set1_host(ssl, host.c_str());
}

bool is_for_one_of(const ssl_st* ssl, const std::vector<std::string>& hosts) {
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  return certificate != nullptr && std::ranges::any_of(hosts, [&](const std::string& host) {
           return X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1 ||
                  X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
         });
}

Expected<Context> ClientContexts::get(const config::ServerTls& settings) {
  for (const auto& [same, context] : made_)
    if (same == settings) return context;
  auto context = client_context(settings);
  if (context) made_.emplace_back(settings, *context);
  return context;
}

}  // namespace novip::tls
