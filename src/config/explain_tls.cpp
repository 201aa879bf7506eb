#include <algorithm>

#include "config/explain_words.h"

namespace novip::config {

namespace {

std::string certificates_text(const BindTls& tls) {
  std::vector<std::string> files = tls.certificates;
  files.insert(files.end(), tls.lists.begin(), tls.lists.end());
  return list_text(files, "and");
}

std::string bind_text(const Bind& bind) {
  const BindTls& tls = *bind.tls;
  std::string text = "On " + bind.text + " TLS ends at novip (" + certificates_text(tls) + ")";
  if (tls.verify == ClientVerify::required)
    text += ", with a client certificate that " + tls.ca_file + " vouches for";
  if (tls.verify == ClientVerify::optional) text += ", with a client certificate or without";
  return text + (tls.required ? "; who comes in plain is refused (28000)."
                              : "; who comes in plain is served too.");
}

std::string server_text(const ServerTls& tls) {
  if (!tls.sessions) return "in plain";
  return tls.verify == Verify::required
             ? "over TLS, with a certificate that " + tls.ca_file + " vouches for"
             : "over TLS, with whatever certificate";
}

}  // namespace

std::vector<std::string> explain_tls(const Proxy& proxy) {
  std::vector<std::string> lines;
  for (const Bind& bind : proxy.binds) {
    if (!bind.tls) continue;
    std::string line = bind_text(bind);
    if (lines.empty() || lines.back() != line) lines.push_back(std::move(line));
  }
  if (!proxy.encrypts_to_servers()) return lines;
  std::vector<std::string> ways;
  for (const Server& server : proxy.servers)
    if (const auto way = server_text(server.tls); !std::ranges::count(ways, way))
      ways.push_back(way);
  if (ways.size() == 1)
    lines.push_back("The servers are talked to " + ways.front() + ".");
  else
    for (const Server& server : proxy.servers)
      lines.push_back(server.name + " is talked to " + server_text(server.tls) + ".");
  return lines;
}

}  // namespace novip::config
