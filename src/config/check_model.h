#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/server_model.h"

/// How the servers of a backend are checked: the part of the model (model.h) that says what is
/// sent and expected.
namespace novip::config {

/// What an `expect` looks for. Patterns are bytes: `binary` ones are decoded from hexadecimal.
struct Expect {
  enum class Kind { string, rstring, binary, rbinary, status, rstatus };
  Kind kind = Kind::string;
  bool negate = false;
  std::string pattern;  // for rstring, rbinary, rstatus: a PCRE, checked at load
  std::vector<std::pair<unsigned, unsigned>> codes;  // status: inclusive ranges
  unsigned min_recv = 0;
  std::string comment;

  friend bool operator==(const Expect&, const Expect&) = default;
};

struct CheckConnect {
  std::optional<std::uint16_t> port;
  std::optional<Host> address;
  bool ssl = false;
  bool send_proxy = false;
  bool linger = false;
  std::string sni;
  std::string comment;

  friend bool operator==(const CheckConnect&, const CheckConnect&) = default;
};

struct CheckSend {
  std::string bytes;
  std::string comment;

  friend bool operator==(const CheckSend&, const CheckSend&) = default;
};

struct HttpHeader {
  std::string name, value;

  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

struct HttpSend {
  std::string method = "OPTIONS";
  std::string uri = "/";
  std::string version = "HTTP/1.0";
  std::vector<HttpHeader> headers;
  std::string body;

  friend bool operator==(const HttpSend&, const HttpSend&) = default;
};

/// `tcp-check …` lines in order; the step number in messages is the position, from 1.
using TcpCheckRule = std::variant<CheckConnect, CheckSend, Expect>;

struct PlainCheck {  // connect only
  friend bool operator==(const PlainCheck&, const PlainCheck&) = default;
};
struct TcpCheck {
  std::vector<TcpCheckRule> rules;

  friend bool operator==(const TcpCheck&, const TcpCheck&) = default;
};                  // option tcp-check
struct HttpCheck {  // option httpchk
  std::optional<CheckConnect> connect;
  HttpSend request;
  std::vector<Expect> expect;  // empty: any 2xx or 3xx
  bool disable_on_404 = false;

  friend bool operator==(const HttpCheck&, const HttpCheck&) = default;
};
struct PgsqlCheck {
  std::string user;

  friend bool operator==(const PgsqlCheck&, const PgsqlCheck&) = default;
};  // option pgsql-check user
using CheckMethod = std::variant<PlainCheck, TcpCheck, HttpCheck, PgsqlCheck>;

/// Whether a rule of the check itself connects over TLS, whatever its server's line says.
inline bool connects_with_tls(const CheckMethod& method) {
  if (const auto* http = std::get_if<HttpCheck>(&method))
    return http->connect && http->connect->ssl;
  if (const auto* tcp = std::get_if<TcpCheck>(&method))
    for (const auto& rule : tcp->rules)
      if (const auto* connect = std::get_if<CheckConnect>(&rule))
        if (connect->ssl) return true;
  return false;
}

}  // namespace novip::config
