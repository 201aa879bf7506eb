#include "config/tokenizer.h"

#include <utility>

namespace novip::config {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_alpha(c) || (c >= '0' && c <= '9'); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// One pass over one line; the state is where we are and which quote is open.
class Tokenizer {
 public:
  Tokenizer(std::string_view line, const Environment& environment)
      : line_(line), environment_(environment) {}

  Expected<std::vector<std::string>, TokenError> run() {
    while (!failed_ && at_ < line_.size() && step()) {
      if (bytes_ > max_line_bytes)
        fail(at_, "the line is too long once its variables are expanded");
      if (words_.size() > max_words) fail(at_, "too many words, at most 64 are allowed");
    }
    if (!failed_ && quote_ != '\0') fail(quote_at_, "unmatched quote");
    if (failed_) return error_;
    end_word();
    if (words_.size() > max_words) return TokenError{at_, "too many words, at most 64 are allowed"};
    return std::move(words_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0';
  }

  /// Consumes what is at `at_`. False at the end of the line or a comment.
  bool step() {
    const char c = peek();
    if (c == '\r') return false;
    if (c == '\0') return fail(at_, "zero byte");
    if (c == '#' && quote_ == '\0') return false;
    if ((c == '"' || c == '\'') && (quote_ == '\0' || quote_ == c)) {
      quote(c);
    } else if (c == '\\' && quote_ != '\'') {
      return escape();
    } else if (c == '$' && quote_ == '"') {
      return variable();
    } else if (is_space(c) && quote_ == '\0') {
      end_word();
      ++at_;
    } else {
      emit(c);
      ++at_;
    }
    return true;
  }

  void quote(char c) {
    quote_ = quote_ == c ? '\0' : c;
    quote_at_ = at_++;
    in_word_ = true;  // "" is a word, an empty one
  }

  bool escape() {
    const char c = peek(1);
    switch (c) {
      case ' ':
      case '\t':
      case '\\':
      case '#':
      case '\'':
      case '"':
        emit(c);
        break;
      case 't':
        emit('\t');
        break;
      case 'n':
        emit('\n');
        break;
      case 'r':
        emit('\r');
        break;
      case 'x':
        return hexadecimal();
      case '$':
        if (quote_ == '"') {
          emit('$');
          break;
        }
        [[fallthrough]];
      default:  // not an escape: the backslash stands for itself
        emit('\\');
        ++at_;
        return true;
    }
    at_ += 2;
    return true;
  }

  bool hexadecimal() {
    const int high = hex_digit(peek(2)), low = hex_digit(peek(3));
    if (high < 0 || low < 0) return fail(at_, "truncated or invalid hexadecimal sequence");
    if (high == 0 && low == 0) return fail(at_, "zero byte; 'send-binary' can send one");
    emit(static_cast<char>(high << 4 | low));
    at_ += 4;
    return true;
  }

  bool variable() {
    const std::size_t start = at_++;
    const bool brace = peek() == '{';
    if (brace) ++at_;
    if (!is_alpha(peek()))
      return fail(at_, "forbidden first character in environment variable name");
    std::string name;
    while (is_name(peek())) name.push_back(line_[at_++]);
    auto value = environment_(name);
    if (brace) {
      if (peek() == '-') {
        const auto end = line_.find('}', at_);
        if (end == std::string_view::npos)
          return fail(start, "unmatched brace in environment variable name");
        if (!value) value = std::string(line_.substr(at_ + 1, end - at_ - 1));
        at_ = end;
      }
      if (peek() != '}') return fail(start, "unmatched brace in environment variable name");
      ++at_;
    }
    if (value)
      for (const char c : value->substr(0, max_line_bytes + 1)) emit(c);
    return true;
  }

  void emit(char c) {
    word_.push_back(c);
    in_word_ = true;
    ++bytes_;
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  bool fail(std::size_t at, const char* reason) {
    failed_ = true;
    error_ = {at + 1, reason};
    return false;
  }

  std::string_view line_;
  const Environment& environment_;
  std::size_t at_ = 0, quote_at_ = 0, bytes_ = 0;
  char quote_ = '\0';
  bool in_word_ = false, failed_ = false;
  std::string word_;
  std::vector<std::string> words_;
  TokenError error_;
};

}  // namespace

Expected<std::vector<std::string>, TokenError> tokenize(std::string_view line,
                                                        const Environment& environment) {
  return Tokenizer(line, environment).run();
}

std::string expand_variables(std::string_view text, const Environment& environment) {
  std::string result;
  while (!text.empty() && result.size() <= max_line_bytes) {
    const auto dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    const bool brace = text.starts_with('{');
    if (brace) text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() && is_name(text[length])) ++length;
    result += environment(std::string(text.substr(0, length))).value_or("");
    text.remove_prefix(length);
    if (brace && text.starts_with('}')) text.remove_prefix(1);
  }
  return result;
}

}  // namespace novip::config
