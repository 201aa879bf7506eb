// Contexts out of files: what is found by which name, and what is told of files that are no good.
#include "tls/context.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "identity.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace novip::tls::testing {
namespace {

std::string common_name(const Context& context) {
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_CTX_get0_certificate(context.get())),
                            NID_commonName, name, sizeof name);
  return name;
}

/// What is told of a bind with these settings.
std::string complaint(const config::BindTls& settings) {
  const auto made = ServerContext::make(settings);
  return made ? "" : made.error().message;
}

}  // namespace

TEST(ServerContext, IsChosenByName) {
  const TemporaryFile first(Identity("first").pem());
  const TemporaryFile names(Identity("several", "DNS:A.example.org,DNS:*.wild.example.org").pem());
  config::BindTls settings;
  settings.certificates = {first.path(), names.path()};
  const auto made = ServerContext::make(settings);
  ASSERT_TRUE(made) << made.error().message;
  const ServerContext& context = **made;
  EXPECT_EQ(common_name(context.first()), "first");
  EXPECT_EQ(common_name(*context.find("FIRST")), "first");
  EXPECT_EQ(common_name(*context.find("a.example.org")), "several");
  EXPECT_EQ(common_name(*context.find("any.wild.example.org")), "several");
  for (const char* name : {"several", "wild.example.org", "a.b.wild.example.org", "", ".", "*"})
    EXPECT_EQ(context.find(name), nullptr) << name;
}

TEST(ServerContext, ListsAndDirectories) {
  const TemporaryFile one(Identity("one").pem()), two(Identity("two").pem());
  const TemporaryFile list("# comment\n\n" + one.path() + "\n" + two.path() +
                           " other.example.org !not.example.org\n");
  config::BindTls settings;
  settings.lists = {list.path()};
  const auto made = ServerContext::make(settings);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(common_name(*(*made)->find("other.example.org")), "two");
  EXPECT_EQ((*made)->find("two"), nullptr);
  EXPECT_EQ((*made)->find("not.example.org"), nullptr);
  const TemporaryFile wild(Identity("wild", "DNS:*.example.org").pem());
  const TemporaryFile excluding(wild.path() + " *.example.org !Secret.example.org\n" + one.path() +
                                " !one\n" + two.path() + " *.example.org one\n");
  settings.lists = {excluding.path()};
  const auto chosen = ServerContext::make(settings);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(common_name(*(*chosen)->find("any.example.org")), "wild");
  EXPECT_EQ(common_name(*(*chosen)->find("secret.example.org")), "two");
  EXPECT_EQ(common_name(*(*chosen)->find("one")), "two");
  const TemporaryFile strange(one.path() + " [verify none] one\n"), empty("# nothing\n");
  settings.lists = {strange.path()};
  EXPECT_NE(complaint(settings).find("line 1: settings of one certificate"), std::string::npos);
  settings.lists = {empty.path()};
  EXPECT_EQ(complaint(settings), "crt-list '" + empty.path() + "' has no certificate");
  settings.lists = {"/nonexistent"};
  EXPECT_EQ(complaint(settings), "cannot read crt-list '/nonexistent'");
}

TEST(ServerContext, FilesThatAreNoGood) {
  const Identity identity;
  const std::string pem = identity.pem();
  const TemporaryFile good(pem), nothing("");
  const TemporaryFile no_key(pem.substr(pem.find("-----BEGIN CERTIFICATE")));
  const auto with_key_of = [&pem](const std::string& other) {
    const std::string certificate = "-----BEGIN CERTIFICATE";
    return other.substr(0, other.find(certificate)) + pem.substr(pem.find(certificate));
  };
  const TemporaryFile other_key(with_key_of(Identity().pem()));
  const TemporaryFile other_type(
      with_key_of(Identity("localhost", nullptr, Identity::Key::rsa).pem()));
  config::BindTls settings;
  settings.certificates = {nothing.path()};
  EXPECT_EQ(complaint(settings).substr(0, 15), "cannot use crt ");
  for (const auto* file : {&no_key, &other_key, &other_type}) {
    settings.certificates = {file->path()};
    EXPECT_NE(complaint(settings).find("it must have the certificate's private key"),
              std::string::npos);
  }
  settings.certificates = {good.path()};
  EXPECT_EQ(complaint(settings), "");
  settings.protocol.ciphers = "NONSENSE";
  EXPECT_NE(complaint(settings).find("cannot use ciphers 'NONSENSE'"), std::string::npos);
  settings.protocol = {};
  settings.protocol.min = config::TlsVersion::tls13;
  settings.protocol.max = config::TlsVersion::tls12;
  EXPECT_NE(complaint(settings).find("no version of TLS is left"), std::string::npos);
  settings.protocol = {};
  settings.verify = config::ClientVerify::required;
  settings.ca_file = "/nonexistent";
  EXPECT_EQ(complaint(settings).substr(0, 39), "cannot use ca-file '/nonexistent': No s");
  settings.ca_file = good.path();
  settings.crl_file = good.path();
  EXPECT_NE(complaint(settings).find("cannot use crl-file"), std::string::npos);
}

/// With an RSA key there are ciphers without it, which OpenSSL would take.
TEST(ServerContext, EveryCipherHasForwardSecrecyUnlessSet) {
  const TemporaryFile file(Identity("localhost", nullptr, Identity::Key::rsa).pem());
  const auto static_keys_of = [](const config::BindTls& settings) {
    const auto made = ServerContext::make(settings);
    const auto* const ciphers = SSL_CTX_get_ciphers((*made)->first().get());
    int count = 0;
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i)
      count += SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(ciphers, i)) == NID_kx_rsa;
    return count;
  };
  config::BindTls settings;
  settings.certificates = {file.path()};
  EXPECT_EQ(static_keys_of(settings), 0);
  settings.protocol.ciphers = "DEFAULT";
  EXPECT_GT(static_keys_of(settings), 0);
}

TEST(ServerContext, AKeyWithAPassphraseIsNotAskedFor) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  const TemporaryFile file(Identity().pem()),
      locked(std::string(text, static_cast<std::size_t>(size)));
  BIO_free(out);
  EVP_PKEY_free(key);
  std::filesystem::copy(locked.path(), file.path() + ".key");
  config::BindTls settings;
  settings.certificates = {file.path()};
  EXPECT_NE(complaint(settings).find("without a passphrase"), std::string::npos);
  std::filesystem::remove(file.path() + ".key");
}

TEST(ClientContexts, SettingsThatAreTheSameShareOne) {
  ClientContexts contexts;
  config::ServerTls settings;
  settings.verify = config::Verify::none;
  const auto one = contexts.get(settings), same = contexts.get(settings);
  settings.protocol.min = config::TlsVersion::tls13;
  const auto other = contexts.get(settings);
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ(*one, *same);
  EXPECT_NE(*one, *other);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(one->get()), TLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(other->get()), TLS1_3_VERSION);
}

}  // namespace novip::tls::testing
