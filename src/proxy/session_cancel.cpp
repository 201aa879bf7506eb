// A client that asks for a cancel: the end of its set-up.
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

constexpr Milliseconds cancel_limit{5000};
/// One that goes to all has been to those that are there long before.
constexpr Milliseconds to_all_limit{2000};
/// Cancel requests of a worker that nobody knows the key of, at a time.
constexpr unsigned most_to_all = 64;

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
  if (const auto known = keys ? keys->find(start_->cancels) : std::nullopt)
    send_cancel(known->proxy, known->server);
  else
    send_cancel_to_all();
  wait_until(loop_.now() + (start_->cancels_all ? to_all_limit : cancel_limit));
  while (!start_->delivery->done()) {
    const unsigned event = co_await events_.next();
    if (event & deadline) break;
  }
  relay_.say_end(Side::client);
  end(Cause::finished);
}

/// Anybody can make up a key, and each costs a connection to every server: there are only so many
/// of the sort at a time. More are not delivered, as PostgreSQL does not tell either.
void Session::send_cancel_to_all() {
  start_->cancels_all = Place::take(loop_.cancels_to_all(), most_to_all);
  if (!start_->cancels_all) return;
  const auto& servers = loop_.snapshot().proxies[index(backend_)].servers;
  for (std::size_t i = 0; i < servers.size(); ++i) send_cancel(index(backend_), i);
}

void Session::send_cancel(std::size_t proxy, std::size_t number) {
  // Another worker may have got the key from a server of a configuration that is not here yet.
  const auto& proxies = loop_.snapshot().proxies;
  if (proxy >= proxies.size() || number >= proxies[proxy].servers.size()) return;
  const cluster::ServerView& to = proxies[proxy].servers[number];
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
