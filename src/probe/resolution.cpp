#include "probe/resolution.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "net/resolver.h"
#include "probe/address_choice.h"
#include "probe/rhythm.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using net::ResolverAnswer;
using Outcome = ResolverAnswer::Outcome;

struct Place {
  std::size_t proxy, server;
  TimePoint listed;  // when its address was last in an answer
};

/// A host name of one `resolvers` section, and the servers that have it.
struct Name {
  Name(asio::io_context& io, const config::Resolvers& section, std::string host)
      : settings(&section), fqdn(std::move(host)), timer(io) {}

  const config::Resolvers* settings;
  std::string fqdn;
  asio::steady_timer timer;
  TimePoint last_valid;
  std::vector<Place> places;
};

net::ResolverOptions options_of(const config::Resolvers& settings) {
  net::ResolverOptions options;
  for (const auto& server : settings.nameservers) options.servers.push_back(server.address);
  options.resolv_conf = settings.parse_resolv_conf;
  options.timeout = settings.timeout_retry;
  options.tries = settings.retries;
  return options;
}

}  // namespace

/// Shared with the handlers of its timers.
class Resolution::Names : public std::enable_shared_from_this<Names> {
 public:
  Names(asio::io_context& io, cluster::Roster& roster);

  void start();
  void stop();

 private:
  void add(std::size_t proxy, std::size_t server);
  void open_resolvers();
  void ask_all();
  void ask_after(Name& name, Milliseconds delay);
  void ask(Name& name);
  void apply(Name& name, const ResolverAnswer& answer);
  void apply_found(Name& name, Place& place, const ResolverAnswer& answer, TimePoint now);
  std::vector<Endpoint> taken(const Name& name, const Place& except) const;
  const cluster::ServerState& state(const Place& place) const;

  asio::io_context& io_;
  cluster::Roster& roster_;  // untouched once stopped
  std::shared_ptr<const config::Config> config_;
  std::map<const config::Resolvers*, std::unique_ptr<net::Resolver>> resolvers_;
  std::map<std::pair<const config::Resolvers*, std::string>, std::unique_ptr<Name>> names_;
  bool stopped_ = false;
};

Resolution::Names::Names(asio::io_context& io, cluster::Roster& roster)
    : io_(io), roster_(roster) {}

void Resolution::Names::start() {
  config_ = roster_.shared_config();
  for (std::size_t proxy = 0; proxy < config_->proxies.size(); ++proxy)
    for (std::size_t server = 0; server < config_->proxies[proxy].servers.size(); ++server)
      if (!roster_.gone(proxy, server)) add(proxy, server);
  open_resolvers();
  ask_all();
}

void Resolution::Names::add(std::size_t proxy, std::size_t server) {
  const auto& settings = config_->proxies[proxy].servers[server];
  const std::string& fqdn = roster_.proxies()[proxy].servers[server].fqdn;
  if (settings.resolvers.empty() || fqdn.empty()) return;
  const auto section =
      std::find_if(config_->resolvers.begin(), config_->resolvers.end(),
                   [&](const auto& one) { return one.name == settings.resolvers; });
  if (section == config_->resolvers.end()) return;
  auto& name = names_[{&*section, fqdn}];
  if (!name) name = std::make_unique<Name>(io_, *section, fqdn);
  name->places.push_back({proxy, server, {}});
}

void Resolution::Names::open_resolvers() {
  for (const auto& section : config_->resolvers) {
    auto opened = net::Resolver::open(io_, options_of(section));
    if (opened) {
      resolvers_[&section] = std::move(*opened);
    } else if (roster_.on_notice) {
      roster_.on_notice(-1, Severity::alert,
                        "resolvers " + section.name + ": " + opened.error().message);
    }
  }
}

void Resolution::Names::ask_all() {
  const TimePoint now = Clock::now();
  std::size_t position = 0;
  for (auto& [key, name] : names_) {
    name->last_valid = now;
    for (auto& place : name->places) place.listed = now;
    ask_after(*name, first_check_delay(position++, names_.size(), name->settings->hold_valid));
  }
}

void Resolution::Names::stop() {
  stopped_ = true;
  for (auto& [key, name] : names_) name->timer.cancel();
  resolvers_.clear();
}

void Resolution::Names::ask_after(Name& name, Milliseconds delay) {
  name.timer.expires_after(delay);
  name.timer.async_wait([weak = weak_from_this(), &name](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped_) self->ask(name);
  });
}

void Resolution::Names::ask(Name& name) {
  const auto resolver = resolvers_.find(name.settings);
  if (resolver == resolvers_.end()) return;
  resolver->second->resolve(name.fqdn, [weak = weak_from_this(), &name](ResolverAnswer answer) {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->apply(name, answer);
  });
}

void Resolution::Names::apply(Name& name, const ResolverAnswer& answer) {
  // A section that asks for no pause must not become a busy loop.
  constexpr Milliseconds shortest{100};
  const TimePoint now = Clock::now();
  const bool found = answer.outcome == Outcome::found;
  if (found) name.last_valid = now;
  const bool held = now - name.last_valid < hold_time(*name.settings, answer.outcome);
  for (auto& place : name.places) {
    if (found) {
      apply_found(name, place, answer, now);
    } else if (!held) {
      roster_.resolved(place.proxy, place.server, {}, now, hold_reason(answer.outcome));
    }
  }
  ask_after(name,
            std::max(shortest, found ? name.settings->hold_valid : name.settings->timeout_resolve));
}

void Resolution::Names::apply_found(Name& name, Place& place, const ResolverAnswer& answer,
                                    TimePoint now) {
  const auto& server = state(place);
  const Endpoint chosen =
      choose_address(answer.addresses, *server.settings, server.address, taken(name, place));
  if (chosen && chosen == server.address) place.listed = now;
  const bool obsolete = server.address && !(chosen == server.address);
  if (obsolete && now - place.listed < hold_time(*name.settings, Outcome::found)) return;
  if (chosen) place.listed = now;
  const std::string& section = name.settings->name;
  roster_.resolved(place.proxy, place.server, chosen, now,
                   chosen ? std::string_view(section) : hold_reason(Outcome::found));
}

/// The addresses of the other servers of the same backend with this name.
std::vector<Endpoint> Resolution::Names::taken(const Name& name, const Place& except) const {
  std::vector<Endpoint> addresses;
  for (const auto& place : name.places)
    if (place.proxy == except.proxy && place.server != except.server)
      addresses.push_back(state(place).address);
  return addresses;
}

const cluster::ServerState& Resolution::Names::state(const Place& place) const {
  return roster_.proxies()[place.proxy].servers[place.server];
}

Resolution::Resolution(asio::io_context& io, cluster::Roster& roster)
    : names_(std::make_shared<Names>(io, roster)) {}
Resolution::~Resolution() { stop(); }
void Resolution::start() { names_->start(); }
void Resolution::stop() { names_->stop(); }

}  // namespace novip::probe
