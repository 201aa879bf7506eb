#include "base/text.h"
#include "config/parser.h"
#include "config/server.h"

// The side of a proxy that servers see: `backend`, and `listen`.

namespace novip::config {

namespace {

/// `random`, or `random(draws)`.
void set_random(Parser& p, const std::string& word) {
  p.proxy().balance = Algorithm::random;
  p.proxy().random_draws = 2;
  if (word == "random") return;
  const auto inner = std::string_view(word).substr(7);
  const auto draws =
      inner.ends_with(')') ? parse_number(inner.substr(0, inner.size() - 1)) : std::nullopt;
  if (!draws || *draws < 1 || *draws > 1000)
    return p.error("balance random: number of draws must be from 1 to 1000, got '" + word + "'");
  p.proxy().random_draws = static_cast<unsigned>(*draws);
}

void set_balance(Parser& p, const Arguments& words) {
  static constexpr std::pair<std::string_view, Algorithm> algorithms[] = {
      {"roundrobin", Algorithm::roundrobin}, {"static-rr", Algorithm::static_rr},
      {"leastconn", Algorithm::leastconn},   {"first", Algorithm::first},
      {"source", Algorithm::source},
  };
  const std::string& word = words[0];
  for (const auto& [name, algorithm] : algorithms)
    if (word == name) {
      p.proxy().balance = algorithm;
      return;
    }
  if (word == "random" || word.starts_with("random(")) return set_random(p, word);
  for (const std::string_view http : {"uri", "url_param", "hdr", "rdp-cookie", "hash"})
    if (word.starts_with(http))
      return p.error("balance '" + word + "' is not supported: novip looks at no request; use " +
                     "'source' to keep a client on its server");
  p.error(
      "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'first', 'source' and "
      "'random', got '" +
      word + "'");
}

void set_hash_type(Parser& p, const Arguments& words) {
  if (words[0] != "consistent" && words[0] != "map-based")
    return p.error("'hash-type' only supports 'consistent' and 'map-based', got '" + words[0] +
                   "'");
  p.proxy().hash_consistent = words[0] == "consistent";
  if (words.size() > 1)
    p.warning("'hash-type': the hash function '" + words.joined(1) +
              "' has no effect, novip has one of its own");
}

void set_redispatch(Parser& p, const Arguments& words) {
  p.proxy().redispatch = !p.negated();
  p.proxy().redispatch_interval = -1;
  if (p.negated() || words.size() == 0) return;
  // -1 is the last retry, 0 is none, N is each Nth.
  if (words[0] == "-1") return;
  if (const auto interval = p.number("option redispatch", words[0], 0, 1000)) {
    p.proxy().redispatch_interval = static_cast<int>(*interval);
    if (*interval == 0) p.proxy().redispatch = false;
  }
}

void set_retries(Parser& p, const Arguments& words) {
  if (const auto retries = p.number("retries", words[0], 0, 1000)) p.proxy().retries = *retries;
}

void set_fullconn(Parser& p, const Arguments& words) {
  if (const auto n = p.number("fullconn", words[0], 0, 10000000)) p.proxy().fullconn = *n;
}

constexpr Keyword backend_rows[] = {
    {"server", backend_side, 2, any_number, add_server, "<name> and <addr>[:<port>] as arguments"},
    {"server-template", backend_side, 3, any_number, add_server_template,
     "<prefix>, <number or range> and <addr>:<port>"},
    {"default-server", in_be, 1, any_number, set_default_server, "options of a server"},
    {"balance", in_be, 1, any_number, set_balance, "an algorithm"},
    {"hash-type", in_be, 1, 3, set_hash_type, "'consistent' or 'map-based'"},
    {"retries", in_be, 1, 1, set_retries, "a number"},
    {"fullconn", in_be, 1, 1, set_fullconn, "a number of connections"},
    {"option redispatch", in_be, 0, 1, set_redispatch, "", true},
    {"option allbackups", in_be, 0, 0, set_flag<&Proxy::allbackups>, "", true},
    {"option log-health-checks", in_be, 0, 0, set_flag<&Proxy::log_health_checks>, "", true},
};

}  // namespace

std::span<const Keyword> backend_keywords() { return backend_rows; }

}  // namespace novip::config
