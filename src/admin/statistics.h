#pragma once

#include <array>
#include <vector>

#include "admin/admin.h"
#include "admin/rates.h"
#include "admin/totals.h"

namespace novip::admin {

/// What the statistics page's own port served; its connections and bytes are a FrontendCounters.
struct PageTraffic {
  std::uint64_t requests = 0;
  std::array<std::uint64_t, 6> responses{};  // 1xx to 5xx, and others
  Rate request_rate;
};

/// The numbers behind every display: counters of all workers, rates and averages over time, and
/// what `clear counters` took away. Control thread only; sample() once a second.
class Statistics {
 public:
  explicit Statistics(Process process);

  /// After a reload, before anything else: makes room for what it added. Indexes keep their
  /// meaning.
  void adopt(std::vector<const cluster::Topology*> topologies);
  /// `used`: processor time of the whole process.
  void sample(TimePoint now, Milliseconds used);
  void clear_peaks();
  void clear_all();

  const Process& process() const { return process_; }
  cluster::Roster& roster() const { return *process_.roster; }
  const cluster::ProxyState& proxy(std::size_t index) const { return roster().proxies()[index]; }
  const cluster::Load::Proxy& load(std::size_t index) const {
    return process_.load->proxies[index];
  }

  FrontendTotals frontend(std::size_t proxy) const;
  BackendTotals backend(std::size_t proxy) const;
  ServerTotals server(std::size_t proxy, std::size_t server) const;
  PoolTotals pool(std::size_t proxy) const;  // since the start
  CheckTotals checks(std::size_t proxy, std::size_t server) const;
  unsigned went_down(std::size_t proxy) const;  // a backend: chkdown
  /// The global maxconn at start: the descriptors allow no more.
  unsigned hard_maxconn() const { return hard_maxconn_; }
  std::uint64_t accepted() const;   // client connections since the start
  std::uint64_t sessions() const;   // client sessions since the start
  std::uint64_t bytes_out() const;  // sent to clients since the start

  struct Times {
    Average queue, connect, total;
  };
  struct ServerRates {
    Rate sessions;
    Times times;
  };
  struct ProxyRates {
    Rate connections, frontend_sessions, backend_sessions;
    Times times;
    std::vector<ServerRates> servers;
  };
  struct ProcessRates {
    Rate connections, sessions, bytes_out;
    Idle idle;
  };
  const ProxyRates& rates(std::size_t proxy) const { return rates_[proxy]; }
  const ProcessRates& process_rates() const { return process_rates_; }

  PageTraffic& page(std::size_t proxy) { return pages_[proxy]; }
  const PageTraffic& page(std::size_t proxy) const { return pages_[proxy]; }
  /// The control thread's own counters: those of the statistics page's frontends.
  cluster::FrontendCounters& page_frontend(std::size_t proxy) {
    return own_.proxies[proxy].frontend;
  }
  cluster::SharedStickTable& stick_table(std::size_t proxy) {
    return process_.load->proxies[proxy].stick_table;
  }
  cluster::Gauge& page_sessions(std::size_t proxy) {
    return process_.load->proxies[proxy].frontend_sessions;
  }

 private:
  struct Cleared {
    FrontendTotals frontend;
    BackendTotals backend;
    std::vector<ServerTotals> servers;
    std::vector<CheckTotals> checks;
    unsigned went_down = 0;
  };
  FrontendTotals sum_frontend(std::size_t proxy) const;
  BackendTotals sum_backend(std::size_t proxy) const;
  ServerTotals sum_server(std::size_t proxy, std::size_t server) const;
  void fit();
  void sample_proxy(std::size_t proxy, Milliseconds elapsed);

  Process process_;
  unsigned hard_maxconn_;
  cluster::WorkerCounters own_;
  std::vector<PageTraffic> pages_;
  std::vector<Cleared> cleared_;
  std::vector<ProxyRates> rates_;
  ProcessRates process_rates_;
  TimePoint last_sample_;
};

}  // namespace novip::admin
