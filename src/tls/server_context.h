#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "config/tls_model.h"
#include "tls/openssl.h"

namespace novip::tls {

/// What is spoken within TLS, as ALPN names it.
enum class Application { postgresql, http };

/// TLS with the clients of one `bind`: a context for each certificate, chosen by the name that a
/// client asks for (SNI). Immutable once made, and usable by all threads.
class ServerContext {
 public:
  /// Reads files and directories.
  static Expected<std::shared_ptr<const ServerContext>> make(
      const config::BindTls& settings, Application application = Application::postgresql);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  /// The one to begin a handshake with.
  const Context& first() const { return first_; }
  /// The one whose certificate is for `name`, exactly or by its wildcard; null: none is.
  const Context* find(std::string_view name) const;
  bool strict() const { return strict_; }

 private:
  struct Entry;
  class Making;
  ServerContext() = default;

  Context first_;
  std::map<std::string, Context, std::less<>> by_name_;  // lower case; "*.example.org"
  bool strict_ = false;
};

}  // namespace novip::tls
