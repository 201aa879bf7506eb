#include "probe/http_response.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace novip::probe {

namespace {

using State = HttpResponse::State;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 9110, 5.6.2: the characters of a header's name.
bool is_token(std::string_view text) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

/// Takes a line off the front, without its CRLF or LF; nothing when it has not ended.
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// "HTTP/1.1 200 OK"; the reason may be missing.
bool parse_status_line(std::string_view line, HttpResponse& response) {
  constexpr std::string_view name = "HTTP/";
  if (line.size() < 12 || !line.starts_with(name)) return false;
  if (!is_digit(line[5]) || line[6] != '.' || !is_digit(line[7]) || line[8] != ' ') return false;
  const auto code = parse_number(line.substr(9, 3));
  if (!code || (line.size() > 12 && line[12] != ' ')) return false;
  response.status = static_cast<unsigned>(*code);
  response.reason = trim(line.substr(12));
  return true;
}

/// How the body's end is told.
struct Framing {
  std::optional<std::uint64_t> length;
  bool chunked = false;
};

bool parse_header(std::string_view line, Framing& framing) {
  if (line.front() == ' ' || line.front() == '\t') return true;  // an obsolete folded line
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  const std::string name = to_lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "transfer-encoding") framing.chunked = to_lower(value).ends_with("chunked");
  if (name != "content-length") return true;
  const auto length = parse_number(value);
  if (!length || (framing.length && framing.length != length)) return false;
  framing.length = length;
  return true;
}

/// A chunk's size in hexadecimal, before any extension. Eight digits are more than any limit of
/// ours.
std::optional<std::size_t> chunk_size(std::string_view line) {
  const auto digits = trim(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::size_t size = 0;
  for (const char digit : to_lower(digits)) {
    const auto value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    size = size * 16 + value;
  }
  return size;
}

State join_chunks(std::string_view bytes, std::string& body) {
  for (;;) {
    const auto line = take_line(bytes);
    if (!line) return State::head;
    const auto size = chunk_size(*line);
    if (!size) return State::malformed;
    if (*size == 0) return State::complete;  // trailers tell a check nothing
    body += bytes.substr(0, *size);
    if (bytes.size() < *size) return State::head;
    bytes.remove_prefix(*size);
    const auto end = take_line(bytes);
    if (!end) return State::head;
    if (!end->empty()) return State::malformed;
  }
}

State take_body(std::string_view bytes, const Framing& framing, std::string& body) {
  if (framing.chunked) return join_chunks(bytes, body);
  if (!framing.length) {
    body = bytes;
    return State::head;  // the server's close ends it
  }
  body = bytes.substr(0, *framing.length);
  return body.size() == *framing.length ? State::complete : State::head;
}

}  // namespace

HttpResponse parse_http_response(std::string_view bytes, bool to_head, bool ended) {
  HttpResponse response;
  const auto unfinished = [&] {
    response.state = ended ? State::malformed : State::incomplete;
    return response;
  };
  // What cannot become a status line is refused without waiting for the end of the line.
  constexpr std::string_view name = "HTTP/";
  if (bytes.substr(0, name.size()) != name.substr(0, bytes.size())) return response;
  const auto status_line = take_line(bytes);
  if (!status_line) return unfinished();
  if (!parse_status_line(*status_line, response)) return response;
  Framing framing;
  for (;;) {
    const auto line = take_line(bytes);
    if (!line) return unfinished();
    if (line->empty()) break;
    if (!parse_header(*line, framing)) return response;
  }
  const unsigned status = response.status;
  const bool bodyless = to_head || status < 200 || status == 204 || status == 304;
  response.state = bodyless ? State::complete : take_body(bytes, framing, response.body);
  if (ended && response.state == State::head) response.state = State::complete;
  return response;
}

}  // namespace novip::probe
