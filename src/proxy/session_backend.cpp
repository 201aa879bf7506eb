// The part of Session::set_up that leads a client from its frontend, by the rules of both, into a
// backend.
#include "cluster/rules.h"
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/session_line.h"
#include "proxy/start.h"

namespace novip::proxy {

/// Cause::finished: it is in.
Cause Session::enter_backend() {
  arrived_ = loop_.now();
  if (!passes(frontend().session_rules)) {
    loop_.counters().proxies[frontend_].frontend.denied_sessions.add();
    logged_ = true;  // no session yet, for HAProxy
    return Cause::refused;
  }
  loop_.counters().proxies[frontend_].frontend.sessions.add();
  if (!frontend().logs_sessions() && !frontend().logs.empty())
    loop_.log(frontend(), Severity::info,
              connect_line(client_address_, destination(), frontend().name));
  return choose_backend();
}

/// At once, or, where rules ask about TLS, once the client's has begun or it has said that it wants
/// none. Until then the session has its frontend's settings.
Cause Session::choose_backend() {
  if (awaits_tls(frontend_)) return Cause::finished;
  auto& denied = loop_.counters().proxies[frontend_].frontend.denied_requests;
  if (!passes(frontend().content_rules)) {
    denied.add();
    return Cause::refused;
  }
  const std::int32_t backend = lead();
  if (backend < 0) {
    phase_ = Phase::connect;
    return Cause::server_closed;
  }
  if (awaits_tls(index(backend))) return Cause::finished;
  backend_ = backend;
  auto& counters = loop_.counters().proxies[index(backend_)].backend;
  counters.sessions.add();
  counters.totals.bytes_in.add(bytes_in_);
  backend_session_ = Place::take(loop_.load().proxies[index(backend_)].backend_sessions);
  if (index(backend_) != frontend_ && !passes(this->backend().content_rules)) {
    denied.add();
    return Cause::refused;
  }
  phase_ = Phase::connect;
  return Cause::finished;
}

bool Session::awaits_tls(std::size_t proxy) {
  const bool asks = loop_.snapshot().proxies[proxy].settings->rules_ask_tls;
  if (!asks || !start_ || !start_->tls || start_->request != Start::Request::none) return false;
  backend_ = static_cast<std::int32_t>(frontend_);
  phase_ = Phase::connect;
  return true;
}

/// The backend of the first `use_backend` that holds, else the default one; -1: there is none.
std::int32_t Session::lead() {
  const cluster::ProxyView& view = loop_.snapshot().proxies[frontend_];
  if (!frontend().use_backend.empty()) {
    const Endpoint here = destination();
    const auto rule = cluster::chosen(frontend().use_backend, situation(here));
    if (rule) return *rule;
  }
  return view.backend;
}

bool Session::passes(const std::vector<config::AccessRule>& rules) const {
  if (rules.empty()) return true;
  const Endpoint here = destination();
  return cluster::accepts(rules, situation(here));
}

cluster::Situation Session::situation(const Endpoint& here) const {
  cluster::Situation situation{loop_.snapshot(), loop_.load(), client_address_, here};
  if (const tls::Stream* const stream = relay_.tls(Side::client))
    situation.server_name = stream->server_name();
  return situation;
}

}  // namespace novip::proxy
