#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// TLS on a `bind` and on a `server` line: a part of the model (model.h). Names are HAProxy's.
namespace novip::config {

enum class TlsVersion : std::uint8_t { tls10, tls11, tls12, tls13 };

/// What both sides of TLS may choose from. What is not said is OpenSSL's default, but for `min`.
struct TlsProtocol {
  std::optional<TlsVersion> min;  // ssl-min-ver; none: 1.2
  std::optional<TlsVersion> max;  // ssl-max-ver
  std::string ciphers;            // up to TLS 1.2, in OpenSSL's language
  std::string ciphersuites;       // of TLS 1.3
  std::string curves;

  friend bool operator==(const TlsProtocol&, const TlsProtocol&) = default;
};

enum class ClientVerify : std::uint8_t { none, optional, required };

/// `ssl` on a `bind` line: TLS with the client ends at novip.
struct BindTls {
  std::vector<std::string> certificates;  // `crt`: PEM files and directories, in order
  std::vector<std::string> lists;         // `crt-list`
  std::string ca_file;                    // of clients' certificates
  std::string crl_file;
  ClientVerify verify = ClientVerify::none;
  TlsProtocol protocol;
  std::vector<std::string> alpn;  // what it names; empty: what is spoken there
  bool strict_sni = false;        // no certificate for that name: no handshake
  bool required = false;          // `require-ssl`: who comes in plain is refused

  friend bool operator==(const BindTls&, const BindTls&) = default;
};

enum class Verify : std::uint8_t { none, required };

/// TLS towards a server: `ssl`, and checks over TLS.
struct ServerTls {
  bool sessions = false;  // `ssl`: clients' sessions too, not only checks
  Verify verify = Verify::required;
  std::string ca_file;
  std::string crl_file;
  std::string certificate;  // `crt`: client certificate and key, PEM
  std::string verify_host;
  std::string sni;             // the name that sessions ask for
  bool sni_of_client = false;  // `sni ssl_fc_sni`: the one that the client asked for
  TlsProtocol protocol;

  friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

}  // namespace novip::config
