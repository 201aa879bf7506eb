// A client that asks for a cancel: the end of its set-up.
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

constexpr Milliseconds cancel_limit{5000};

}  // namespace

/// To the server that gave the key; where nobody knows, to all. The client's connection ends when
/// theirs have: it may go on as soon as the request was acted on. It needs neither a server's role
/// nor a place.
SetUp Session::deliver_cancel() {
  drop_server();
  phase_ = Phase::connect;
  counters_of_backend().backend.cancels.add();
  start_->delivery = std::make_unique<CancelDelivery>(loop_.poller(), events_);
  const CancelKeys* keys = loop_.shared().cancel_keys;
  const auto known = keys ? keys->find(start_->cancels) : std::nullopt;
  if (known) {
    send_cancel(known->proxy, known->server);
  } else {
    for (std::size_t i = 0; i < loop_.snapshot().proxies[index(backend_)].servers.size(); ++i)
      send_cancel(index(backend_), i);
  }
  wait_until(loop_.now() + cancel_limit);
  while (!start_->delivery->done()) {
    const unsigned event = co_await events_.next();
    if (event & deadline) break;
  }
  relay_.say_end(Side::client);
  end(Cause::finished);
}

void Session::send_cancel(std::size_t proxy, std::size_t number) {
  const cluster::ServerView& to = loop_.snapshot().proxies[proxy].servers[number];
  if (!to.address) return;
  auto connecting = start_connecting(target_of(to), backend(), *to.settings);
  if (!connecting.fd) return;
  const auto& tls = to.settings->tls;
  std::unique_ptr<ServerTls> encryption;
  if (tls.sessions)
    encryption = std::make_unique<ServerTls>(connecting.fd.get(), loop_.server_tls(proxy, number),
                                             tls, sni_for(to));
  start_->delivery->send(std::move(connecting.fd),
                         {header_for(to), start_->packet, std::move(encryption)});
}

}  // namespace novip::proxy
