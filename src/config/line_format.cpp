#include "config/line_format.h"

#include <algorithm>

#include "base/text.h"

namespace novip::config {

namespace {

using Field = LineField;
using Says = std::uint8_t;

// What a variable says, as bits.
constexpr Says begin = 0, end = 1, socket = 2, http = 4;

struct Variable {
  std::string_view name;
  Field field;
  Says says;
};

/// As 2.6 has them, with `end` where it waits for the session's end before it writes the line
/// (measured).
constexpr Variable variables[] = {
    {"B", Field::bytes_out, end},
    {"H", Field::hostname, begin},
    {"ID", Field::absent, end},
    {"ST", Field::zero, begin},
    {"T", Field::gmt_date, begin},
    {"Tc", Field::connect_time, end},
    {"Td", Field::data_time, end},
    {"Th", Field::handshake_time, end},
    {"Tl", Field::local_date, begin},
    {"Ts", Field::timestamp, begin},
    {"Tt", Field::total_time, end},
    {"Tu", Field::total_time, end},
    {"Tw", Field::queue_time, end},
    {"U", Field::bytes_in, end},
    {"ac", Field::process_sessions, end},
    {"b", Field::backend, begin},
    {"bc", Field::backend_sessions, end},
    {"bi", Field::own_ip, socket},
    {"bp", Field::own_port, socket},
    {"bq", Field::backend_queue, end},
    {"ci", Field::client_ip, begin},
    {"cp", Field::client_port, begin},
    {"f", Field::frontend, begin},
    {"fc", Field::frontend_sessions, end},
    {"fi", Field::frontend_ip, socket},
    {"fp", Field::frontend_port, socket},
    {"ft", Field::frontend, begin},
    {"hr", Field::nothing, begin},
    {"hrl", Field::nothing, begin},
    {"hs", Field::nothing, begin},
    {"hsl", Field::nothing, begin},
    {"lc", Field::line_number, begin},
    {"ms", Field::milliseconds, begin},
    {"pid", Field::process_id, begin},
    {"rc", Field::retries, end},
    {"rt", Field::session_number, begin},
    {"s", Field::server, begin},
    {"sc", Field::server_sessions, end},
    {"si", Field::server_ip, socket},
    {"sp", Field::server_port, socket},
    {"sq", Field::server_queue, end},
    {"sslc", Field::absent, begin},
    {"sslv", Field::absent, begin},
    {"t", Field::accept_date, begin},
    {"ts", Field::termination_state, end},
    {"tsc", Field::termination_cookies, begin},
    {"CC", Field::nothing, http},
    {"CS", Field::nothing, http},
    {"HM", Field::nothing, http},
    {"HP", Field::nothing, http},
    {"HPO", Field::nothing, http},
    {"HQ", Field::nothing, http},
    {"HU", Field::nothing, http},
    {"HV", Field::nothing, http},
    {"Ta", Field::nothing, http},
    {"Ti", Field::nothing, http},
    {"TR", Field::nothing, http},
    {"Tq", Field::nothing, http},
    {"Tr", Field::nothing, http},
    {"r", Field::nothing, http},
    {"tr", Field::nothing, http},
    {"trg", Field::nothing, http},
    {"trl", Field::nothing, http},
};

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(char c) { return is_alpha(c) || (c >= '0' && c <= '9'); }

/// One pass over a format.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Expected<LineFormat, LineFault> run() {
    while (!fault_ && !text_.empty()) {
      if (text_.front() == '%')
        read_variable();
      else
        read_text();
    }
    if (fault_) return *fault_;
    return std::move(format_);
  }

 private:
  struct Flags {
    bool quoted = false, hexadecimal = false;
  };

  void read_text() {
    const bool space = text_.front() == ' ';
    const std::size_t length =
        std::min(space ? text_.find_first_not_of(' ') : text_.find_first_of(" %"), text_.size());
    if (space)
      add({Field::space, false, false, {}});
    else
      add_text(text_.substr(0, length));
    text_.remove_prefix(length);
  }

  void add(LinePiece piece) { format_.pieces.push_back(std::move(piece)); }

  void add_text(std::string_view text) { add({Field::text, false, false, std::string(text)}); }

  /// `%name`, `%{flags}name`, or `%%`.
  void read_variable() {
    text_.remove_prefix(1);
    if (text_.starts_with('%')) {
      text_.remove_prefix(1);
      return add_text("%");
    }
    Flags flags = defaults_;
    if (text_.starts_with('{') && !read_flags(flags)) return;
    if (text_.starts_with('['))
      return fail("sample expressions such as '%" + std::string(text_.substr(0, 40)) +
                  "' are not supported: use the variables of 'Custom log format', such as %ci");
    const auto length = std::min<std::size_t>(
        static_cast<std::size_t>(std::ranges::find_if_not(text_, is_name) - text_.begin()),
        text_.size());
    if (length == 0)
      return fail(text_.empty() ? "truncated line after '%'"
                                : "no variable begins with '" + std::string(text_.substr(0, 1)) +
                                      "'; '%%' is a single '%'");
    const std::string_view name = text_.substr(0, length);
    text_.remove_prefix(length);
    if (name == "o")
      defaults_ = flags;
    else
      add_variable(name, flags);
  }

  /// `{+Q,-X}`: unknown ones are ignored, as HAProxy does.
  bool read_flags(Flags& flags) {
    const auto close = text_.find('}');
    if (close == std::string_view::npos) {
      fail("truncated line after '" + std::string(text_) + "'");
      return false;
    }
    for (const auto word : split(text_.substr(1, close - 1), ',')) {
      const bool on = word.starts_with('+');
      if (!on && !word.starts_with('-')) continue;
      if (word.substr(1) == "Q") flags.quoted = on;
      if (word.substr(1) == "X") flags.hexadecimal = on;
    }
    text_.remove_prefix(close + 1);
    return true;
  }

  void add_variable(std::string_view name, Flags flags) {
    const auto* const found = std::ranges::find(variables, name, &Variable::name);
    const std::string quoted = "variable '" + std::string(name) + "'";
    if (found == std::end(variables)) return fail("no such " + quoted + "; '%%' is a single '%'");
    if (found->says & http) {
      fault_ = {quoted + " is reserved for HTTP mode", true};
      return;
    }
    format_.of_end = format_.of_end || (found->says & end);
    format_.of_sockets = format_.of_sockets || (found->says & socket);
    add({found->field, flags.quoted, flags.hexadecimal, {}});
  }

  void fail(std::string message) { fault_ = {std::move(message), false}; }

  std::string_view text_;
  LineFormat format_;
  Flags defaults_;
  std::optional<LineFault> fault_;
};

}  // namespace

Expected<LineFormat, LineFault> parse_line_format(std::string_view text) {
  return Reader(text).run();
}

const LineFormat& tcplog_format() {
  static const LineFormat format =
      *parse_line_format("%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq");
  return format;
}

}  // namespace novip::config
