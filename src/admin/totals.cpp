#include "admin/totals.h"

#include <algorithm>

namespace novip::admin {

namespace {

using cluster::BackendCounters;
using cluster::Counter;
using cluster::FrontendCounters;
using cluster::ServerCounters;

// Each counter and where its sum goes: adding and subtracting can not disagree.
template <typename Counters, typename Totals>
struct Field {
  Counter Counters::*counter;
  std::uint64_t Totals::*total;
};

constexpr Field<ServerCounters, ServerTotals> server_fields[] = {
    {&ServerCounters::sessions, &ServerTotals::sessions},
    {&ServerCounters::selected, &ServerTotals::selected},
    {&ServerCounters::bytes_in, &ServerTotals::bytes_in},
    {&ServerCounters::bytes_out, &ServerTotals::bytes_out},
    {&ServerCounters::connect_failures, &ServerTotals::connect_failures},
    {&ServerCounters::response_failures, &ServerTotals::response_failures},
    {&ServerCounters::retries, &ServerTotals::retries},
    {&ServerCounters::redispatches, &ServerTotals::redispatches},
    {&ServerCounters::client_aborts, &ServerTotals::client_aborts},
    {&ServerCounters::server_aborts, &ServerTotals::server_aborts},
    {&ServerCounters::queue_ms, &ServerTotals::queue_ms},
    {&ServerCounters::connect_ms, &ServerTotals::connect_ms},
    {&ServerCounters::total_ms, &ServerTotals::total_ms},
    {&ServerCounters::ended, &ServerTotals::ended},
};

constexpr Field<FrontendCounters, FrontendTotals> frontend_fields[] = {
    {&FrontendCounters::connections, &FrontendTotals::connections},
    {&FrontendCounters::sessions, &FrontendTotals::sessions},
    {&FrontendCounters::bytes_in, &FrontendTotals::bytes_in},
    {&FrontendCounters::bytes_out, &FrontendTotals::bytes_out},
    {&FrontendCounters::denied, &FrontendTotals::denied},
    {&FrontendCounters::request_errors, &FrontendTotals::request_errors},
    {&FrontendCounters::denied_sessions, &FrontendTotals::denied_sessions},
    {&FrontendCounters::denied_requests, &FrontendTotals::denied_requests},
};

constexpr Field<BackendCounters, PoolTotals> pool_fields[] = {
    {&BackendCounters::held, &PoolTotals::held},
    {&BackendCounters::hold_expired, &PoolTotals::hold_expired},
    {&BackendCounters::verified, &PoolTotals::verified},
    {&BackendCounters::unverified, &PoolTotals::unverified},
    {&BackendCounters::wrong_startup, &PoolTotals::wrong_startup},
    {&BackendCounters::self_replication, &PoolTotals::self_replication},
    {&BackendCounters::cancels, &PoolTotals::cancels},
};

}  // namespace

void ServerTotals::add(const ServerCounters& counters) {
  for (const auto& field : server_fields) this->*field.total += (counters.*field.counter).get();
  last_session_ms = std::max(last_session_ms, counters.last_session_ms.get());
  queue_most = std::max(queue_most, counters.queue_most.get());
  connect_most = std::max(connect_most, counters.connect_most.get());
  total_most = std::max(total_most, counters.total_most.get());
}

void ServerTotals::subtract(const ServerTotals& earlier) {
  for (const auto& field : server_fields) this->*field.total -= earlier.*field.total;
}

void FrontendTotals::add(const FrontendCounters& counters) {
  for (const auto& field : frontend_fields) this->*field.total += (counters.*field.counter).get();
}

void PoolTotals::add(const BackendCounters& counters) {
  for (const auto& field : pool_fields) this->*field.total += (counters.*field.counter).get();
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] += counters.cuts[i].get();
}

void FrontendTotals::subtract(const FrontendTotals& earlier) {
  for (const auto& field : frontend_fields) this->*field.total -= earlier.*field.total;
}

}  // namespace novip::admin
