#define PCRE2_CODE_UNIT_WIDTH 8
#include "probe/expect.h"

#include <algorithm>
#include <pcre2.h>

#include "base/text.h"

namespace novip::probe {

namespace {

using Kind = config::Expect::Kind;

/// Backtracking steps for one place in the subject, and memory in KiB. PCRE2's own defaults (ten
/// million, 20 MB) would let one answer stop the control thread for seconds.
constexpr std::uint32_t match_limit = 100'000;
constexpr std::uint32_t heap_limit = 1024;

pcre2_match_context* limits() {
  static pcre2_match_context* const context = [] {
    auto* const made = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(made, match_limit);
    pcre2_set_heap_limit(made, heap_limit);
    return made;
  }();
  return context;
}

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

bool is_regex(Kind kind) {
  return kind == Kind::rstring || kind == Kind::rbinary || kind == Kind::rstatus;
}

}  // namespace

void Regex::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }
void Regex::Free::operator()(pcre2_real_match_data_8* data) const { pcre2_match_data_free(data); }

Regex::Regex(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(bytes_of(pattern), pattern.size(), 0, &error, &offset, nullptr));
  if (code_) data_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
}

std::optional<bool> Regex::matches(std::string_view subject) const {
  if (!code_ || !data_) return std::nullopt;
  const int result =
      pcre2_match(code_.get(), bytes_of(subject), subject.size(), 0, 0, data_.get(), limits());
  if (result >= 0) return true;
  if (result == PCRE2_ERROR_NOMATCH) return false;
  return std::nullopt;
}

Expectation::Expectation(const config::Expect& settings) : settings_(&settings) {
  if (is_regex(settings.kind)) regex_.emplace(settings.pattern);
}

bool Expectation::wants_content() const {
  return settings_->kind != Kind::status && settings_->kind != Kind::rstatus;
}

std::optional<bool> Expectation::found_in(std::string_view content) const {
  switch (settings_->kind) {
    case Kind::rstring:
      return regex_->matches(content);
    case Kind::rbinary:
      return regex_->matches(hexadecimal(content));
    default:
      return content.find(settings_->pattern) != std::string_view::npos;
  }
}

/// A pattern that could not be matched passes nothing, not even when it is negated.
Judgement Expectation::judgement(std::optional<bool> found) const {
  return found && *found != settings_->negate ? Judgement::passed : Judgement::failed;
}

Judgement Expectation::judge(std::string_view content, bool last) const {
  const bool literal = settings_->kind == Kind::string || settings_->kind == Kind::binary;
  const std::size_t needed =
      std::max<std::size_t>(settings_->min_recv, literal ? settings_->pattern.size() : 0);
  if (!last && content.size() < needed) return Judgement::undecided;
  const auto found = found_in(content);
  // Without min-recv, what is not there yet may still come.
  if (found == false && !last && settings_->min_recv == 0) return Judgement::undecided;
  return judgement(found);
}

Judgement Expectation::judge_status(unsigned code) const {
  if (regex_) return judgement(regex_->matches(format("%03u", code)));
  return judgement(std::any_of(
      settings_->codes.begin(), settings_->codes.end(),
      [code](const auto& range) { return code >= range.first && code <= range.second; }));
}

}  // namespace novip::probe
