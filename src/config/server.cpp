#include "config/server.h"

#include <algorithm>

#include "base/text.h"
#include "config/address.h"
#include "config/server_options.h"

namespace novip::config {

namespace {

constexpr unsigned most_templates = 256;    // servers of one line
constexpr std::size_t most_servers = 4096;  // of a proxy that has such lines

void tell_duplicates(Parser& p, const Server& server) {
  for (const auto& other : p.proxy().servers) {
    if (other.name == server.name)
      p.error("another server named '" + server.name + "' was already defined at " +
              at(other.where) + ", please use distinct names");
    if (server.id != 0 && other.id == server.id)
      p.error("server '" + server.name + "': id " + std::to_string(server.id) +
              " is already used at " + at(other.where));
  }
}

/// One `server` line, or one of those that a template stands for.
void add_one(Parser& p, const Arguments& words, const std::string& name, const Host& host,
             std::size_t options, const std::string& line) {
  Server server = p.draft().default_server;
  server.where = p.here();
  server.name = name;
  server.host = host;
  read_server_options(p, words, options, server, false, line);
  tell_duplicates(p, server);
  p.proxy().servers.push_back(std::move(server));
}

/// "3" → 1 to 3, "5-8" → 5 to 8.
std::optional<std::pair<unsigned, unsigned>> read_range(Parser& p, const std::string& text) {
  const auto dash = text.find('-');
  const auto first = dash == std::string::npos
                         ? std::optional<std::uint64_t>(1)
                         : parse_number(std::string_view(text).substr(0, dash));
  const auto last = parse_number(std::string_view(text).substr(dash + 1));
  if (first && last && *first >= 1 && *first <= *last && *last - *first < most_templates &&
      *last <= 0xffffffff)
    return std::pair(static_cast<unsigned>(*first), static_cast<unsigned>(*last));
  p.error(
      "'server-template' expects how many servers, or from which number to which ('3', '1-3'), "
      "and at most " +
      std::to_string(most_templates) + ", got '" + text + "'");
  return std::nullopt;
}

}  // namespace

void add_server(Parser& p, const Arguments& words) {
  const std::string& name = words[0];
  if (!valid_name(name)) p.error("character not permitted in server name '" + name + "'");
  const std::string line = "server '" + p.proxy().name + "/" + name + "'";
  const auto host = parse_host(p.expanded(words[1]), PortForm::offset_allowed);
  if (!host) return p.error(line + ": " + host.error().message);
  add_one(p, words, name, *host, 2, line);
}

/// `server-template srv 1-3 db.example.com:5432 …`: as many servers, whose addresses a resolver
/// finds; each has one of those that the name has (probe/resolution.h).
void add_server_template(Parser& p, const Arguments& words) {
  const std::string& prefix = words[0];
  if (!valid_name(prefix))
    return p.error("character not permitted in server name '" + prefix + "'");
  const auto range = read_range(p, words[1]);
  if (!range) return;
  if (p.proxy().servers.size() > most_servers)
    return p.error("too many servers, at most " + std::to_string(most_servers) + " are allowed");
  const std::string line = "server-template '" + p.proxy().name + "/" + prefix + "'";
  if (words[2].starts_with('_'))
    return p.error(line + ": SRV records such as '" + words[2] +
                   "' are not supported: name the hosts, and their port");
  const auto host = parse_host(p.expanded(words[2]), PortForm::offset_allowed);
  if (!host) return p.error(line + ": " + host.error().message);
  for (unsigned i = range->first; i <= range->second; ++i)
    add_one(p, words, prefix + std::to_string(i), *host, 3, line);
}

void set_default_server(Parser& p, const Arguments& words) {
  p.draft().default_server_at = p.here();
  p.draft().default_server_inherited = false;
  read_server_options(p, words, 0, p.draft().default_server, true, "'default-server'");
}

}  // namespace novip::config
