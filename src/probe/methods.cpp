#include "probe/methods.h"

namespace novip::probe {

Check run_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  const auto& method = subject.proxy->check;
  if (std::holds_alternative<config::TcpCheck>(method)) return tcp_check(io, subject, script);
  if (std::holds_alternative<config::HttpCheck>(method)) return http_check(io, subject, script);
  if (std::holds_alternative<config::PgsqlCheck>(method)) return pgsql_check(io, subject, script);
  return plain_check(io, subject);
}

}  // namespace novip::probe
