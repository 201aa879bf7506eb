// The line that the log has of a session.
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/session_line.h"

namespace novip::proxy {

Session::Sockets Session::sockets_for_log() const {
  if (!frontend().logs_sessions() || !line_format(frontend()).of_sockets) return {};
  Sockets sockets;
  sockets.frontend = destination();
  if (!server_fd_) return sockets;
  sockets.own = Endpoint::local_of(server_fd_.get());
  if (server_ >= 0) sockets.server = target_of(server());
  return sockets;
}

void Session::log_end(CloseReason reason, const Sockets& sockets) {
  if (logged_ || frontend().logs.empty()) return;
  const SessionRecord line = record(reason, sockets);
  if (is_logged(frontend(), line)) write_line(line);
}

/// As it begins to forward: see logs_early().
void Session::log_early() {
  if (frontend().logs.empty() || !logs_early(frontend())) return;
  logged_ = true;
  if (frontend().dontlog_normal && retries_ == 0 && !redispatched_) return;
  SessionRecord line = record({}, sockets_for_log());
  line.goes_on = frontend().logasap;
  write_line(line);
}

void Session::write_line(const SessionRecord& line) {
  loop_.log(frontend(), Severity::info, session_line(line_format(frontend()), line));
  loop_.load().proxies[frontend_].log_lines.fetch_add(1, std::memory_order_relaxed);
}

SessionRecord Session::record(CloseReason reason, const Sockets& sockets) const {
  cluster::Load& load = loop_.load();
  SessionRecord record;
  record.number = id_;
  record.line_number = load.proxies[frontend_].log_lines.load(std::memory_order_relaxed);
  record.client = client_address_;
  record.frontend_address = sockets.frontend;
  record.own_address = sockets.own;
  record.server_address = sockets.server;
  record.accepted = accepted_at_;
  record.frontend = record.backend = frontend().name;
  record.handshake_ms = elapsed(accepted_, arrived_);
  record.queue_ms = queue_ms_;
  record.connect_ms = connect_ms_;
  record.total_ms = elapsed(accepted_, loop_.now());
  if (connect_ms_ >= 0)
    record.data_ms = record.total_ms - record.handshake_ms - queue_ms_ - connect_ms_;
  record.bytes_in = bytes_in_;
  record.bytes_out = bytes_out_;
  record.reason = reason;
  record.process_sessions = load.connections.now();
  record.frontend_sessions = load.proxies[frontend_].frontend_sessions.now();
  record.retries = retries_;
  record.redispatched = redispatched_;
  record.backend_queue = backend_queue_;
  record.server_queue = server_queue_;
  if (backend_ >= 0) {
    record.backend = backend().name;
    record.backend_sessions = load.proxies[index(backend_)].backend_sessions.now();
  }
  if (server_ >= 0) {
    record.server = server().settings->name;
    record.server_sessions = load.proxies[index(backend_)].servers[index(server_)].sessions.now();
  }
  return record;
}

}  // namespace novip::proxy
