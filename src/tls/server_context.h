#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

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
  std::multimap<std::string, Context> by_name_;  // lower case; "*.example.org"; the first serves
  std::set<std::pair<std::string, Context>> excluded_;  // a name, and who is not for it
  bool strict_ = false;
};

}  // namespace novip::tls
