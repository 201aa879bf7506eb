#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace novip::config {

class Parser;

/// Sections, as bits: a keyword says in which it may stand.
enum Section : unsigned {
  in_global = 1,
  in_defaults = 2,
  in_frontend = 4,
  in_backend = 8,
  in_listen = 16,
  in_resolvers = 32,
  in_state = 64,
  in_cluster = 128,
  in_userlist = 256,
};
constexpr unsigned frontend_side = in_frontend | in_listen;
constexpr unsigned backend_side = in_backend | in_listen;
constexpr unsigned any_proxy = in_frontend | in_backend | in_listen;
constexpr unsigned anywhere = in_defaults | any_proxy;  // that speaks of proxies
constexpr unsigned in_fe = in_defaults | frontend_side;
constexpr unsigned in_be = in_defaults | backend_side;

std::string_view section_name(Section section);
/// "'listen' or 'backend'": for a keyword that stands elsewhere.
std::string sections_text(unsigned sections);

/// What follows a keyword on its line.
class Arguments {
 public:
  Arguments(const std::vector<std::string>& words, std::size_t first)
      : words_(words), first_(first) {}

  std::size_t size() const { return words_.size() - first_; }
  /// An empty string past the end: no argument is empty (the parser sees to it).
  const std::string& operator[](std::size_t index) const;
  std::string joined(std::size_t from = 0) const;

 private:
  const std::vector<std::string>& words_;
  std::size_t first_;
};

using Handler = void (*)(Parser&, const Arguments&);
constexpr int any_number = -1;

/// What is expected, as the tables of keywords have it.
constexpr std::string_view a_time = "a time", a_number = "a number";

/// One row per keyword.
struct Keyword {
  std::string_view name;  // one or two words; `tune.*` stands for all that start so
  unsigned sections;
  int least, most;  // number of arguments
  Handler handle;
  std::string_view about;  // the arguments it takes; or why novip has no such thing
  bool negatable = false;  // `no` and `default` may stand in front
  bool secret = false;     // what follows may be (a part of) a password: no message quotes it
};

/// The row for the first words of a line in a section.
const Keyword* find_keyword(const std::vector<std::string>& words, Section section);
/// Where else a keyword may stand: sections, or 0.
unsigned sections_of(const std::vector<std::string>& words);
/// The words that would have been the keyword: "option tcplg", "blance".
std::string keyword_text(const std::vector<std::string>& words, Section section);
/// The keyword of this section most like it.
std::optional<std::string_view> suggest(const std::vector<std::string>& words, Section section);

// The tables, each in the file that has its handlers.
std::span<const Keyword> global_keywords();
std::span<const Keyword> proxy_keywords();
std::span<const Keyword> frontend_keywords();
std::span<const Keyword> backend_keywords();
std::span<const Keyword> check_keywords();
std::span<const Keyword> stats_keywords();
std::span<const Keyword> resolvers_keywords();
std::span<const Keyword> userlist_keywords();
std::span<const Keyword> state_keywords();
std::span<const Keyword> cluster_keywords();
std::span<const Keyword> pool_keywords();
std::span<const Keyword> kernel_keywords();
std::span<const Keyword> rule_keywords();
std::span<const Keyword> stick_keywords();
std::span<const Keyword> absent_keywords();

}  // namespace novip::config
