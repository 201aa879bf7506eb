#include "config/parser.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace novip::config {

namespace {

std::optional<std::string> from_process(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Parser::Parser(const LoadOptions& options)
    : options_(options),
      environment_([this](const std::string& name) { return variable(name); }),
      lookup_(options.touch_system) {}

std::optional<std::string> Parser::variable(const std::string& name) const {
  if (const auto set = variables_.find(name); set != variables_.end()) return set->second;
  if (kept_variables_ && !kept_variables_->contains(name)) return std::nullopt;
  return options_.environment ? options_.environment(name) : from_process(name);
}

void Parser::set_variable(const std::string& name, std::optional<std::string> value) {
  variables_[name] = std::move(value);
}

void Parser::forget_variables(std::set<std::string> except) {
  std::erase_if(variables_, [&](const auto& entry) { return !except.contains(entry.first); });
  kept_variables_ = std::move(except);
}

void Parser::error_at(const Location& where, std::string text) {
  remarks_.push_back({Remark::Kind::error, where, std::move(text)});
}

void Parser::warning_at(const Location& where, std::string text) {
  remarks_.push_back({Remark::Kind::warning, where, std::move(text)});
}

std::optional<unsigned> Parser::number(std::string_view what, const std::string& text,
                                       unsigned least, unsigned most) {
  const auto value = parse_number(text);
  if (value && *value >= least && *value <= most) return static_cast<unsigned>(*value);
  error(format("'%.*s' expects a number from %u to %u, got '%s'", static_cast<int>(what.size()),
               what.data(), least, most, text.c_str()));
  return std::nullopt;
}

std::optional<Milliseconds> Parser::time(std::string_view what, const std::string& text,
                                         Milliseconds least, Milliseconds unit) {
  const auto value = parse_time(text, unit);
  const std::string start = "'" + std::string(what) + "': ";
  if (!value) {
    error(start + value.error().message);
    return std::nullopt;
  }
  if (*value >= least) return *value;
  error(start + format("'%s' is too short, the least is %lld ms", text.c_str(),
                       static_cast<long long>(least.count())));
  return std::nullopt;
}

void Parser::parse(const Source& source) {
  file_order_.emplace(source.name, file_order_.size());
  here_ = {source.name, 0};
  in_section_ = false;  // a section never goes on in the next file
  told_orphan_ = false;
  for (const auto line : split(source.contents, '\n')) {
    ++here_.line;
    read_line(line);
  }
  close_blocks();
}

void Parser::read_line(std::string_view line) {
  auto cut = tokenize(line, environment_);
  if (!cut) {
    error(format("%s at column %zu", cut.error().reason.c_str(), cut.error().column));
    return;
  }
  auto& words = *cut;
  // HAProxy takes an empty word for the end of the line. At the end that is what a variable set to
  // nothing is for; before other words it would hide them.
  while (!words.empty() && words.back().empty()) words.pop_back();
  if (words.empty() || run_directive(words)) return;
  const auto empty = std::find(words.begin(), words.end(), "");
  if (empty != words.end()) {
    const auto number = std::to_string(empty - words.begin() + 1);
    error("word " + number + " is empty: it would hide the rest of the line");
    return;
  }
  if (!open_section(words)) run_keyword(words);
}

void Parser::run_keyword(const std::vector<std::string>& words) {
  if (!in_section_) {
    if (!told_orphan_) error("'" + words[0] + "' stands outside of any section");
    told_orphan_ = true;
    return;
  }
  std::vector<std::string> rest = words;
  const bool reset = words[0] == "default" && words.size() > 1 && words[1] == "option";
  negated_ = words[0] == "no" || reset;
  if (negated_) rest.erase(rest.begin());
  if (rest.empty()) return error("'no' expects what to negate, such as 'option redispatch'");
  keyword_ = find_keyword(rest, section_);
  if (keyword_ == nullptr) return unknown_keyword(rest);
  const bool two_words = keyword_->name.find(' ') != std::string_view::npos;
  written_ = two_words ? rest[0] + " " + rest[1] : rest[0];
  if (negated_ && !keyword_->negatable)
    return error("'" + words[0] + "' cannot stand before " + name());
  count_arguments_and_run(Arguments(rest, two_words ? 2 : 1));
}

void Parser::count_arguments_and_run(const Arguments& arguments) {
  const auto count = static_cast<int>(arguments.size());
  if (count < keyword_->least && !negated_)
    return error(name() + " expects " + std::string(keyword_->about));
  if (keyword_->most != any_number && count > keyword_->most)
    return error(name() + " cannot handle unexpected argument " +
                 surplus_text(arguments, static_cast<std::size_t>(keyword_->most)));
  keyword_->handle(*this, arguments);
}

/// The first argument too many.
std::string Parser::surplus_text(const Arguments& arguments, std::size_t index) const {
  if (!keyword_->secret) return "'" + arguments[index] + "'";
  return std::to_string(index + 1) + "; " + std::string(quoting_text);
}

void Parser::unknown_keyword(const std::vector<std::string>& words) {
  const std::string quoted = "'" + keyword_text(words, section_) + "'";
  const std::string place = "'" + std::string(section_name(section_)) + "'";
  const unsigned elsewhere = sections_of(words);
  // A line for the other side of a proxy does no harm there: HAProxy warns, and goes on.
  // Not so a line that says where clients go.
  const bool leads =
      words[0].ends_with("server") || words[0] == "server-template" || words[0] == "cluster";
  if ((elsewhere & any_proxy) && (section_ & any_proxy) && !leads)
    return warning(quoted + " ignored because " + std::string(section_name(section_)) + " '" +
                   proxy().name + "' has no " + (section_ == in_frontend ? "backend" : "frontend") +
                   " capability; it belongs in " + sections_text(elsewhere));
  if (elsewhere != 0)
    return error(quoted + " is not allowed in " + place + " section; it belongs in " +
                 sections_text(elsewhere));
  const auto near = suggest(words, section_);
  error("unknown keyword " + quoted + " in " + place + " section" +
        (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
}

Loaded Parser::finish() {
  validate(*this);
  if (zero_warning && std::any_of(remarks_.begin(), remarks_.end(), [](const Remark& remark) {
        return remark.kind == Remark::Kind::warning;
      }))
    error_at(*zero_warning, "there are warnings, and 'zero-warning' forbids them");
  std::stable_sort(remarks_.begin(), remarks_.end(), [this](const Remark& a, const Remark& b) {
    return std::pair(file_order_[a.where.file], a.where.line) <
           std::pair(file_order_[b.where.file], b.where.line);
  });
  Loaded loaded;
  const bool failed = std::any_of(remarks_.begin(), remarks_.end(), [](const Remark& remark) {
    return remark.kind == Remark::Kind::error;
  });
  if (!failed) loaded.config = std::make_shared<const Config>(std::move(config_));
  loaded.remarks = std::move(remarks_);
  return loaded;
}

}  // namespace novip::config
