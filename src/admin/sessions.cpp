#include "admin/sessions.h"

#include <algorithm>
#include <charconv>

#include "base/local_time.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr std::string_view no_such_session = "No such session (use 'show sess').";

std::string_view protocol(const std::string& client) {
  if (client.starts_with("unix")) return "unix_stream";
  return std::count(client.begin(), client.end(), ':') > 1 ? "tcpv6" : "tcpv4";
}

std::string server_name(const SessionRow& session, const config::Config& config) {
  if (session.server < 0) return "<none>";
  return config.proxies[session.backend].servers[static_cast<std::size_t>(session.server)].name;
}

/// As HAProxy's human_time: the two largest units, "1m30s".
std::string duration_text(Milliseconds duration) {
  const long long total = duration_cast<seconds>(duration).count();
  if (total >= 86400) return format("%lldd%lldh", total / 86400, total % 86400 / 3600);
  if (total >= 3600) return format("%lldh%lldm", total / 3600, total % 3600 / 60);
  if (total >= 60) return format("%lldm%llds", total / 60, total % 60);
  return format("%llds", total);
}

/// "26/Nov/2026:08:06:01.576396", when it began.
std::string start_text(const SessionRow& session) {
  const LocalTime began = local_time(std::chrono::system_clock::now() - session.age);
  return date_text(began.parts) + format(".%06d", began.microseconds);
}

/// The number of the `bind` that it came in by, as HAProxy counts them; 0: it is there no more.
std::size_t listener_number(const SessionRow& session, const config::Proxy& frontend) {
  const auto port = session.came_to.substr(session.came_to.rfind(':') + 1);
  for (std::size_t i = 0; i < frontend.binds.size(); ++i)
    if (std::to_string(frontend.binds[i].address.port()) == port) return i + 1;
  return 0;
}

std::string server_text(const SessionRow& session, const config::Config& config) {
  const std::string name = server_name(session, config);
  if (session.server < 0) return "  server=" + name + " (id=-1)\n";
  const auto& servers = config.proxies[session.backend].servers;
  return format("  server=%s (id=%u) addr=%s\n", name.c_str(),
                servers[static_cast<std::size_t>(session.server)].id,
                session.server_address.c_str());
}

/// The lines and words of HAProxy's that are about the session, and not about its own insides.
std::string session_details(const SessionRow& session, const config::Config& config) {
  const auto& frontend = config.proxies[session.frontend];
  const auto& backend = config.proxies[session.backend];
  const auto id = static_cast<unsigned long long>(session.id);
  const auto listener = listener_number(session, frontend);
  const std::string name = listener == 0 ? "" : frontend.binds[listener - 1].name;
  std::string out =
      format("0x%llx: [%s] id=%llu proto=%s source=%s\n", id, start_text(session).c_str(), id,
             std::string(protocol(session.client)).c_str(), session.client.c_str());
  out += format("  frontend=%s (id=%u mode=tcp), listener=%s (id=%zu) addr=%s\n",
                frontend.name.c_str(), frontend.id, name.empty() ? "?" : name.c_str(), listener,
                session.came_to.c_str());
  out += format("  backend=%s (id=%u mode=tcp)", backend.name.c_str(), backend.id);
  out += (session.sent_from.empty() ? "" : " addr=" + session.sent_from) + "\n";
  out += server_text(session, config);
  out +=
      format("  task=worker:%u (state=%s idle=%s age=%s)\n", session.worker, session.state.c_str(),
             duration_text(session.idle).c_str(), duration_text(session.age).c_str());
  out += format("  req=(total=%llu)\n  res=(total=%llu)\n",
                static_cast<unsigned long long>(session.bytes_in),
                static_cast<unsigned long long>(session.bytes_out));
  return out + "\n";
}

Answer all_sessions(std::vector<SessionRow> rows, const config::Config& config, bool details) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::string out;
  for (const auto& row : rows)
    out += details ? session_details(row, config) : session_line(row, config);
  return listing(out);
}

Answer one_session(const std::vector<SessionRow>& rows, std::uint64_t id,
                   const config::Config& config) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [id](const auto& row) { return row.id == id; });
  if (found == rows.end()) return listing("Session not found.\n");
  return listing(session_details(*found, config));
}

}  // namespace

std::string session_line(const SessionRow& session, const config::Config& config) {
  const std::string server = server_name(session, config);
  const std::string age = duration_text(session.age), idle = duration_text(session.idle);
  std::string line = format("0x%llx: proto=%s src=%s fe=%s be=%s srv=%s ts=00 ",
                            static_cast<unsigned long long>(session.id),
                            std::string(protocol(session.client)).c_str(), session.client.c_str(),
                            config.proxies[session.frontend].name.c_str(),
                            config.proxies[session.backend].name.c_str(), server.c_str());
  line += format("age=%s idle=%s state=%s in=%llu out=%llu worker=%u\n", age.c_str(), idle.c_str(),
                 session.state.c_str(), static_cast<unsigned long long>(session.bytes_in),
                 static_cast<unsigned long long>(session.bytes_out), session.worker);
  return line;
}

std::optional<std::uint64_t> parse_session_id(std::string_view text) {
  if (!text.starts_with("0x")) return parse_number(text);
  text.remove_prefix(2);
  std::uint64_t id = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return id;
}

Answer show_sess(const Call& call) {
  const auto wanted = call.argument(0);
  const auto id = parse_session_id(wanted);
  const bool details = wanted == "all", all = wanted.empty() || details;
  if (!all && !id) return listing("Session not found.\n");
  return later([statistics = call.statistics, all, details, id](const Reply& reply) {
    auto config = statistics->roster().shared_config();
    const auto answer = [reply, config, all, details, id](std::vector<SessionRow> rows) {
      reply(all ? all_sessions(std::move(rows), *config, details)
                : one_session(rows, *id, *config));
    };
    statistics->process().list_sessions(answer);
  });
}

Answer shutdown_session(const Call& call) {
  const auto id = parse_session_id(call.argument(0));
  if (!id) return refusal("Session pointer expected (use 'show sess').");
  return later([statistics = call.statistics, id](const Reply& reply) {
    statistics->process().shutdown_session(
        *id, [reply](bool existed) { reply(existed ? done() : refusal(no_such_session)); });
  });
}

}  // namespace novip::admin
