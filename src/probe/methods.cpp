#include "probe/methods.h"

#include "probe/connection.h"

namespace novip::probe {

Check plain_check(boost::asio::io_context& io, const Subject& subject) {
  Connection connection(io, patience_of(*subject.proxy, subject.server->check.inter));
  Target target = target_of(subject);
  target.silent = true;
  const auto connected = co_await connection.connect(std::move(target));
  if (!connected) co_return connected.error().result();
  co_return cluster::CheckResult{
      connection.encrypted() ? cluster::CheckStatus::l6ok : cluster::CheckStatus::l4ok,
      0,
      Milliseconds{0},
      {}};
}

Check run_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  const auto& method = subject.proxy->check;
  if (std::holds_alternative<config::TcpCheck>(method)) return tcp_check(io, subject, script);
  if (std::holds_alternative<config::HttpCheck>(method)) return http_check(io, subject, script);
  if (std::holds_alternative<config::PgsqlCheck>(method)) return pgsql_check(io, subject, script);
  return plain_check(io, subject);
}

}  // namespace novip::probe
