#include <utility>

#include "probe/watch_inquiry.h"

namespace novip::probe {

std::shared_ptr<NodeWatch> watch_patroni(boost::asio::io_context& io,
                                         const config::Cluster& settings, std::size_t index,
                                         std::shared_ptr<const RestTls> tls, NodeNews news) {
  auto line = HttpLine::settings_of(settings, index, std::move(tls));
  Inquiry::Settings inquiry{"Patroni at " + line.address.text(), "/patroni", settings.interval,
                            std::move(line)};
  return std::make_shared<Inquiry>(io, std::move(inquiry), std::move(news));
}

}  // namespace novip::probe
