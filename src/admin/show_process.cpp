#include "admin/show_process.h"

#include <algorithm>
#include <unistd.h>

#include "admin/events.h"
#include "admin/identity.h"
#include "admin/show_format.h"
#include "admin/show_info.h"
#include "base/local_time.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using std::chrono::duration_cast;

/// "name: SUM [ OF EACH WORKER ]", as HAProxy prints what it counts per thread.
template <typename Count>
std::string activity_line(const Call& call, std::string_view name, Count count) {
  std::uint64_t sum = 0;
  std::string each;
  for (const auto* worker : call.statistics->process().workers) {
    const std::uint64_t number = count(*worker);
    sum += number;
    each += std::to_string(number) + " ";
  }
  return std::string(name) + ": " + std::to_string(sum) + " [ " + each + "]\n";
}

/// A sum over the proxies of one worker.
template <typename Part>
auto over_proxies(Part part) {
  return [part](const cluster::WorkerCounters& worker) {
    std::uint64_t sum = 0;
    for (const auto& proxy : worker.proxies) sum += part(proxy).get();
    return sum;
  };
}

/// "[24/Nov/2026:04:24:39.364]"
std::string bracketed_time(WallTime wall) {
  const LocalTime local = local_time(wall);
  return format("[%s.%03d]", date_text(local.parts).c_str(), local.microseconds / 1000);
}

/// "0d00h04m49s"
std::string age_text(Milliseconds age) {
  const long long total = duration_cast<std::chrono::seconds>(age).count();
  return format("%lldd%02lldh%02lldm%02llds", total / 86400, total % 86400 / 3600,
                total % 3600 / 60, total % 60);
}

std::string section_text(const config::Resolvers& section, const cluster::Roster& roster) {
  std::string out = "Resolvers section " + section.name + "\n";
  for (const auto& server : section.nameservers)
    out += " nameserver " + server.name + ": " + server.address.text() + "\n";
  if (section.parse_resolv_conf) out += " nameservers of /etc/resolv.conf\n";
  for (const auto& proxy : roster.proxies())
    for (const auto& server : proxy.servers)
      if (server.settings->resolvers == section.name && !server.fqdn.empty())
        out += " server " + proxy.settings->name + "/" + server.settings->name + ": " +
               server.fqdn + " is " + (server.address ? server.address.host() : "not resolved") +
               "\n";
  return out;
}

constexpr std::string_view ring = "buf0";  // as tools know HAProxy's

}  // namespace

Answer show_activity(const Call& call) {
  const auto count = call.statistics->process().workers.size();
  const auto now =
      duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
  std::string out = format("thread_id: 1 (1..%zu)\ndate_now: %lld.%06lld\n", count,
                           static_cast<long long>(now.count() / 1000000),
                           static_cast<long long>(now.count() % 1000000));
  using Proxy = cluster::WorkerCounters::Proxy;
  out += activity_line(call, "accepted", [](const auto& worker) { return worker.accepted.get(); });
  out += activity_line(call, "sessions", over_proxies([](const Proxy& proxy) -> const auto& {
                         return proxy.frontend.sessions;
                       }));
  out += activity_line(call, "bytes_in", over_proxies([](const Proxy& proxy) -> const auto& {
                         return proxy.frontend.bytes_in;
                       }));
  out += activity_line(call, "bytes_out", over_proxies([](const Proxy& proxy) -> const auto& {
                         return proxy.frontend.bytes_out;
                       }));
  out += activity_line(call, "held", over_proxies([](const Proxy& proxy) -> const auto& {
                         return proxy.backend.held;
                       }));
  return listing(out);
}

/// "PGPASSWORD=…" without what is nobody's business: operators may look, and some share what they
/// see.
std::string without_secret(const std::string& entry) {
  const auto name = entry.substr(0, entry.find('='));
  const std::string upper = to_upper(name);
  for (const std::string_view word : {"PASS", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "_KEY"})
    if (upper.find(word) != std::string::npos) return name + "=(not shown)";
  return entry;
}

Answer show_env(const Call& call) {
  const std::string wanted = std::string(call.argument(0)) + "=";
  std::string out;
  for (char** entry = environ; *entry; ++entry)
    if (wanted == "=" || std::string_view(*entry).starts_with(wanted))
      out += without_secret(*entry) + "\n";
  if (out.empty() && wanted != "=") return refusal("Variable not found");
  return listing(out);
}

/// HAProxy keeps the last bytes that were no valid HTTP; TCP has none.
Answer show_errors(const Call& call) {
  if (!call.argument(0).empty() && !call.roster().find_proxy(call.argument(0)))
    return refusal("No such proxy.");
  const auto now = std::chrono::system_clock::now();
  return listing("Total events captured on " + bracketed_time(now) + " : 0\n");
}

Answer show_events(const Call& call) {
  const auto* events = call.statistics->process().events;
  const auto wanted = call.argument(0);
  if (wanted.empty())
    return listing(
        "Supported events sinks are listed below.\n    buf0       : type=buffer, 0 dropped, the "
        "latest events of clusters, servers and sessions\n");
  if (wanted != ring || events == nullptr) return refusal("No such event sink");
  if (has_word(call, "-w"))
    return refusal("Waiting (-w) is not available; 'novip top' shows events as they come.");
  if (has_word(call, "-n")) return done();  // only new ones, and not waiting: none
  std::string out;
  for (const auto& event : events->list()) out += event_line(event) + "\n";
  return listing(out);
}

Answer show_info(const Call& call) {
  const InfoMoment moment{call.now, std::chrono::system_clock::now(), call.listeners};
  return listing(info_text(info_fields(*call.statistics, moment), wanted_format(call),
                           has_word(call, "desc")));
}

/// Of a master process; this one is the master and its worker in one.
Answer show_proc(const Call& call) {
  const auto& process = call.statistics->process();
  const auto reloads = process.reloads ? process.reloads() : Process::Reloads{};
  const auto age = duration_cast<Milliseconds>(call.now - process.started);
  const std::string count = format("%u [failed: %u]", reloads.done, reloads.failed);
  const auto line = [&](const char* kind, const std::string& loads) {
    return format("%-15d %-15s %-15s %-15s %-15s\n", process.pid, kind, loads.c_str(),
                  age_text(age).c_str(), compatible_version);
  };
  return listing(format("%-15s %-15s %-15s %-15s %-15s\n", "#<PID>", "<type>", "<reloads>",
                        "<uptime>", "<version>") +
                 line("master", count) + "# workers\n" + line("worker", "0") + "# programs\n");
}

Answer show_resolvers(const Call& call) {
  const auto wanted = call.argument(0);
  std::string out;
  for (const auto& section : call.roster().config().resolvers)
    if (wanted.empty() || wanted == section.name) out += section_text(section, call.roster());
  if (out.empty() && !wanted.empty()) return refusal("Can't find that resolvers section");
  return listing(out);
}

/// What there was to say of the configuration went to standard error and the log, or is the answer
/// to `reload`.
Answer show_startup_logs(const Call&) { return done(); }

Answer show_version(const Call&) { return message(Severity::info, compatible_version); }

}  // namespace novip::admin
