#include "config/parser.h"

// What HAProxy 2.6 has and novip has not. Where that only loses a setting it is a warning; where
// sessions would go elsewhere than the file says, an error.

namespace novip::config {

namespace {

void without_effect(Parser& p, const Arguments&) {
  if (!p.negated()) p.warning(p.name() + " has no effect: " + std::string(p.keyword().about));
}

void http_only(Parser& p, const Arguments&) {
  if (!p.negated()) p.warning(p.name() + " is HTTP only: has no effect, novip forwards TCP");
}

void refused(Parser& p, const Arguments&) {
  p.error(p.name() + " is not supported: " + std::string(p.keyword().about));
}

/// HAProxy ignores HTTP rules in TCP mode; in HTTP mode they would decide what happens.
void http_rule(Parser& p, const Arguments&) {
  p.draft().http_rules.emplace_back(p.here(), std::string(p.keyword().name));
}

struct Group {
  unsigned sections;
  Handler handle;
  std::string_view reason;
  std::initializer_list<std::string_view> names;
};

constexpr std::string_view no_such = "novip has no such setting";
constexpr std::string_view no_inspection =
    "novip inspects no traffic and keeps no counters of clients; 'tcp-request connection' and "
    "'tcp-request content' accept and reject";
constexpr std::string_view other_check =
    "novip checks with 'option tcp-check', 'option httpchk' and 'option pgsql-check'";
constexpr std::string_view no_format =
    "novip writes no structured data, and its own words about connections that fail";
constexpr std::string_view no_source = "novip connects from the address the kernel chooses";
constexpr std::string_view no_dynamic = "novip evaluates no expressions in checks";

const Group groups[] = {
    {in_global,
     without_effect,
     no_such,
     {"tune.*",
      "cpu-map",
      "nbproc",
      "thread-group",
      "thread-groups",
      "numa-cpu-mapping",
      "busy-polling",
      "close-spread-time",
      "max-spread-checks",
      "maxcompcpuusage",
      "maxcomprate",
      "maxconnrate",
      "maxpipes",
      "maxsessrate",
      "maxsslconn",
      "maxsslrate",
      "maxzlibmem",
      "no-memory-trimming",
      "noepoll",
      "noevports",
      "nogetaddrinfo",
      "nokqueue",
      "nopoll",
      "noreuseport",
      "profiling.tasks",
      "strict-limits",
      "fd-hard-limit",
      "mworker-max-reloads",
      "grace",
      "localpeer",
      "cluster-secret",
      "expose-experimental-directives",
      "insecure-fork-wanted",
      "insecure-setuid-wanted",
      "external-check",
      "pp2-never-send-local",
      "stats bind-process",
      "set-var",
      "set-var-fmt"}},
    {in_global,
     without_effect,
     "novip saves no server state to files",
     {"server-state-base", "server-state-file"}},
    {in_global,
     without_effect,
     "novip leaves it to OpenSSL's defaults",
     {"ssl-default-bind-curves", "ssl-default-bind-sigalgs", "ssl-default-bind-client-sigalgs",
      "ssl-default-server-curves", "ssl-default-server-sigalgs", "ssl-dh-param-file", "ssl-engine",
      "ssl-load-extra-*", "ssl-mode-async", "ssl-propquery", "ssl-provider", "ssl-provider-path",
      "ssl-skip-self-issued-ca", "issuers-chain-path"}},
    {in_global,
     http_only,
     "",
     {"h1-*", "h2-*", "httpclient.*", "51degrees-*", "deviceatlas-*", "wurfl-*"}},
    {in_global, refused, "novip runs no Lua", {"lua-*"}},
    {in_global, refused, "write the prefix in each address", {"unix-bind"}},
    {in_global, refused, "write full paths", {"default-path"}},

    {anywhere,
     http_only,
     "",
     {"timeout http-request",
      "timeout http-keep-alive",
      "timeout tarpit",
      "option forwardfor",
      "option http-server-close",
      "option httpclose",
      "option http-keep-alive",
      "option http-buffer-request",
      "option http-ignore-probes",
      "option http-no-delay",
      "option http-pretend-keepalive",
      "option http-use-htx",
      "option http-use-proxy-header",
      "option http-tunnel",
      "option http_proxy",
      "option forceclose",
      "option originalto",
      "option accept-invalid-http-request",
      "option accept-invalid-http-response",
      "option checkcache",
      "option disable-h2-upgrade",
      "option h1-case-adjust-bogus-client",
      "option h1-case-adjust-bogus-server",
      "option idle-close-on-response",
      "option prefer-last-server",
      "errorfile",
      "errorfiles",
      "errorloc",
      "errorloc302",
      "errorloc303",
      "http-error",
      "http-reuse",
      "http-send-name-header",
      "compression",
      "cookie",
      "dynamic-cookie-key",
      "capture",
      "monitor-uri",
      "monitor",
      "max-keep-alive-queue",
      "retry-on",
      "unique-id-format",
      "unique-id-header",
      "ignore-persist",
      "force-persist"}},
    {any_proxy,
     http_rule,
     "",
     {"http-request", "http-response", "http-after-response", "redirect"}},
    {anywhere,
     without_effect,
     no_such,
     {"option abortonclose", "option contstats", "option independent-streams", "option nolinger",
      "option persist", "option socket-stats", "option tcp-smart-accept",
      "option tcp-smart-connect", "option log-separate-errors", "bind-process",
      "load-server-state-from-file", "server-state-file-name", "declare", "stats bind-process",
      "stats show-modules"}},
    {anywhere, without_effect, no_format, {"log-format-sd", "error-log-format"}},
    {anywhere, without_effect, "'http-check send-state' is not sent", {"http-check send-state"}},
    {anywhere,
     refused,
     no_inspection,
     {"tcp-request", "tcp-response", "filter", "use-fcgi-app", "rate-limit", "email-alert"}},
    {anywhere, refused, "write a 'server' line", {"dispatch", "option transparent", "transparent"}},
    {anywhere, refused, no_source, {"source"}},
    {anywhere,
     refused,
     other_check,
     {"option ssl-hello-chk", "option ldap-check", "option smtpchk", "option mysql-check",
      "option redis-check", "option spop-check", "option external-check", "external-check"}},
    {in_be,
     refused,
     no_dynamic,
     {"tcp-check send-lf", "tcp-check send-binary-lf", "tcp-check set-var", "tcp-check unset-var",
      "tcp-check set-var-fmt", "http-check set-var", "http-check unset-var",
      "http-check set-var-fmt"}},
    {in_fe, refused, "it was removed from HAProxy too; use 'timeout client'", {"clitimeout"}},
    {in_be, refused, "it was removed from HAProxy too; use 'timeout connect'", {"contimeout"}},
    {in_be, refused, "it was removed from HAProxy too; use 'timeout server'", {"srvtimeout"}},

    {in_resolvers, without_effect, no_such, {"accepted_payload_size"}},
};

std::vector<Keyword> rows() {
  std::vector<Keyword> all;
  for (const auto& group : groups)
    for (const auto name : group.names)
      all.push_back({name, group.sections, 0, any_number, group.handle, group.reason, true});
  return all;
}

}  // namespace

std::span<const Keyword> absent_keywords() {
  static const std::vector<Keyword> all = rows();
  return all;
}

}  // namespace novip::config
