#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace novip::pgwire {

/// What a server says from its first answer to a startup packet until ReadyForQuery, message by
/// message, as it arrives. Pure.
class ServerStart {
 public:
  struct Said {
    enum class Kind {
      incomplete,      // nothing until more bytes are added
      malformed,       // not PostgreSQL's protocol, or a message of more than message_limit
      error,           // ErrorResponse: `sqlstate`
      authentication,  // the client must answer something
      parameter,       // ParameterStatus: `name`, `value`
      cancel_key,      // BackendKeyData: `value`, the bytes that a CancelRequest brings back
      ready,           // ReadyForQuery
      other,           // AuthenticationOk, notices, …
    };
    Kind kind = Kind::incomplete;
    std::string_view bytes;  // the whole message, to be passed on
    std::string_view name, value;
    std::string sqlstate;
  };

  static constexpr std::size_t message_limit =
      std::size_t{128} * 1024;  // GSSAPI's tokens may have 64 kB

  void add(std::string_view bytes);
  /// The next message; its views are valid until add().
  Said next();
  /// What was added and is not said yet.
  std::string_view rest() const { return std::string_view(bytes_).substr(taken_); }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

/// An authentication request as it is, but for those SASL mechanisms that bind it to TLS's channel
/// ("SCRAM-SHA-256-PLUS", RFC 5802): of two channels, neither end could see the other's. `message`
/// is a whole one.
std::string without_channel_binding(std::string_view message);

}  // namespace novip::pgwire
