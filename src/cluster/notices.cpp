#include "cluster/notices.h"

#include "base/text.h"

namespace novip::cluster {

namespace {

/// What a server or an agent said, made safe for one line within quotes (`chunk_asciiencode`).
std::string quotable(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"') {
      encoded += c;
    } else {
      encoded += format("<%02X>", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string on_backup(const Remaining& remaining) {
  return remaining.backup > 0 && remaining.active == 0 ? " Running on backup." : "";
}

}  // namespace

std::string server_subject(const config::Proxy& proxy, const config::Server& server) {
  return (server.backup ? "Backup Server " : "Server ") + proxy.name + "/" + server.name;
}

std::string check_cause(const CheckResult& result) {
  std::string text = ", reason: " + std::string(description(result.status));
  if (result.has_code()) text += format(", code: %d", result.code);
  if (!result.info.empty()) text += ", info: \"" + quotable(result.info) + "\"";
  // What live traffic showed was no check, and took no time.
  if (result.status != CheckStatus::hana)
    text += format(", check duration: %lldms", static_cast<long long>(result.duration.count()));
  return text;
}

std::string servers_left(const Remaining& remaining) {
  return format(
      ". %u active and %u backup servers left.%s %u sessions active, %u requeued,"
      " %u remaining in queue",
      remaining.active, remaining.backup, on_backup(remaining).c_str(), remaining.sessions,
      remaining.requeued, remaining.queued);
}

std::string servers_online(const Remaining& remaining) {
  return format(
      ". %u active and %u backup servers online.%s %u sessions requeued,"
      " %u total in queue",
      remaining.active, remaining.backup, on_backup(remaining).c_str(), remaining.requeued,
      remaining.queued);
}

std::string health_check_line(std::string_view kind, const config::Proxy& proxy,
                              const config::Server& server, const CheckResult& result,
                              const Health& health, bool weighted) {
  std::string text(kind);
  text += server.backup ? " check for backup server " : " check for server ";
  text += proxy.name + "/" + server.name + " ";
  if (verdict(result.status) == Verdict::conditionally_passed) text += "conditionally ";
  text += result.passed() ? "succeeded" : "failed";
  text += check_cause(result);
  const bool up = health.up();
  text += format(", status: %u/%u %s.", up ? health.count() - health.rise() + 1 : health.count(),
                 up ? health.fall() : health.rise(),
                 !up        ? "DOWN"
                 : weighted ? "UP"
                            : "DRAIN");
  return text;
}

std::string no_server_line(const config::Proxy& proxy) {
  const char* const kind = proxy.kind == config::ProxyKind::backend ? "backend " : "proxy ";
  return kind + proxy.name + " has no server available!";
}

std::string address_change_line(const config::Proxy& proxy, const config::Server& server,
                                const Endpoint& from, const Endpoint& to, std::string_view by) {
  return proxy.name + "/" + server.name + " changed its IP from " +
         (from ? from.host() : "(none)") + " to " + to.host() + " by " + std::string(by) + ".";
}

}  // namespace novip::cluster
