#include "tls/server_context.h"

#include <algorithm>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "tls/certificate_files.h"
#include "tls/context.h"

namespace novip::tls {

namespace {

/// As ALPN writes them (libpq-be.h, PG_ALPN_PROTOCOL_VECTOR; RFC 7301).
constexpr unsigned char postgresql[] = "\x0apostgresql";
constexpr unsigned char http[] = "\x08http/1.1";

template <std::size_t size>
bool choose(const unsigned char (&ours)[size], const unsigned char** chosen, unsigned char* length,
            const unsigned char* offered, unsigned int offered_size) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, ours, size - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return false;
  *chosen = found;
  return true;
}

int choose_postgresql(SSL*, const unsigned char** chosen, unsigned char* length,
                      const unsigned char* offered, unsigned int offered_size, void*) {
  return choose(postgresql, chosen, length, offered, offered_size) ? SSL_TLSEXT_ERR_OK
                                                                   : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Who knows only other versions of HTTP may be told in this one.
int choose_http(SSL*, const unsigned char** chosen, unsigned char* length,
                const unsigned char* offered, unsigned int offered_size, void*) {
  return choose(http, chosen, length, offered, offered_size) ? SSL_TLSEXT_ERR_OK
                                                             : SSL_TLSEXT_ERR_NOACK;
}

/// The certificate for the name that is asked for. Called for who asks for none, too.
int choose_certificate(SSL* ssl, int* alert, void* argument) {
  const auto& all = *static_cast<const ServerContext*>(argument);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const Context* const found = name != nullptr ? all.find(name) : nullptr;
  if (found == nullptr && all.strict()) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (found != nullptr) SSL_set_SSL_CTX(ssl, found->get());
  return SSL_TLSEXT_ERR_OK;
}

/// `first`: of the same bind, which has read the authorities; null: this is the first.
Status verify_clients(const Context& context, const config::BindTls& settings,
                      const Context& first) {
  if (settings.verify == config::ClientVerify::none) return Nothing{};
  if (first) {
    SSL_CTX_set1_cert_store(context.get(), SSL_CTX_get_cert_store(first.get()));
    SSL_CTX_set_client_CA_list(context.get(),
                               SSL_dup_CA_list(SSL_CTX_get_client_CA_list(first.get())));
  } else {
    if (auto done = trust(context, settings.ca_file, settings.crl_file); !done) return done;
    if (settings.ca_file != "@system-ca")
      SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(settings.ca_file.c_str()));
  }
  const bool required = settings.verify == config::ClientVerify::required;
  SSL_CTX_set_verify(context.get(),
                     SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return Nothing{};
}

/// The DNS names of its certificate; where it has none, its common name.
std::vector<std::string> names_of(const Context& context) {
  std::vector<std::string> names;
  const X509* const certificate = SSL_CTX_get0_certificate(context.get());
  const auto add = [&names](const ASN1_STRING* text) {
    names.push_back(to_lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                              static_cast<std::size_t>(ASN1_STRING_length(text))}));
  };
  auto* const all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i)
    if (const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all, i); name->type == GEN_DNS)
      add(name->d.dNSName);
  GENERAL_NAMES_free(all);
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (names.empty() && at >= 0) add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return names;
}

Expected<Context> context_for(const std::string& file, const config::BindTls& settings,
                              Application application, const Context& first) {
  auto context = make_context(Role::server, settings.protocol);
  if (!context) return context;
  if (auto done = use_certificate(*context, file); !done) return done.error();
  if (auto done = verify_clients(*context, settings, first); !done) return done.error();
  SSL_CTX_set_alpn_select_cb(
      context->get(), application == Application::http ? choose_http : choose_postgresql, nullptr);
  return context;
}

}  // namespace

Expected<std::shared_ptr<const ServerContext>> ServerContext::make(const config::BindTls& settings,
                                                                   Application application) {
  auto files = certificate_files(settings);
  if (!files) return files.error();
  const std::shared_ptr<ServerContext> made(new ServerContext);
  made->strict_ = settings.strict_sni;
  for (auto& [file, names, excluded] : *files) {
    auto context = context_for(file, settings, application, made->first_);
    if (!context) return context.error();
    if (names.empty()) names = names_of(*context);
    for (auto& name : names) made->by_name_.emplace(std::move(name), *context);
    for (auto& name : excluded) made->excluded_.emplace(std::move(name), *context);
    if (!made->first_) made->first_ = *context;
  }
  // Handshakes begin with the first: its callback chooses, and whoever is in one keeps all of this.
  SSL_CTX_set_tlsext_servername_callback(made->first_.get(), choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(made->first_.get(), made.get());
  return std::shared_ptr<const ServerContext>(made);
}

const Context* ServerContext::find(std::string_view name) const {
  const std::string wanted = to_lower(name);
  const auto first_of = [&](const std::string& key) -> const Context* {
    const auto [begin, end] = by_name_.equal_range(key);
    const auto found = std::find_if(begin, end, [&](const auto& entry) {
      return !excluded_.contains({wanted, entry.second});
    });
    return found != end ? &found->second : nullptr;
  };
  const auto* const found = first_of(wanted);
  const auto dot = wanted.find('.');
  return found || dot == std::string::npos ? found : first_of("*" + wanted.substr(dot));
}

}  // namespace novip::tls
