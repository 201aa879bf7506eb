#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "config/tls_model.h"
#include "tls/openssl.h"

namespace novip::tls {

/// TLS towards one server, by `verify`, `ca-file`, `crl-file`, `crt` and the protocol's words.
/// Reads files: make it before chroot.
Expected<Context> client_context(const config::ServerTls& settings);

/// Which name the server is asked for (`sni`; empty: none), and which one its certificate must
/// have: the same, else `verifyhost`, as HAProxy. Where the client chose the name (`sni
/// ssl_fc_sni`), `verifyhost` comes first.
void expect_host(ssl_st* ssl, const config::ServerTls& settings, const std::string& sni);

/// Whether the peer's certificate is for one of these, each a host name or a numeric address
/// (RFC 6125). After the handshake, which has found the certificate good.
bool is_for_one_of(const ssl_st* ssl, const std::vector<std::string>& hosts);

/// By proxy and server; null: nothing is encrypted there.
using ServerContexts = std::vector<std::vector<Context>>;

/// Servers that say the same share a context.
class ClientContexts {
 public:
  Expected<Context> get(const config::ServerTls& settings);

 private:
  std::vector<std::pair<config::ServerTls, Context>> made_;
};

}  // namespace novip::tls
