#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "cluster/instance.h"
#include "config/model.h"

namespace novip::probe {

/// Where a node's watch tells what it learns.
struct NodeNews {
  std::function<void(const cluster::Instance&, TimePoint asked)> heard;
  /// May repeat itself; empty: there is none.
  std::function<void(const std::string& why)> trouble;
};

struct RestTls;

/// Watches one node, whatever the source. Tells nothing after stop(), but its coroutines may end
/// later, and keep it until then: to be made by make_shared.
class NodeWatch {
 public:
  /// Null: there is no answer.
  using Answered = std::function<void(const cluster::Instance*)>;

  virtual ~NodeWatch() = default;
  virtual void start() = 0;
  /// Answers what has been asked with nothing.
  virtual void stop() = 0;
  /// The question goes out after this call, once it is started.
  virtual void ask(Answered done) = 0;
  /// Whether the cluster has no primary, so that each moment until there is one counts: a watch
  /// that polls asks more often.
  virtual void hurry(bool) {}
};

/// The node at `index` of the cluster; `settings` must outlive it. Its address is an IP one. `tls`:
/// null for HTTP in plain.
using MakeNodeWatch = std::shared_ptr<NodeWatch>(boost::asio::io_context& io,
                                                 const config::Cluster& settings, std::size_t index,
                                                 std::shared_ptr<const RestTls> tls, NodeNews news);
MakeNodeWatch watch_agent, watch_patroni, watch_pgsql;

}  // namespace novip::probe
