#include <algorithm>

#include "base/text.h"
#include "config/check_rules.h"

// `option tcp-check | httpchk | pgsql-check`, and the rules of `tcp-check` and `http-check`.

namespace novip::config {

namespace {

void use_tcp_check(Parser& p, const Arguments&) { p.draft().check = Draft::Check::tcp; }

/// `option pgsql-check user NAME`
void use_pgsql_check(Parser& p, const Arguments& words) {
  if (words[0] != "user" || words.size() < 2)
    return p.error("'option pgsql-check' expects 'user <username>' as argument");
  p.draft().check = Draft::Check::pgsql;
  p.draft().pgsql_user = words[1];
}

/// Headers and body that old configurations hide behind the version: "HTTP/1.1\r\nHost: x".
void read_hidden_headers(Parser& p, HttpRequestDraft& request, std::string_view version) {
  const auto end = version.find("\r\n");
  request.version = std::string(version.substr(0, end));
  if (end == std::string_view::npos) return;
  p.warning(
      "'option httpchk': hiding headers or body at the end of the version string is "
      "deprecated, use 'http-check send' instead");
  std::string_view rest = version.substr(end + 2);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    if (line.empty()) {
      request.body = std::string(rest);
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return p.error("'option httpchk': invalid header '" + std::string(line) + "'");
    request.headers.push_back(
        {std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  }
}

/// `option httpchk [URI | METHOD URI [VERSION]]`: a single word is the URI.
void use_httpchk(Parser& p, const Arguments& words) {
  Draft& draft = p.draft();
  draft.check = Draft::Check::http;
  draft.httpchk = {};
  if (words.size() == 1) draft.httpchk.uri = words[0];
  if (words.size() >= 2) {
    draft.httpchk.method = words[0];
    draft.httpchk.uri = words[1];
  }
  if (words.size() == 3) read_hidden_headers(p, draft.httpchk, words[2]);
}

// ---- tcp-check ------------------------------------------------------------------------------

std::vector<TcpCheckRule>& own_tcp_rules(Parser& p) {
  Draft& draft = p.draft();
  if (draft.tcp_inherited) {
    draft.tcp_rules.clear();
    draft.tcp_comment.clear();
  }
  draft.tcp_inherited = false;
  return draft.tcp_rules;
}

/// Adds a rule. A `tcp-check comment` before it is its comment when it has none.
template <typename Rule>
void add_tcp_rule(Parser& p, Rule rule) {
  auto& rules = own_tcp_rules(p);
  if (rule.comment.empty()) rule.comment = p.draft().tcp_comment;
  p.draft().tcp_comment.clear();
  rules.push_back(std::move(rule));
}

void tcp_connect(Parser& p, const Arguments& words) {
  const auto& rules = own_tcp_rules(p);
  if (!rules.empty() && !std::holds_alternative<CheckConnect>(rules.front()))
    return p.error(
        "'tcp-check connect': the first step must be a 'connect' too when there is a "
        "'connect' step");
  if (auto connect = read_check_connect(p, words)) add_tcp_rule(p, std::move(*connect));
}

void tcp_expect(Parser& p, const Arguments& words) {
  if (auto expect = read_expect(p, words, false)) add_tcp_rule(p, std::move(*expect));
}

void tcp_send(Parser& p, const Arguments& words) {
  CheckSend send;
  send.bytes = words[0];
  if (p.keyword().name == "tcp-check send-binary") {
    auto bytes = decode_hex(words[0]);
    if (!bytes)
      return p.error(p.name() + ": invalid binary string '" + words[0] +
                     "' (an even number of hex digits is expected)");
    send.bytes = std::move(*bytes);
  }
  if (words.size() > 1 && (words[1] != "comment" || words.size() != 3))
    return p.error(p.name() + " expects 'comment <text>' after the data, got '" + words.joined(1) +
                   "'");
  send.comment = words[2];
  add_tcp_rule(p, std::move(send));
}

void tcp_comment(Parser& p, const Arguments& words) {
  own_tcp_rules(p);
  p.draft().tcp_comment = words.joined();
}

// ---- http-check -----------------------------------------------------------------------------

Draft& own_http_rules(Parser& p) {
  Draft& draft = p.draft();
  if (draft.http_inherited) {
    draft.http_send.reset();
    draft.http_connect.reset();
    draft.http_expect.clear();
  }
  draft.http_inherited = false;
  return draft;
}

void http_connect(Parser& p, const Arguments& words) {
  Draft& draft = own_http_rules(p);
  if (draft.http_connect || draft.http_send || !draft.http_expect.empty())
    return p.error(
        "'http-check connect' must be the first rule, and the only one of its kind: "
        "novip sends one request");
  draft.http_connect = read_check_connect(p, words);
}

/// The length of the body is known, and HAProxy too leaves out what a user says of it.
void add_header(Parser& p, HttpRequestDraft& request, const std::string& name,
                const std::string& value) {
  const std::string lower = to_lower(name);
  if (lower == "content-length" || lower == "transfer-encoding")
    return p.warning("'http-check send': header '" + name + "' has no effect, it follows from " +
                     "the body");
  request.headers.push_back({name, value});
}

void http_send(Parser& p, const Arguments& words) {
  Draft& draft = own_http_rules(p);
  if (draft.http_send)
    return p.error("a second 'http-check send' is not supported: novip sends one request");
  HttpRequestDraft request;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& word = words[i];
    const std::string& value = words[i + 1];
    if (value.empty()) return p.error("'http-check send': '" + word + "' expects a value");
    if (word == "meth") {
      request.method = value;
    } else if (word == "uri") {
      request.uri = value;
    } else if (word == "ver") {
      request.version = value;
    } else if (word == "body") {
      request.body = value;
    } else if (word == "hdr") {
      if (words[i + 2].empty())
        return p.error("'http-check send': 'hdr' expects <name> and <value> as arguments");
      add_header(p, request, value, words[i + 2]);
      ++i;
    } else if (word != "comment") {
      return p.error(
          "'http-check send' expects 'comment', 'meth', 'uri', 'ver', 'hdr' or 'body', "
          "got '" +
          word + "'");
    }
  }
  draft.http_send = std::move(request);
}

void http_expect(Parser& p, const Arguments& words) {
  Draft& draft = own_http_rules(p);
  if (auto expect = read_expect(p, words, true)) draft.http_expect.push_back(std::move(*expect));
}

void http_comment(Parser& p, const Arguments&) { own_http_rules(p); }

void disable_on_404(Parser& p, const Arguments&) { p.draft().disable_on_404 = true; }

constexpr int any = any_number;
constexpr Keyword check_rows[] = {
    {"option tcp-check", in_be, 0, 0, use_tcp_check, ""},
    {"option httpchk", in_be, 0, 3, use_httpchk, ""},
    {"option pgsql-check", in_be, 2, 2, use_pgsql_check, "'user <username>' as argument"},
    {"tcp-check connect", in_be, 0, any, tcp_connect, ""},
    {"tcp-check expect", in_be, 1, any, tcp_expect, "a pattern"},
    {"tcp-check send", in_be, 1, any, tcp_send, "a string"},
    {"tcp-check send-binary", in_be, 1, any, tcp_send, "a hexadecimal string"},
    {"tcp-check comment", in_be, 1, any, tcp_comment, "a text"},
    {"http-check connect", in_be, 0, any, http_connect, ""},
    {"http-check send", in_be, 1, any, http_send, "parts of a request"},
    {"http-check expect", in_be, 1, any, http_expect, "a pattern"},
    {"http-check comment", in_be, 1, any, http_comment, "a text"},
    {"http-check disable-on-404", in_be, 0, 0, disable_on_404, ""},
};

}  // namespace

std::span<const Keyword> check_keywords() { return check_rows; }

}  // namespace novip::config
