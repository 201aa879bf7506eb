#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/slots.h"
#include "cluster/snapshot.h"
#include "cluster/stick_table.h"
#include "config/model.h"

namespace novip::cluster {

/// A count with one writing thread and any number of readers: no locked instruction.
class Counter {
 public:
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How many there are now, with the most there were and an optional limit. Shared by all workers:
/// limits and leastconn mean the whole process, not a share of it.
class alignas(64) Gauge {
 public:
  /// Takes one place unless `limit` (0: none) are taken.
  bool try_acquire(std::uint32_t limit = 0);
  /// The same for a place that may be given back unused: it counts for the peak once used().
  bool try_reserve(std::uint32_t limit = 0);
  void used();
  void release() { now_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t now() const { return now_.load(std::memory_order_relaxed); }
  std::uint32_t peak() const { return peak_.load(std::memory_order_relaxed); }
  void reset_peak() { peak_.store(now(), std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> now_{0};
  std::atomic<std::uint32_t> peak_{0};
};

/// The most there was of something since somebody took it.
class Peak {
 public:
  void note(std::uint32_t value);
  std::uint32_t get() const { return most_.load(std::memory_order_relaxed); }
  std::uint32_t take() { return most_.exchange(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> most_{0};
};

/// What one worker counted for one server. Names in brackets are columns of `show stat`.
struct ServerCounters {
  Counter sessions;                        // stot: sessions sent to it
  Counter selected;                        // lbtot: times balancing chose it
  Counter bytes_in, bytes_out;             // bin (from clients), bout (to clients)
  Counter connect_failures;                // econ
  Counter response_failures;               // eresp
  Counter retries, redispatches;           // wretr, wredis
  Counter client_aborts, server_aborts;    // cli_abrt, srv_abrt
  Counter queue_ms, connect_ms, total_ms;  // sums over ended sessions that had a server: qtime, …
  Counter ended;                           // the number of sessions in those sums
  Peak queue_most, connect_most, total_most;  // ms: qtime_max, ctime_max, ttime_max
  Counter last_session_ms;                    // steady clock, ms, of the latest session; 0: none
};

struct FrontendCounters {
  Counter connections;  // conn_tot
  Counter sessions;     // stot
  Counter bytes_in, bytes_out;
  Counter denied, request_errors;            // dcon, ereq
  Counter denied_sessions, denied_requests;  // dses, dreq
};

struct BackendCounters {
  Counter sessions;                       // stot: sessions that arrived at it, served or not
  ServerCounters totals;                  // of all its servers and of sessions that never had one
  std::array<Counter, cut_reasons> cuts;  // sessions ended with their server, by cluster::Cut
  // Role pools and `hold`
  Counter held, hold_expired;    // clients that had to wait for a server; those that waited in vain
  Counter verified, unverified;  // fresh answers that a server is in its role; that it is not
  Counter wrong_startup;         // in_hot_standby said that it is not
  Counter self_replication;      // replication from this node that would have gone to itself
  Counter cancels;               // cancel requests passed on
};

/// All that one worker counts; indexes are those of config::Config::proxies and Proxy::servers, and
/// mean the same after a reload (config/merge.h).
struct WorkerCounters {
  struct Proxy {
    FrontendCounters frontend;
    BackendCounters backend;
    Slots<ServerCounters> servers;
  };
  Slots<Proxy> proxies;
  Counter accepted;  // connections, all frontends
};

/// The shared gauges of a process; outlives every worker.
struct Load {
  struct Server {
    Gauge sessions;  // scur, smax
    Gauge queued;    // qcur, qmax
  };
  struct Proxy {
    Gauge frontend_sessions;
    Gauge backend_sessions;
    Gauge queued;                             // sessions waiting for a place on any server
    Gauge held;                               // sessions waiting for a server to be there at all
    Peak held_ms;                             // how long those waited whose wait is over
    std::atomic<std::uint64_t> log_lines{0};  // written about sessions of the frontend
    SharedStickTable stick_table;
    Slots<Server> servers;
    Slots<Gauge> binds;  // clients of each `bind`, for its maxconn; by config::Bind::place
  };
  Slots<Proxy> proxies;
  Gauge connections;  // all clients: global maxconn
};

/// Gives these the proxies and servers of `config` that they lack, with all counts 0. What is there
/// stays as it is. By the control thread, before any other uses those indexes.
void fit(WorkerCounters& counters, const config::Config& config);
void fit(Load& load, const config::Config& config);

}  // namespace novip::cluster
