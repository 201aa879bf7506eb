#include <algorithm>

#include "config/parser.h"

// What starts a section, and what it starts from.

namespace novip::config {

namespace {

/// HAProxy's sections that novip does not have.
constexpr std::string_view absent_sections[] = {
    "peers",       "cache",       "program",  "ring",      "mailers", "fcgi-app",
    "http-errors", "log-forward", "crt-list", "crt-store", "traces",
};

}  // namespace

bool valid_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

/// True when the line was a section's first (even a wrong one).
bool Parser::open_section(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  const auto open = [&](Section section) {
    section_ = section;
    in_section_ = true;
  };
  if (name == "global") {
    if (words.size() > 1) error("'global' cannot handle unexpected argument '" + words[1] + "'");
    open(in_global);
  } else if (name == "defaults") {
    open(in_defaults);
    open_defaults(words);
  } else if (name == "listen") {
    open(in_listen);
    open_proxy(ProxyKind::listen, words);
  } else if (name == "frontend") {
    open(in_frontend);
    open_proxy(ProxyKind::frontend, words);
  } else if (name == "backend") {
    open(in_backend);
    open_proxy(ProxyKind::backend, words);
  } else if (name == "resolvers") {
    open(in_resolvers);
    open_resolvers(words);
  } else if (name == "userlist") {
    open(in_userlist);
    open_userlist(words);
  } else if (name == "state") {
    open(in_state);
    open_state(words);
  } else if (opens_cluster(words)) {
    open(in_cluster);
    open_cluster(words);
  } else if (std::find(std::begin(absent_sections), std::end(absent_sections), name) !=
             std::end(absent_sections)) {
    error("section '" + name + "' is not supported by novip");
    in_section_ = false;
    told_orphan_ = true;
  } else {
    return false;
  }
  return true;
}

const Draft* Parser::defaults_named(const std::vector<std::string>& words, std::size_t at,
                                    const std::string& owner) {
  if (words.size() <= at) return nullptr;
  if (words[at] != "from") {
    error("unexpected '" + words[at] + "' after " + owner +
          "; only 'from <defaults>' may follow (addresses go on a 'bind' line)");
    return nullptr;
  }
  if (words.size() != at + 2) {
    error("'from' expects the name of one defaults section");
    return nullptr;
  }
  const Draft* found = nullptr;
  for (const auto& defaults : defaults_) {
    if (defaults.proxy.name != words[at + 1]) continue;
    if (found != nullptr) {
      error("ambiguous defaults section '" + words[at + 1] + "' for " + owner);
      return found;
    }
    found = &defaults;
  }
  if (found == nullptr) error("defaults section '" + words[at + 1] + "' not found for " + owner);
  return found;
}

void Parser::open_defaults(const std::vector<std::string>& words) {
  const bool named = words.size() > 1 && words[1] != "from";
  const Draft* const base = defaults_named(words, named ? 2 : 1, "'defaults'");
  Draft fresh = base != nullptr ? *base : Draft{};
  fresh.is_defaults = true;
  fresh.proxy.where = here_;
  fresh.proxy.name = named ? words[1] : "";
  if (base == nullptr) fresh.default_server.tls.verify = server_verify;
  fresh.tcp_inherited = fresh.http_inherited = fresh.stats_inherited = base != nullptr;
  fresh.default_server_inherited = base != nullptr;
  draft_ = &defaults_.emplace_back(std::move(fresh));
}

void Parser::open_proxy(ProxyKind kind, const std::vector<std::string>& words) {
  const std::string type(section_name(section_));
  const std::string name = words.size() > 1 ? words[1] : "";
  if (name.empty())
    error("'" + type + "' expects a name");
  else if (!valid_name(name))
    error("character not permitted in " + type + " name '" + name + "'; " +
          std::string(valid_name_text));
  const Draft* base = defaults_named(words, 2, "'" + type + " " + name + "'");
  if (base == nullptr && !defaults_.empty()) base = &defaults_.back();
  Draft fresh = base != nullptr ? *base : Draft{};
  if (base == nullptr) fresh.default_server.tls.verify = server_verify;
  fresh.is_defaults = false;
  fresh.proxy.kind = kind;
  fresh.proxy.where = here_;
  fresh.proxy.name = name;
  fresh.tcp_inherited = fresh.http_inherited = fresh.stats_inherited = true;
  fresh.default_server_inherited = true;
  draft_ = &proxies_.emplace_back(std::move(fresh));
}

void Parser::open_resolvers(const std::vector<std::string>& words) {
  Resolvers fresh;
  fresh.where = here_;
  fresh.name = words.size() > 1 ? words[1] : "";
  if (fresh.name.empty()) error("'resolvers' expects a name");
  if (words.size() > 2) error("'resolvers' cannot handle unexpected argument '" + words[2] + "'");
  for (const auto& other : config_.resolvers)
    if (other.name == fresh.name)
      error("resolvers '" + fresh.name + "' are already defined at " + at(other.where));
  config_.resolvers.push_back(std::move(fresh));
}

void Parser::open_userlist(const std::vector<std::string>& words) {
  Userlist fresh;
  fresh.where = here_;
  fresh.name = words.size() > 1 ? words[1] : "";
  if (fresh.name.empty()) error("'userlist' expects a name");
  if (words.size() > 2) error("'userlist' cannot handle unexpected argument '" + words[2] + "'");
  ignored_userlist_.reset();
  for (const auto& other : config_.userlists) {
    if (other.name != fresh.name) continue;
    warning("ignoring duplicated userlist '" + fresh.name + "', defined at " + at(other.where));
    ignored_userlist_ = std::move(fresh);
    return;
  }
  config_.userlists.push_back(std::move(fresh));
}

void Parser::open_state(const std::vector<std::string>& words) {
  if (words.size() > 1) error("'state' cannot handle unexpected argument '" + words[1] + "'");
  if (config_.state) error("a second 'state' section; the first is at " + at(config_.state->where));
  config_.state.emplace().where = here_;
}

/// `cluster NAME` starts a section; with more words it is a line of a proxy.
bool Parser::opens_cluster(const std::vector<std::string>& words) const {
  if (words[0] != "cluster") return false;
  if (words.size() == 2) return true;
  const bool in_proxy = in_section_ && (section_ & (any_proxy | in_defaults));
  return !in_proxy && (words.size() < 3 || words[2] != "role");
}

void Parser::open_cluster(const std::vector<std::string>& words) {
  ClusterDraft fresh;
  fresh.cluster.where = here_;
  fresh.cluster.name = words.size() > 1 ? words[1] : "";
  const std::string& name = fresh.cluster.name;
  if (name.empty()) error("'cluster' expects a name");
  if (words.size() > 2) error("'cluster' cannot handle unexpected argument '" + words[2] + "'");
  if (!valid_name(name))
    error("character not permitted in cluster name '" + name + "'; " +
          std::string(valid_name_text));
  for (const auto& other : clusters_)
    if (other.cluster.name == name)
      error("cluster '" + name + "' is already defined at " + at(other.cluster.where) +
            "; in a proxy write 'cluster " + name + " role primary'");
  clusters_.push_back(std::move(fresh));
}

}  // namespace novip::config
