#include "config/keyword.h"

#include <algorithm>

#include "base/text.h"

namespace novip::config {

namespace {

constexpr std::pair<Section, std::string_view> names[] = {
    {in_global, "global"},   {in_defaults, "defaults"}, {in_frontend, "frontend"},
    {in_backend, "backend"}, {in_listen, "listen"},     {in_resolvers, "resolvers"},
    {in_state, "state"},     {in_cluster, "cluster"},   {in_userlist, "userlist"},
};

const std::vector<Keyword>& all_keywords() {
  static const std::vector<Keyword> all = [] {
    std::vector<Keyword> rows;
    for (const auto table :
         {global_keywords(), proxy_keywords(), frontend_keywords(), backend_keywords(),
          check_keywords(), stats_keywords(), resolvers_keywords(), userlist_keywords(),
          state_keywords(), cluster_keywords(), pool_keywords(), kernel_keywords(), rule_keywords(),
          stick_keywords(), absent_keywords()})
      rows.insert(rows.end(), table.begin(), table.end());
    return rows;
  }();
  return all;
}

/// A quoted "timeout connect" is one word, and no keyword.
bool matches(std::string_view name, std::string_view word) {
  if (word.find(' ') != std::string_view::npos) return false;
  if (name.ends_with('*')) return word.starts_with(name.substr(0, name.size() - 1));
  return name == word;
}

/// Calls `visit` with each row whose name is the line's first two words, else its first word.
template <typename Visit>
void for_matching(const std::vector<std::string>& words, Visit visit) {
  bool found = false;
  if (words.size() > 1) {
    const std::string two = words[0] + " " + words[1];
    for (const auto& row : all_keywords())
      if (row.name == two) {
        visit(row);
        found = true;
      }
  }
  if (found) return;
  for (const auto& row : all_keywords())
    if (matches(row.name, words[0])) visit(row);
}

/// "option", "timeout", …: words that only mean something together with the next one. `hold` does
/// so in one section, and is a keyword by itself in others.
bool starts_family(std::string_view word, Section section) {
  const std::string start = std::string(word) + " ";
  bool here = false, elsewhere = false, alone = false;
  for (const auto& row : all_keywords()) {
    const bool member = row.name.starts_with(start);
    here = here || (member && (row.sections & section));
    elsewhere = elsewhere || member;
    alone = alone || row.name == word;
  }
  return here || (elsewhere && !alone);
}

}  // namespace

std::string_view section_name(Section section) {
  for (const auto& [bit, name] : names)
    if (bit == section) return name;
  return "";
}

std::string sections_text(unsigned sections) {
  std::string text;
  for (const auto& [bit, name] : names) {
    if (!(sections & bit)) continue;
    if (!text.empty()) text += " or ";
    text += "'" + std::string(name) + "'";
  }
  return text;
}

const std::string& Arguments::operator[](std::size_t index) const {
  static const std::string none;
  return index < size() ? words_[first_ + index] : none;
}

std::string Arguments::joined(std::size_t from) const {
  std::string text;
  for (std::size_t i = from; i < size(); ++i) text += (i > from ? " " : "") + (*this)[i];
  return text;
}

const Keyword* find_keyword(const std::vector<std::string>& words, Section section) {
  const Keyword* found = nullptr;
  for_matching(words, [&](const Keyword& row) {
    if (row.sections & section) found = &row;
  });
  return found;
}

unsigned sections_of(const std::vector<std::string>& words) {
  unsigned sections = 0;
  for_matching(words, [&](const Keyword& row) { sections |= row.sections; });
  return sections;
}

std::string keyword_text(const std::vector<std::string>& words, Section section) {
  if (words.size() > 1 && starts_family(words[0], section)) return words[0] + " " + words[1];
  return words[0];
}

std::optional<std::string_view> suggest(const std::vector<std::string>& words, Section section) {
  // Two words are compared with two and one with one, and nothing that long is a typing mistake.
  const std::string text = keyword_text(words, section);
  if (text.size() > 64) return std::nullopt;
  const bool pair = text.size() > words[0].size();
  std::vector<std::string_view> candidates;
  for (const auto& row : all_keywords()) {
    if (!(row.sections & section)) continue;
    if (!pair)
      candidates.push_back(row.name.substr(0, row.name.find(' ')));
    else if (row.name.starts_with(words[0] + " "))
      candidates.push_back(row.name.substr(words[0].size() + 1));
  }
  const auto near = nearest(pair ? words[1] : words[0], candidates);
  if (!near || !pair) return near;
  for (const auto& row : all_keywords())
    if ((row.sections & section) && row.name == words[0] + " " + std::string(*near))
      return row.name;
  return std::nullopt;
}

}  // namespace novip::config
