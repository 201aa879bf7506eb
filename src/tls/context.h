#pragma once

#include <string>

#include "base/expected.h"
#include "config/tls_model.h"
#include "tls/openssl.h"

namespace novip::tls {

enum class Role { server, client };

/// One that is yet to be given certificates: versions and ciphers as said, TLS 1.2 at least; no
/// compression, renegotiation, tickets or sessions to be resumed, as PostgreSQL has it; and no
/// memory for buffers while nothing is sent or received.
Expected<Context> make_context(Role role, const config::TlsProtocol& protocol);

/// The certificates that a PEM file vouches for are good (`@system-ca`: those that the system
/// trusts), but for those in `crl_file` (empty: none). Reads files, as all below.
Status trust(const Context& context, const std::string& ca_file, const std::string& crl_file);

/// What it shows the other side: a certificate, with those that lead to its authority, and its key,
/// in one PEM file or with the key in FILE.key.
Status use_certificate(const Context& context, const std::string& file);

}  // namespace novip::tls
