#include <utility>

#include "probe/watch_inquiry.h"

namespace novip::probe {

std::shared_ptr<NodeWatch> watch_patroni(boost::asio::io_context& io,
                                         const config::Cluster& settings, std::size_t index,
                                         std::shared_ptr<const RestTls> tls, NodeNews news) {
  const auto address = settings.nodes[index].host.address.with_port(settings.watch.port);
  Inquiry::Settings inquiry{"Patroni at " + address.text(),
                            "/patroni",
                            settings.interval,
                            {address, settings.lease, {}, std::move(tls)}};
  return std::make_shared<Inquiry>(io, std::move(inquiry), std::move(news));
}

}  // namespace novip::probe
