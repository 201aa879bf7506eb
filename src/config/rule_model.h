#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/network.h"
#include "config/server_model.h"

/// Rules and what they depend on (configuration.txt, 7 "Using ACLs"): the part of the model
/// (model.h) that says which clients come in, and where they go.
namespace novip::config {

/// A question that has an answer whenever it is asked. Of what a client says, only TLS that ends
/// here is looked at; what depends on that waits for the handshake.
struct Test {
  enum class Fetch {
    always_true,
    always_false,
    usable_servers,     // nbsrv(backend)
    server_up,          // srv_is_up(backend/server)
    frontend_sessions,  // fe_conn(frontend)
    backend_sessions,   // be_conn(backend)
    source,             // src
    destination,        // dst
    source_port,        // src_port
    destination_port,   // dst_port
    encrypted,          // ssl_fc: its TLS ends here
    server_name,        // ssl_fc_sni: the name that it asked for there
    user,               // http_auth(userlist): of the statistics page
    group,              // http_auth_group(userlist)
  };
  enum class Match { whole, beginning, end };
  Fetch fetch = Fetch::always_true;
  std::string proxy, server;  // of those that ask about one; an empty proxy: where the rule stands
  int proxy_index = -1;       // in Config::proxies, see link(); -1: it is retired
  int server_index = -1;
  std::vector<Network> networks;                                // source, destination: any of them
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  // numbers: in any of them
  std::vector<std::string> names;  // server_name: any of them; none: whatever it is
  Match match = Match::whole;
  bool ignores_case = false;
  std::string userlist;             // user, group
  std::vector<std::string> groups;  // group: any of them

  bool asks_tls() const { return fetch == Fetch::encrypted || fetch == Fetch::server_name; }

  friend bool operator==(const Test&, const Test&) = default;
};

/// `[!]name`, or `[!]{ … }`.
struct Term {
  bool negated = false;
  std::string acl;        // while reading: its tests may still come
  std::vector<Test> any;  // one of them holds

  friend bool operator==(const Term&, const Term&) = default;
};

/// `if …` or `unless …`.
struct Condition {
  bool unless = false;
  std::vector<std::vector<Term>> any;  // all terms of one of them hold; none: always

  bool asks_tls() const;  // one of its tests does

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// `tcp-request connection|session|content accept|reject`.
struct AccessRule {
  bool accept = false;
  Condition condition;

  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

/// `stats http-request allow|deny|auth`, and `http-request auth`: who sees the statistics page.
struct PageRule {
  enum class Action { allow, deny, auth };
  Action action = Action::allow;
  std::string realm;  // auth
  Condition condition;

  friend bool operator==(const PageRule&, const PageRule&) = default;
};

/// `use_backend NAME`, and `use-server NAME`.
struct ChoiceRule {
  Location where;
  std::string name;
  int index = -1;  // in Config::proxies, see link(); or in Proxy::servers
  Condition condition;

  friend bool operator==(const ChoiceRule&, const ChoiceRule&) = default;
};

/// `stick-table type ip size N …`.
struct StickTable {
  bool ipv6 = false;       // type ipv6: has both; type ip has IPv4 addresses only
  std::size_t size = 0;    // entries
  Milliseconds expire{0};  // 0: never
  bool nopurge = false;    // a full table takes no more, instead of forgetting the oldest

  friend bool operator==(const StickTable&, const StickTable&) = default;
};

/// `stick on|match|store-request src|dst`.
struct StickRule {
  Location where;
  bool match = true, store = true;
  bool by_destination = false;
  std::string table;  // as written; empty: the own one
  Condition condition;

  friend bool operator==(const StickRule&, const StickRule&) = default;
};

}  // namespace novip::config
