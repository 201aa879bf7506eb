#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <unordered_map>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/time.h>

namespace novip::net {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Outcome = ResolverAnswer::Outcome;

std::string servers_text(const std::vector<Endpoint>& servers) {
  std::string text;
  for (const auto& server : servers) {
    if (!server.is_ip()) continue;
    if (!text.empty()) text += ',';
    text += server.text();  // "10.0.0.1:53", "[::1]:53"
  }
  return text;
}

/// Those that c-ares took from resolv.conf.
std::vector<Endpoint> system_servers(ares_channel channel) {
  std::vector<Endpoint> servers;
  ares_addr_port_node* first = nullptr;
  if (ares_get_servers_ports(channel, &first) != ARES_SUCCESS) return servers;
  for (const auto* node = first; node != nullptr; node = node->next) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(node->family, &node->addr, text, sizeof text);
    const auto port = static_cast<std::uint16_t>(node->udp_port != 0 ? node->udp_port : 53);
    if (const auto server = Endpoint::ip(text, port)) servers.push_back(*server);
  }
  ares_free_data(first);
  return servers;
}

Outcome outcome_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return Outcome::found;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      return Outcome::nx;
    case ARES_ETIMEOUT:
      return Outcome::timeout;
    case ARES_EREFUSED:
    case ARES_ECONNREFUSED:  // also when every server's answer was REFUSED
      return Outcome::refused;
    default:
      return Outcome::other;
  }
}

}  // namespace

/// c-ares on the io_context: its sockets are waited for here, and its timeouts. Shared with the
/// handlers of those waits.
class Resolver::Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(asio::io_context& io) : io_(io), timer_(io) {}
  ~Channel() { close(); }

  Status open(const ResolverOptions& options);
  void close();
  void resolve(const std::string& name, Done done);

 private:
  /// A socket of c-ares; it closes it, not we.
  struct Watch {
    Watch(asio::io_context& io, int fd) : descriptor(io, fd) {}
    ~Watch() { descriptor.release(); }
    asio::posix::stream_descriptor descriptor;
    bool reading = false, writing = false;  // wanted by c-ares
  };
  struct Question {
    std::weak_ptr<Channel> channel;
    Done done;
  };

  static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
  static void on_answer(void* question, int status, int timeouts, ares_addrinfo* found);
  void wait(int fd, const std::shared_ptr<Watch>& watch, bool to_read);
  void process(ares_socket_t readable, ares_socket_t writable);
  void set_timer();

  asio::io_context& io_;
  asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
};

Status Resolver::Channel::open(const ResolverOptions& options) {
  char lookups[] = "b";  // the DNS only
  ares_options settings{};
  settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  settings.lookups = lookups;
  settings.timeout = static_cast<int>(options.timeout.count());
  settings.tries = static_cast<int>(options.tries);
  settings.sock_state_cb = &Channel::on_socket;
  settings.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                   ARES_OPT_SOCK_STATE_CB;
  ares_library_init(ARES_LIB_INIT_ALL);
  int status = ares_init_options(&channel_, &settings, mask);
  if (status != ARES_SUCCESS) return Error{std::string("resolver: ") + ares_strerror(status)};
  if (options.servers.empty()) return Nothing{};  // those of resolv.conf are in force
  auto all = options.servers;
  if (options.resolv_conf)
    for (const auto& server : system_servers(channel_)) all.push_back(server);
  const std::string servers = servers_text(all);
  status = ares_set_servers_ports_csv(channel_, servers.c_str());
  if (status == ARES_SUCCESS) return Nothing{};
  return Error{"resolver: cannot use name servers " + servers + ": " + ares_strerror(status)};
}

void Resolver::Channel::close() {
  timer_.cancel();
  if (channel_ == nullptr) return;
  ares_destroy(std::exchange(channel_, nullptr));
  ares_library_cleanup();
  watches_.clear();
}

void Resolver::Channel::resolve(const std::string& name, Done done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  auto* const question = new Question{weak_from_this(), std::move(done)};  // ends in on_answer
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::on_answer, question);
  set_timer();
}

/// Called once for each question, by ares_destroy at the latest. The answer is posted, so that its
/// receiver may ask again, or end the resolver, which c-ares does not allow from here.
void Resolver::Channel::on_answer(void* argument, int status, int /*timeouts*/,
                                  ares_addrinfo* found) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  ResolverAnswer answer{outcome_of(status), {}};
  if (found != nullptr)
    for (const auto* node = found->nodes; node != nullptr; node = node->ai_next)
      answer.addresses.emplace_back(node->ai_addr, node->ai_addrlen);
  ares_freeaddrinfo(found);
  if (answer.outcome == Outcome::found && answer.addresses.empty()) answer.outcome = Outcome::nx;
  const auto channel = question->channel.lock();
  if (!channel || status == ARES_EDESTRUCTION) return;
  asio::post(channel->io_, [weak = question->channel, done = std::move(question->done),
                            answer = std::move(answer)]() mutable {
    const auto open = weak.lock();
    if (open && open->channel_ != nullptr) done(std::move(answer));
  });
}

void Resolver::Channel::on_socket(void* self, ares_socket_t fd, int readable, int writable) {
  auto* const channel = static_cast<Channel*>(self);
  if (readable == 0 && writable == 0) {
    channel->watches_.erase(fd);
    return;
  }
  auto& watch = channel->watches_[fd];
  if (!watch) watch = std::make_shared<Watch>(channel->io_, fd);
  const bool new_reading = readable != 0 && !std::exchange(watch->reading, readable != 0);
  const bool new_writing = writable != 0 && !std::exchange(watch->writing, writable != 0);
  watch->reading = readable != 0;
  watch->writing = writable != 0;
  if (new_reading) channel->wait(fd, watch, true);
  if (new_writing) channel->wait(fd, watch, false);
}

void Resolver::Channel::wait(int fd, const std::shared_ptr<Watch>& watch, bool to_read) {
  watch->descriptor.async_wait(to_read ? asio::posix::stream_descriptor::wait_read
                                       : asio::posix::stream_descriptor::wait_write,
                               [weak_channel = weak_from_this(), weak_watch = std::weak_ptr(watch),
                                fd, to_read](const error_code& error) {
                                 const auto channel = weak_channel.lock();
                                 if (error || !channel || weak_watch.expired()) return;
                                 channel->process(to_read ? fd : ARES_SOCKET_BAD,
                                                  to_read ? ARES_SOCKET_BAD : fd);
                                 const auto same = weak_watch.lock();  // unless c-ares closed it
                                 if (!same) return;
                                 bool& wanted = to_read ? same->reading : same->writing;
                                 if (wanted) channel->wait(fd, same, to_read);
                               });
}

void Resolver::Channel::process(ares_socket_t readable, ares_socket_t writable) {
  if (channel_ == nullptr) return;
  ares_process_fd(channel_, readable, writable);
  set_timer();
}

void Resolver::Channel::set_timer() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto channel = weak.lock();
    if (!error && channel) channel->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

Resolver::Resolver(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
Resolver::~Resolver() { channel_->close(); }

Expected<std::unique_ptr<Resolver>> Resolver::open(asio::io_context& io,
                                                   const ResolverOptions& options) {
  auto channel = std::make_shared<Channel>(io);
  auto opened = channel->open(options);
  if (!opened) return opened.error();
  return std::unique_ptr<Resolver>(new Resolver(std::move(channel)));
}

void Resolver::resolve(const std::string& name, Done done) {
  channel_->resolve(name, std::move(done));
}

}  // namespace novip::net
