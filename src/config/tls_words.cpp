#include "config/tls_words.h"

#include <algorithm>

namespace novip::config {

namespace {

constexpr std::pair<std::string_view, TlsVersion> versions[] = {
    {"TLSv1.0", TlsVersion::tls10},
    {"TLSv1.1", TlsVersion::tls11},
    {"TLSv1.2", TlsVersion::tls12},
    {"TLSv1.3", TlsVersion::tls13},
};

std::optional<TlsVersion> read_version(Parser& p, const std::string& value) {
  if (value == "SSLv3") {
    p.error("'SSLv3' is broken, and OpenSSL has it no more; TLSv1.2 is the oldest to be trusted");
    return std::nullopt;
  }
  for (const auto& [name, version] : versions)
    if (value == name) return version;
  p.error("expects 'TLSv1.0', 'TLSv1.1', 'TLSv1.2' or 'TLSv1.3', got '" + value + "'");
  return std::nullopt;
}

/// Of an option's name that ends with it: `no-tlsv12`.
TlsVersion version_in(std::string_view option) {
  return static_cast<TlsVersion>(option.back() - '0');
}

TlsVersion next(TlsVersion version) {
  return static_cast<TlsVersion>(static_cast<int>(version) + 1);
}

}  // namespace

void set_least_version(Parser& p, TlsProtocol& protocol, const std::string& value) {
  if (const auto version = read_version(p, value)) protocol.min = *version;
}

void set_greatest_version(Parser& p, TlsProtocol& protocol, const std::string& value) {
  if (const auto version = read_version(p, value)) protocol.max = *version;
}

/// Versions without a hole: what is left are those above the excluded one, and of the newest those
/// below it.
void exclude_version(Parser& p, TlsProtocol& protocol) {
  const TlsVersion version = version_in(p.option());
  const TlsVersion usual = std::min(protocol.max.value_or(TlsVersion::tls12), TlsVersion::tls12);
  if (version == TlsVersion::tls13)
    protocol.max = usual;
  else
    protocol.min = std::max(protocol.min.value_or(usual), next(version));
}

void force_version(Parser& p, TlsProtocol& protocol) {
  protocol.min = protocol.max = version_in(p.option());
}

void set_tls_file(Parser& p, std::string& file, const std::string& base, const std::string& value) {
  file =
      value.starts_with('/') || value.starts_with('@') || base.empty() ? value : base + "/" + value;
  if (!p.lookup().enabled() || file.starts_with('@')) return;
  if (const auto readable = Lookup::readable(file); !readable) p.error(readable.error().message);
}

void set_server_verify(Parser& p, ServerTls& tls, const std::string& value) {
  if (value == "none")
    tls.verify = Verify::none;
  else if (value == "required")
    tls.verify = Verify::required;
  else
    p.error("'verify' expects 'none' or 'required', got '" + value + "'");
}

void fill_in(TlsProtocol& protocol, const TlsProtocol& fallback) {
  if (!protocol.min) protocol.min = fallback.min;
  if (!protocol.max) protocol.max = fallback.max;
  if (protocol.ciphers.empty()) protocol.ciphers = fallback.ciphers;
  if (protocol.ciphersuites.empty()) protocol.ciphersuites = fallback.ciphersuites;
  if (protocol.curves.empty()) protocol.curves = fallback.curves;
}

}  // namespace novip::config
