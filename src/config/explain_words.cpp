#include "config/explain_words.h"

#include <utility>

namespace novip::config {

std::string span_text(Milliseconds time) {
  static constexpr std::pair<long, std::string_view> units[] = {
      {86400000, " d"}, {3600000, " h"}, {60000, " min"}, {1000, " s"}};
  for (const auto& [length, name] : units)
    if (time.count() >= length && time.count() % length == 0)
      return std::to_string(time.count() / length) + std::string(name);
  return std::to_string(time.count()) + " ms";
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::pair<unsigned, std::string_view> units[] = {
      {40, " TB"}, {30, " GB"}, {20, " MB"}, {10, " kB"}};
  for (const auto& [shift, name] : units)
    if (const auto count = bytes >> shift; count > 0 && count << shift == bytes)
      return std::to_string(count) + std::string(name);
  return std::to_string(bytes) + " bytes";
}

std::string list_text(const std::vector<std::string>& items, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " " + std::string(last) + " " : ", ";
    text += items[i];
  }
  return text;
}

std::string binds_text(const std::vector<Bind>& binds) {
  std::vector<std::string> texts;
  for (const auto& bind : binds)  // a line with several addresses gave several
    if (texts.empty() || texts.back() != bind.text) texts.push_back(bind.text);
  return list_text(texts, "and");
}

std::string server_text(const Server& server) {
  const Host& host = server.host;
  if (host.address.family() == AF_UNIX) return server.name + " " + host.address.text();
  std::string text = server.name + " ";
  const bool brackets = host.name.find(':') != std::string::npos;
  text += brackets ? "[" + host.name + "]" : host.name;
  if (host.port) return text + ":" + std::to_string(*host.port);
  return text + " (the port that the client came to" +
         (host.port_offset ? (*host.port_offset < 0 ? "" : "+") + std::to_string(*host.port_offset)
                           : "") +
         ")";
}

std::string servers_text(const std::vector<Server>& servers) {
  std::vector<std::string> texts;
  for (const auto& server : servers) {
    std::vector<std::string> notes;
    if (server.weight != 1) notes.push_back("weight " + std::to_string(server.weight));
    if (server.maxconn != 0)
      notes.push_back("at most " + std::to_string(server.maxconn) + " sessions");
    if (server.backup) notes.push_back("backup");
    if (server.disabled) notes.push_back("starts in maintenance");
    if (server.send_proxy != SendProxy::none) notes.push_back("is sent the PROXY header");
    std::string text = server_text(server);
    for (std::size_t i = 0; i < notes.size(); ++i) text += (i == 0 ? " (" : ", ") + notes[i];
    texts.push_back(text + (notes.empty() ? "" : ")"));
  }
  return list_text(texts, "and");
}

}  // namespace novip::config
