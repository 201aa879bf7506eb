#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "cluster/check_result.h"
#include "probe/script.h"
#include "probe/subject.h"

/// The check methods. Each asks one server once and gives what `show stat` and the log say of it,
/// in HAProxy's words; the duration is left to the caller. What they are given must stay until they
/// end.
namespace novip::probe {

using Check = boost::asio::awaitable<cluster::CheckResult>;

Check plain_check(boost::asio::io_context& io, const Subject& subject);
Check tcp_check(boost::asio::io_context& io, const Subject& subject, const Script& script);
Check http_check(boost::asio::io_context& io, const Subject& subject, const Script& script);
Check pgsql_check(boost::asio::io_context& io, const Subject& subject, const Script& script);

/// The method of the subject's backend.
Check run_check(boost::asio::io_context& io, const Subject& subject, const Script& script);

/// What an agent answered: passed with its line, or why there is none.
struct AgentAnswer {
  cluster::CheckResult result;
  std::string line;
};
boost::asio::awaitable<AgentAnswer> agent_check(boost::asio::io_context& io,
                                                const Subject& subject);

}  // namespace novip::probe
