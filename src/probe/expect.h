#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/model.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

namespace novip::probe {

/// How much of an answer a check looks at, as HAProxy's buffer (tune.bufsize). What does not fit is
/// never read: the answer is then judged as if it had ended.
constexpr std::size_t answer_limit = 16384;

/// A compiled PCRE2, matched within limits: the subject comes from the network. One thread at a
/// time.
class Regex {
 public:
  explicit Regex(const std::string& pattern);

  /// Nothing when that cannot be told: the pattern is invalid, or the limits were reached.
  std::optional<bool> matches(std::string_view subject) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
    void operator()(pcre2_real_match_data_8* data) const;
  };
  std::unique_ptr<pcre2_real_code_8, Free> code_;
  std::unique_ptr<pcre2_real_match_data_8, Free> data_;
};

enum class Judgement { passed, failed, undecided };

/// One `expect`, ready to judge answers. Pure.
class Expectation {
 public:
  /// `settings` must outlive it.
  explicit Expectation(const config::Expect& settings);

  const config::Expect& settings() const { return *settings_; }
  /// Whether it looks at a body, and not at an HTTP status.
  bool wants_content() const;

  /// Judges what was received so far. `last`: nothing follows, so an answer is never undecided.
  Judgement judge(std::string_view content, bool last) const;
  /// For kinds status and rstatus.
  Judgement judge_status(unsigned code) const;

 private:
  std::optional<bool> found_in(std::string_view content) const;
  Judgement judgement(std::optional<bool> found) const;

  const config::Expect* settings_;
  std::optional<Regex> regex_;
};

}  // namespace novip::probe
