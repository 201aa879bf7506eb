#include "admin/page_admission.h"

#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "base/as_result.h"
#include "cluster/rules.h"
#include "net/proxy_protocol.h"
#include "tls/openssl.h"

namespace novip::admin {

namespace asio = boost::asio;

namespace {

bool accepts(const PageAdmission& admission, const std::vector<config::AccessRule>& rules,
             const PageClient& client) {
  if (rules.empty()) return true;
  const auto& statistics = *admission.statistics;
  const auto snapshot = statistics.roster().snapshot();
  return cluster::accepts(rules, {*snapshot, *statistics.process().load, client.source,
                                  client.destination, client.server_name});
}

/// It says whose connection this is. Who comes through a balancer is not on this machine only
/// because the balancer is.
void note(const net::ProxyHeader& header, PageClient* client) {
  if (!header.source) return;
  client->source = header.source;
  client->destination = header.destination;
  client->address = header.source.host();
  client->local = client->local && header.destination.is_loopback();
}

/// Byte by byte: what follows the header is for TLS or HTTP.
asio::awaitable<bool> hear_proxy_header(net::Stream& stream, PageClient* client) {
  std::string heard;
  char byte = 0;
  while (heard.size() < net::proxy_header_limit) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(&byte, 1), as_result);
    if (error) co_return false;
    heard += byte;
    const auto [state, header] = net::parse_proxy_header(heard);
    if (state == net::HeaderState::invalid) co_return false;
    if (state == net::HeaderState::incomplete) continue;
    note(header, client);
    co_return true;
  }
  co_return false;
}

asio::awaitable<bool> shake_hands(const tls::ServerContext& tls, HttpStream& stream,
                                  PageClient* client) {
  const auto* const ssl = stream.encrypt(tls.first());
  if (ssl == nullptr) co_return false;
  const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
  if (error) co_return false;
  client->server_name = tls::server_name_of(ssl);
  co_return true;
}

}  // namespace

const config::Proxy& PageAdmission::settings() const { return *statistics->proxy(proxy).settings; }

bool PageAdmission::lets_through(const PageClient& client) const {
  if (accepts(*this, settings().content_rules, client)) return true;
  statistics->page_frontend(proxy).denied_requests.add();
  return false;
}

/// Who does not say its part is a newcomer like any other.
asio::awaitable<bool> admit(PageAdmission admission, HttpStream& stream, net::Newcomers& newcomers,
                            PageClient* client) {
  auto& counters = admission.statistics->page_frontend(admission.proxy);
  if (!accepts(admission, admission.settings().connection_rules, *client)) {
    counters.denied.add();
    co_return false;
  }
  const net::Newcomers::Entry newcomer(newcomers, stream.lower(), false);
  bool understood = true;
  if (admission.proxied) understood = co_await hear_proxy_header(stream.lower(), client);
  if (!understood) counters.request_errors.add();
  if (understood && admission.tls)
    understood = co_await shake_hands(*admission.tls, stream, client);
  if (!understood) co_return false;
  if (accepts(admission, admission.settings().session_rules, *client)) co_return true;
  counters.denied_sessions.add();
  co_return false;
}

}  // namespace novip::admin
