#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/draft.h"
#include "config/keyword.h"
#include "config/load.h"
#include "config/lookup.h"
#include "config/tokenizer.h"
#include "config/units.h"

namespace novip::config {

/// Reads sources line by line and keeps what was read so far. Keyword handlers are given it: they
/// write to what the current section is, and tell what is wrong with the current line.
class Parser {
 public:
  explicit Parser(const LoadOptions& options);

  void parse(const Source& source);
  /// Judges the whole, and gives it.
  Loaded finish();

  // -- for handlers: telling what is wrong ----------------------------------------------------
  void error(std::string text) { error_at(here_, option_line_ + std::move(text)); }
  void warning(std::string text) { warning_at(here_, option_line_ + std::move(text)); }
  void error_at(const Location& where, std::string text);
  void warning_at(const Location& where, std::string text);
  /// The keyword as written, in quotes, to start a sentence with.
  std::string name() const { return "'" + written_ + "'"; }

  /// While one option of a `bind` or `server` line is read: what messages start with, and the
  /// option's name.
  void begin_option(std::string line, std::string_view option) {
    option_line_ = std::move(line);
    option_ = option;
  }
  void end_option() { begin_option("", ""); }
  std::string_view option() const { return option_; }

  // -- for handlers: values; none after telling what is wrong with them ------------------------
  std::optional<unsigned> number(std::string_view what, const std::string& text, unsigned least,
                                 unsigned most);
  std::optional<Milliseconds> time(std::string_view what, const std::string& text,
                                   Milliseconds least = 0ms, Milliseconds unit = 1ms);
  /// `text` with variables expanded: for addresses.
  std::string expanded(const std::string& text) const {
    return expand_variables(text, environment_);
  }

  // -- for handlers: the line ------------------------------------------------------------------
  const Location& here() const { return here_; }
  const Keyword& keyword() const { return *keyword_; }
  bool negated() const { return negated_; }
  Section section() const { return section_; }

  // -- for handlers: what is being read --------------------------------------------------------
  Config& config() { return config_; }
  Draft& draft() { return *draft_; }
  Proxy& proxy() { return draft_->proxy; }
  Resolvers& resolvers() { return config_.resolvers.back(); }
  /// That of the section; of one whose name there was before nothing is kept.
  Userlist& userlist() { return ignored_userlist_ ? *ignored_userlist_ : config_.userlists.back(); }
  State& state() { return *config_.state; }
  ClusterDraft& cluster() { return clusters_.back(); }
  std::deque<ClusterDraft>& clusters() { return clusters_; }
  std::deque<Draft>& proxies() { return proxies_; }
  Lookup& lookup() { return lookup_; }

  // -- settings of `global` that only matter while reading --------------------------------------
  Verify server_verify = Verify::required;
  std::string ca_base, crt_base;
  std::optional<Location> zero_warning;
  void set_variable(const std::string& variable, std::optional<std::string> value);
  void forget_variables(std::set<std::string> except);
  std::optional<std::string> variable(const std::string& variable) const;

 private:
  // directives.cpp
  struct Block {  // from `.if` to `.endif`
    Location where;
    bool counts = false;  // the lines that follow are read
    bool done = false;    // no later branch may count
    bool last = false;    // after `.else`
  };
  bool run_directive(const std::vector<std::string>& words);
  void open_block(const std::vector<std::string>& words);
  void go_on_in_block(const std::vector<std::string>& words);
  void enter_block(const std::vector<std::string>& words);
  void tell(const std::vector<std::string>& words);
  bool block_counts() const;
  void close_blocks();

  void read_line(std::string_view line);
  bool open_section(const std::vector<std::string>& words);
  void open_defaults(const std::vector<std::string>& words);
  void open_proxy(ProxyKind kind, const std::vector<std::string>& words);
  void open_resolvers(const std::vector<std::string>& words);
  void open_userlist(const std::vector<std::string>& words);
  void open_state(const std::vector<std::string>& words);
  bool opens_cluster(const std::vector<std::string>& words) const;
  void open_cluster(const std::vector<std::string>& words);
  const Draft* defaults_named(const std::vector<std::string>& words, std::size_t at,
                              const std::string& owner);
  void run_keyword(const std::vector<std::string>& words);
  void unknown_keyword(const std::vector<std::string>& words);
  void count_arguments_and_run(const Arguments& arguments);
  std::string surplus_text(const Arguments& arguments, std::size_t index) const;

  const LoadOptions& options_;
  Environment environment_;
  std::map<std::string, std::optional<std::string>> variables_;  // setenv and unsetenv
  std::optional<std::set<std::string>> kept_variables_;          // resetenv
  Lookup lookup_;

  Config config_;
  std::optional<Userlist> ignored_userlist_;
  std::deque<Draft> proxies_, defaults_;  // deque: draft_ points into them
  std::deque<ClusterDraft> clusters_;
  std::vector<Remark> remarks_;
  std::map<std::string, std::size_t> file_order_;

  std::vector<Block> blocks_;
  Location here_;
  Section section_ = in_global;
  bool in_section_ = false;  // false before the first, and after an unknown one
  bool told_orphan_ = false;
  Draft* draft_ = nullptr;
  const Keyword* keyword_ = nullptr;
  std::string written_;
  bool negated_ = false;
  std::string option_line_;
  std::string_view option_;
};

/// Whether a proxy, a server or a cluster may be called that: letters, digits, and "-_.:".
bool valid_name(std::string_view name);
constexpr std::string_view valid_name_text = "letters, digits, '-', '_', '.' and ':' are";
/// "novip.cfg:12"
std::string at(const Location& where);
/// Of a word too many that is not shown: it may be the rest of a password.
constexpr std::string_view quoting_text = "a value with blanks stands in quotes";

/// Checks what can be judged only once everything is read, numbers proxies and servers, and
/// resolves names. `proxies` become config().proxies.
void validate(Parser& parser);

/// Handler of an option that is on or, with `no`, off.
template <bool Proxy::*flag>
void set_flag(Parser& p, const Arguments&) {
  p.proxy().*flag = !p.negated();
}

}  // namespace novip::config
