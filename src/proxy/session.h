#pragma once

#include <memory>
#include <optional>

#include <boost/intrusive/list_hook.hpp>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/fd.h"
#include "cluster/balance.h"
#include "cluster/rules.h"
#include "pgwire/startup.h"
#include "proxy/cancel_keys.h"
#include "proxy/close_reason.h"
#include "proxy/deadlines.h"
#include "proxy/place.h"
#include "proxy/poller.h"
#include "proxy/relay.h"
#include "proxy/set_up.h"
#include "proxy/worker.h"

namespace novip::proxy {

class Loop;
struct SessionRecord;
struct Start;
enum class Lack : std::uint8_t;

/// A client that was accepted, and the places it took.
struct Arrival {
  UniqueFd fd;
  Endpoint client;
  std::size_t frontend = 0;
  const config::Bind* bind = nullptr;
  std::shared_ptr<const tls::ServerContext> tls;  // null: the bind has no `ssl`
  Place connection, frontend_session, bind_session;
};

template <typename Tag>
using ListHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
struct AllTag;
struct ServerTag;
struct QueueTag;

/// One client's life, from accept to its line in the log. Set-up is a coroutine, set_up(), to be
/// read from top to bottom, and one for each stage where the start is PostgreSQL's (start.h); then
/// the relay carries bytes until one side ends. Every way leads through end(), once. Lives on its
/// worker's thread only, and stays as small as it can: thousands are idle.
class Session final : public Watcher,
                      public Timed,
                      public ListHook<AllTag>,
                      public ListHook<ServerTag>,
                      public ListHook<QueueTag> {
 public:
  using AllLink = boost::intrusive::base_hook<ListHook<AllTag>>;
  using ServerLink = boost::intrusive::base_hook<ListHook<ServerTag>>;
  using QueueLink = boost::intrusive::base_hook<ListHook<QueueTag>>;

  Session(Loop& loop, std::uint64_t id, Arrival arrival);
  ~Session() override;

  /// Begins; the session may have ended when it returns.
  void begin();
  /// Ends it now, whatever it is doing. The loop deletes it at the end of the turn.
  void end(Cause cause);
  /// Ends it as its server must have no such session any more, and tells the client why where that
  /// can be said; one whose client knows nothing of the server yet looks for another.
  void cut(cluster::Cut why);
  /// Its server takes no new sessions.
  void server_left();
  /// Whether its server is in the role that it must have.
  void verified(bool qualifies);

  std::uint64_t id() const { return id_; }
  /// Of the server it goes to: those routed under a smaller epoch than the server's are to be cut.
  std::uint64_t epoch() const { return epoch_; }
  TimePoint waiting_since() const { return waiting_since_; }
  /// Takes a place on a server, when there is one, and goes on.
  bool serve();
  /// The same for one that is held. False: there is no server for it.
  bool serve_held();
  /// May not have every server that others may have.
  bool is_particular() const;
  const config::Proxy& frontend() const;
  std::size_t frontend_index() const { return frontend_; }
  /// Whether it has a place of the bind's with that gauge.
  bool came_by(const cluster::Gauge& bind) const { return bind_session_.is_of(bind); }
  SessionInfo info() const;

  void ready(unsigned which, std::uint32_t events) override;
  void go_on() override;
  void deadline_reached() override;

 private:
  // session.cpp: from accept to the relay
  SetUp set_up();
  enum class Header { complete, incomplete, invalid, closed };
  Header read_proxy_header();
  void refuse(const char* why);
  void connected();
  void hand_over();
  void choose_splicing();
  void wait_until(TimePoint stage);
  Cause late(Cause stage) const;
  bool client_has_gone(std::uint32_t events) const;
  Endpoint destination() const;

  // session_backend.cpp: from the frontend, by its rules, into a backend
  Cause enter_backend();
  Cause choose_backend();
  bool awaits_tls(std::size_t proxy);
  cluster::Situation situation(const Endpoint& here) const;
  std::int32_t lead();
  bool passes(const std::vector<config::AccessRule>& rules) const;

  // session_start.cpp: how a PostgreSQL session comes to a server, stage by stage
  void start();
  SetUp read_request();
  bool may_ask();
  bool declines_encryption();
  enum class Packet { complete, incomplete, malformed, closed };
  Packet read_packet();
  void leave_newcomers();
  SetUp find_server(bool admitted);
  Milliseconds client_handshake_limit() const;
  bool holds() const;
  bool may_wait() const;
  void join_hold();
  void count_wait();
  SetUp open_server();
  SetUp verify_server();
  bool must_verify() const;
  void lose_server(Lack lack);
  void drop_server();
  unsigned usable_servers() const;
  void note_packet(const pgwire::FirstPacket& packet);

  // session_cancel.cpp: a client that asks for a cancel
  SetUp deliver_cancel();
  void send_cancel_to_all();
  void send_cancel(std::size_t proxy, std::size_t number);

  // session_tls.cpp: TLS that ends here
  SetUp encrypt_client();
  void refuse_handshake(const std::string& why);
  SetUp encrypt_server();
  void tell_tls_failure(Lack lack);
  std::string sni_for(const cluster::ServerView& to) const;
  bool passes_encryption() const;
  bool hides_channel_binding() const;
  bool cannot_authenticate();
  void finish_client();

  // session_greeting.cpp: what the server says until the session is established
  SetUp ask_server();
  enum class Heard { more, declined, established, lost, wrong_role, garbage };
  void carry_client();
  Heard hear_server();
  Heard hear_answer();
  Heard hear_byte();
  Heard hear_tls();
  Heard hear_hello();
  Heard hear_messages();
  bool fits_role(std::string_view parameter, std::string_view value) const;
  void commit();
  void establish();
  void pass_on(std::string_view bytes);
  void tell_client(std::string_view bytes);

  // session_refusal.cpp: what novip itself tells a client
  void refuse_malformed();
  void refuse_plain();
  void refuse_unbound();
  void refuse_crowded();
  void refuse_unserved();
  void refuse_greeting(Heard heard);
  void refuse(std::string_view sqlstate, std::string_view message, Cause cause);
  SetUp say_refusal();
  std::string why_unserved() const;
  bool can_be_told() const;

  // session_routing.cpp: a server, and a connection to it
  cluster::Balancer::Choice::Outcome choose_server();
  void count_redispatch();
  cluster::Balancer::Choice choose(const cluster::ProxyView& view,
                                   std::optional<std::size_t> avoid);
  bool queue_is_full() const;
  cluster::Gauge& queue_gauge() const;
  void join_queue();
  Endpoint target_of(const cluster::ServerView& to) const;
  std::string header_for(const cluster::ServerView& to) const;
  cluster::ProxyView without_own_servers();
  Cause connect();
  bool finish_connecting();
  void connect_failed();
  void close_server();
  bool goes_elsewhere() const;
  bool another_is_usable() const;
  void leave_server();
  void observe(bool success);

  // session_stick.cpp: a server of its own
  std::optional<std::size_t> own_server(const cluster::ProxyView& view) const;
  void remember_server();

  // session_log.cpp: its line
  struct Sockets {  // addresses, of descriptors that may be closed when the line is written
    Endpoint frontend, own, server;
  };
  void log_end(CloseReason reason, const Sockets& sockets);
  void log_early();
  SessionRecord record(CloseReason reason, const Sockets& sockets) const;
  void write_line(const SessionRecord& record);
  Sockets sockets_for_log() const;

  // session_forwarding.cpp: the relay, its idle timeouts, and the end
  void forward();
  void count_moved(std::uint64_t from_client, std::uint64_t from_server);
  void check_idle();
  Milliseconds idle_limit(Side side) const;
  void close_descriptors(Cause cause);
  CloseReason reason_of(Cause cause) const;
  void count_end(CloseReason reason);
  void count_times(cluster::ServerCounters& counters) const;

  /// Lets `change` count for the backend, and for the server when there is one.
  template <typename Change>
  void count(Change change) {
    auto& proxy = counters_of_backend();
    change(proxy.backend.totals);
    if (server_ >= 0) change(proxy.servers[index(server_)]);
  }
  cluster::WorkerCounters::Proxy& counters_of_backend() const;
  static std::size_t index(std::int32_t number) { return static_cast<std::size_t>(number); }
  static std::int32_t elapsed(TimePoint from, TimePoint to);

  const config::Proxy& backend() const;
  const cluster::ServerView& server() const;

  Loop& loop_;
  const std::uint64_t id_;
  UniqueFd client_, server_fd_;
  Endpoint client_address_;
  std::unique_ptr<Endpoint> told_destination_;  // by a PROXY header
  /// While a PROXY header is awaited: the name of the bind that asks for one.
  std::unique_ptr<const std::string> header_asked_by_;
  const std::uint32_t frontend_;
  std::int32_t backend_ = -1;
  std::int32_t server_ = -1;
  std::uint64_t epoch_ = 0;

  Phase phase_ = Phase::request;
  bool forwarding_ = false;
  bool ended_ = false;
  bool redispatched_ = false;
  bool logged_ = false;    // before its end
  bool readable_ = false;  // an established PostgreSQL session without encryption
  std::uint16_t retries_ = 0;
  bool bound_ = false;  // its server is its own: it goes to no other as long as that may serve
  std::int32_t waits_for_ = -1;    // in the queue: the only server that will do; -1: any
  std::int32_t left_server_ = -1;  // to be avoided: the one that did not answer
  std::uint32_t backend_queue_ = 0, server_queue_ = 0;

  const WallTime accepted_at_;
  const TimePoint accepted_;
  TimePoint arrived_;  // once the client is known
  TimePoint waiting_since_;
  TimePoint client_deadline_ = TimePoint::max();  // timeout client, while being set up
  TimePoint last_activity_;
  std::int32_t queue_ms_ = -1, connect_ms_ = -1;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;

  Place connection_, frontend_session_, bind_session_, backend_session_, server_place_, queued_;
  Place newcomer_;                // until the client has said what it wants
  std::unique_ptr<Start> start_;  // while a PostgreSQL session is being started
  CancelKeys::Kept cancel_key_;
  SetUpEvents events_;
  Relay relay_;
};

}  // namespace novip::proxy
