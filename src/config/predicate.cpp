#include "config/predicate.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <openssl/opensslv.h>

#include "base/text.h"

namespace novip::config {

namespace {

constexpr unsigned deepest = 32;

/// Of HAProxy's build options, those that novip has as well.
constexpr std::string_view features[] = {"ACCEPT4", "CRYPT_H", "EPOLL",  "GETADDRINFO", "OPENSSL",
                                         "PCRE2",   "POLL",    "PROMEX", "SYSTEMD",     "THREAD"};

/// "2.6.12" → 2, 6, 12; a development version comes before the release: "2.6-dev3" → 2, 6, -1, 3.
std::vector<long> version_parts(std::string_view text) {
  std::vector<long> parts;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    parts.push_back(static_cast<long>(parse_number(text.substr(0, digits)).value_or(0)));
    text.remove_prefix(digits);
    if (text.starts_with("-dev") || text.starts_with("-rc")) {
      parts.push_back(-1);
      text.remove_prefix(text.starts_with("-dev") ? 4 : 3);
    } else if (text.starts_with('.')) {
      text.remove_prefix(1);
    } else {
      break;  // "-1+deb12u4", "1.1.1f"
    }
  }
  while (!parts.empty() && parts.back() == 0) parts.pop_back();
  return parts;
}

bool is_at_least(std::string_view ours, std::string_view asked) {
  auto own = version_parts(ours), other = version_parts(asked);
  const auto length = std::max(own.size(), other.size());
  own.resize(length);
  other.resize(length);
  return own >= other;
}

const std::string& openssl_version() {
  static const std::string version =
      format("%d.%d.%d", OPENSSL_VERSION_MAJOR, OPENSSL_VERSION_MINOR, OPENSSL_VERSION_PATCH);
  return version;
}

using Texts = std::vector<std::string_view>;
struct Predicate {
  std::string_view name;
  std::size_t arguments;
  bool (*holds)(const Texts&, const Environment&);
};

constexpr Predicate predicates[] = {
    {"defined", 1,
     [](const Texts& of, const Environment& variables) {
       return variables(std::string(of[0])).has_value();
     }},
    {"feature", 1,
     [](const Texts& of, const Environment&) {
       return std::ranges::find(features, of[0]) != std::end(features);
     }},
    {"streq", 2, [](const Texts& of, const Environment&) { return of[0] == of[1]; }},
    {"strneq", 2, [](const Texts& of, const Environment&) { return of[0] != of[1]; }},
    {"version_atleast", 1,
     [](const Texts& of, const Environment&) { return is_at_least(grammar_version, of[0]); }},
    {"version_before", 1,
     [](const Texts& of, const Environment&) { return !is_at_least(grammar_version, of[0]); }},
    {"openssl_version_atleast", 1,
     [](const Texts& of, const Environment&) { return is_at_least(openssl_version(), of[0]); }},
    {"openssl_version_before", 1,
     [](const Texts& of, const Environment&) { return !is_at_least(openssl_version(), of[0]); }},
    {"ssllib_name_startswith", 1,
     [](const Texts& of, const Environment&) {
       return std::string_view(OPENSSL_VERSION_TEXT).starts_with(of[0]);
     }},
};

/// Recursive descent: or of ands of terms. What is wrong is kept in `error_`, and ends it.
class Evaluation {
 public:
  Evaluation(std::string_view text, const Environment& environment)
      : text_(text), environment_(environment) {}

  Expected<bool, PredicateError> run() {
    skip_spaces();
    if (at_ == text_.size()) return false;
    const bool truth = alternatives();
    if (!error_ && at_ < text_.size()) fail("unexpected character at the end of");
    if (error_) return *error_;
    return truth;
  }

 private:
  bool alternatives() {
    bool truth = conjunction();
    while (!error_ && take("||")) truth = conjunction() || truth;
    return truth;
  }

  bool conjunction() {
    bool truth = term();
    while (!error_ && take("&&")) truth = term() && truth;
    return truth;
  }

  bool term() {
    bool negated = false;
    while (take("!")) negated = !negated;
    return operand() != negated;
  }

  bool operand() {
    if (take("(")) return in_parentheses();
    const std::string_view rest = text_.substr(at_);
    const std::size_t sign = rest.starts_with('-') ? 1 : 0;
    const auto digits = std::min(rest.find_first_not_of("0123456789", sign), rest.size());
    if (digits > sign) {
      const bool zero = rest.substr(sign, digits - sign).find_first_not_of('0') == rest.npos;
      at_ += digits;
      skip_spaces();
      return !zero;
    }
    return predicate();
  }

  bool in_parentheses() {
    if (++depth_ > deepest) return fail("too many parentheses in");
    const bool truth = alternatives();
    --depth_;
    if (!error_ && !take(")")) fail("missing ')' in");
    return truth;
  }

  /// `name(argument,argument)`; HAProxy has no quotes here but those of the line.
  bool predicate() {
    const std::string_view rest = text_.substr(at_);
    const auto* const found = std::ranges::find_if(predicates, [rest](const Predicate& one) {
      return rest.starts_with(one.name) && rest.substr(one.name.size()).starts_with('(');
    });
    if (found == std::end(predicates)) return fail("unparsable");
    const auto open = found->name.size();
    const auto close = rest.find(')', open);
    if (close == std::string_view::npos) return fail("missing ')' in");
    Texts arguments = split(rest.substr(open + 1, close - open - 1), ',');
    for (auto& argument : arguments) argument = trim(argument);
    if (arguments.size() != found->arguments) {
      at_ += open + 1;
      return fail(format("'%s' expects %zu argument%s, got %zu, in",
                         std::string(found->name).c_str(), found->arguments,
                         found->arguments == 1 ? "" : "s", arguments.size()));
    }
    at_ += close + 1;
    skip_spaces();
    return found->holds(arguments, environment_);
  }

  bool take(std::string_view sign) {
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    skip_spaces();
    return true;
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  bool fail(std::string why) {
    if (!error_) error_ = PredicateError{at_, std::move(why)};
    return false;
  }

  std::string_view text_;
  const Environment& environment_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  std::optional<PredicateError> error_;
};

}  // namespace

Expected<bool, PredicateError> evaluate_predicates(std::string_view expression,
                                                   const Environment& environment) {
  return Evaluation(expression, environment).run();
}

}  // namespace novip::config
