#include "admin/show_info.h"

#include <algorithm>

#include <sys/resource.h>

#include "admin/field_meta.h"
#include "admin/identity.h"
#include "admin/json_text.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

unsigned long long descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

unsigned long long memory_limit() {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return known ? limit.rlim_cur : 0;
}

std::string description(const config::Global& global) {
  const std::string who = "novip " + std::string(own_version) + ", not HAProxy";
  return global.description.empty() ? who : global.description + " (" + who + ")";
}

long long start_time(const InfoMoment& moment, TimePoint started) {
  const auto when = moment.wall - duration_cast<WallTime::duration>(moment.now - started);
  return duration_cast<seconds>(when.time_since_epoch()).count();
}

/// A running text of "Name", value pairs.
class Fields {
 public:
  void add(std::string_view name, std::string value) {
    all_.emplace_back(std::string(name), std::move(value));
  }
  template <std::integral Number>
  void add(std::string_view name, Number value) {
    add(name, std::to_string(value));
  }
  InfoFields take() { return std::move(all_); }

 private:
  InfoFields all_;
};

void add_process(Fields& fields, const Process& process, const InfoMoment& moment) {
  const auto uptime = duration_cast<seconds>(moment.now - process.started);
  fields.add("Name", "HAProxy");
  fields.add("Version", compatible_version);
  fields.add("Release_date", release_date);
  fields.add("Nbthread", process.threads);
  fields.add("Nbproc", 1);
  fields.add("Process_num", 1);
  fields.add("Pid", process.pid);
  fields.add("Uptime", uptime_text(uptime));
  fields.add("Uptime_sec", uptime.count());
  fields.add("Memmax_MB", memory_limit() >> 20);
}

void add_connections(Fields& fields, const Statistics& statistics) {
  const auto& process = statistics.process();
  const auto& rates = statistics.process_rates();
  fields.add("Ulimit-n", descriptor_limit());
  fields.add("Maxsock", descriptor_limit());
  fields.add("Maxconn", statistics.roster().maxconn());
  fields.add("Hard_maxconn", statistics.hard_maxconn());
  fields.add("CurrConns", process.load->connections.now());
  fields.add("CumConns", statistics.accepted());
  fields.add("CumReq", statistics.sessions());
  fields.add("Maxpipes", 0);
  fields.add("PipesUsed", 0);
  fields.add("PipesFree", 0);
  fields.add("ConnRate", rates.connections.now());
  fields.add("ConnRateLimit", 0);
  fields.add("MaxConnRate", rates.connections.peak());
  fields.add("SessRate", rates.sessions.now());
  fields.add("SessRateLimit", 0);
  fields.add("MaxSessRate", rates.sessions.peak());
}

void add_state(Fields& fields, const Statistics& statistics, const InfoMoment& moment) {
  const auto& process = statistics.process();
  const auto current = process.load->connections.now();
  fields.add("Tasks", current);
  fields.add("Run_queue", 0);
  fields.add("Idle_pct", statistics.process_rates().idle.percent());
  fields.add("node", process.node);
  fields.add("description", description(statistics.roster().config().global));
  fields.add("Stopping", process.stopping && process.stopping() ? 1 : 0);
  fields.add("Jobs", current + moment.listeners);
  fields.add("Unstoppable Jobs", 0);
  fields.add("Listeners", moment.listeners);
  fields.add("ActivePeers", 0);
  fields.add("ConnectedPeers", 0);
  fields.add("DroppedLogs", process.dropped_logs ? process.dropped_logs() : 0);
  fields.add("BusyPolling", 0);
  fields.add("TotalBytesOut", statistics.bytes_out());
  fields.add("BytesOutRate", statistics.process_rates().bytes_out.now());
  fields.add("Build info", compatible_version);
  fields.add("Memmax_bytes", memory_limit());
  fields.add("Start_time_sec", start_time(moment, process.started));
  fields.add("Tainted", 0);
}

}  // namespace

std::string uptime_text(seconds uptime) {
  const auto total = uptime.count();
  return format("%lldd %lldh%02lldm%02llds", static_cast<long long>(total / 86400),
                static_cast<long long>(total % 86400 / 3600),
                static_cast<long long>(total % 3600 / 60), static_cast<long long>(total % 60));
}

InfoFields info_fields(const Statistics& statistics, const InfoMoment& moment) {
  Fields fields;
  add_process(fields, statistics.process(), moment);
  add_connections(fields, statistics);
  add_state(fields, statistics, moment);
  return fields.take();
}

std::string info_text(const InfoFields& fields, ShowFormat format, bool described) {
  std::string out;
  JsonList list;
  const auto all = info_meta();
  for (const auto& [name, value] : fields) {
    const auto meta = std::ranges::find(all, name, &FieldMeta::name);
    switch (format) {
      case ShowFormat::plain:
        out += name + ": " + value;
        if (described) out += ":\"" + std::string(meta->description) + "\"";
        out += "\n";
        break;
      case ShowFormat::typed:
        out += std::to_string(meta->position) + "." + name + typed_tail({&*meta, value}, described);
        break;
      case ShowFormat::json:
        list.raw("{" + json_members({&*meta, value}) + "}");
        break;
    }
  }
  return format == ShowFormat::json ? list.take() + "\n" : out;
}

}  // namespace novip::admin
