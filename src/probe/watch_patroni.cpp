#include <utility>

#include "probe/watch_inquiry.h"

namespace novip::probe {

std::shared_ptr<NodeWatch> watch_patroni(boost::asio::io_context& io,
                                         const config::Cluster& settings, std::size_t index,
                                         NodeNews news) {
  const auto address = settings.nodes[index].host.address.with_port(settings.watch.port);
  Inquiry::Settings inquiry{
      "Patroni at " + address.text(), address, "/patroni", settings.lease, settings.interval, {}};
  return std::make_shared<Inquiry>(io, std::move(inquiry), std::move(news));
}

}  // namespace novip::probe
