#include "config/bind.h"

#include "config/address.h"
#include "config/bind_option_table.h"

namespace novip::config {

namespace {

using Target = BindLine;
using Row = BindOption;
using Value = const std::string&;

constexpr std::string_view kernel = "novip leaves it to the kernel's default";
constexpr std::string_view threads = "every listener is shared by all threads";

void set_owner(Parser& p, std::optional<unsigned>& id, const Expected<unsigned>& found) {
  if (!found)
    p.error(found.error().message);
  else
    id = *found;
}

void set_level(Parser& p, Target& t, Value v) {
  if (t.socket == nullptr) return p.error("'level' is for 'stats socket' lines");
  if (v == "user")
    t.socket->level = Level::user;
  else if (v == "operator")
    t.socket->level = Level::operator_;
  else if (v == "admin")
    t.socket->level = Level::admin;
  else
    p.error("'level' only supports 'user', 'operator' and 'admin', got '" + v + "'");
}

/// A Unix socket's `mode 660`; in section `state` also `mode http`.
void set_mode(Parser& p, Target& t, Value v) {
  if (t.http != nullptr && v == "http") {
    *t.http = true;
    return;
  }
  t.bind.file.mode = parse_file_mode(v);
  if (!t.bind.file.mode)
    p.error("'mode': missing or invalid mode '" + v + "' (octal integer expected" +
            (t.http != nullptr ? ", or 'http')" : ")"));
}

constexpr Row bind_option_rows[] = {
    {"accept-proxy", 0, [](Parser&, Target& t, Value) { t.bind.accept_proxy = true; }, ""},
    {"v6only", 0, [](Parser&, Target& t, Value) { t.bind.v6only = true; }, ""},
    {"v4v6", 0, [](Parser&, Target& t, Value) { t.bind.v4v6 = true; }, ""},
    {"name", 1, [](Parser&, Target& t, Value v) { t.bind.name = v; }, "a name"},
    {"interface", 1, [](Parser&, Target& t, Value v) { t.bind.interface = v; }, "an interface"},
    {"backlog", 1,
     [](Parser& p, Target& t, Value v) {
       if (const auto n = p.number("backlog", v, 1, 65535)) t.bind.backlog = *n;
     },
     "a number of connections"},
    {"maxconn", 1,
     [](Parser& p, Target& t, Value v) {
       if (const auto n = p.number("maxconn", v, 0, 10000000)) t.bind.maxconn = *n;
     },
     "a number of connections"},
    {"tcp-ut", 1,
     [](Parser& p, Target& t, Value v) {
       if (const auto time = p.time("tcp-ut", v)) t.bind.tcp_user_timeout = *time;
     },
     "a time"},
    {"mode", 1, set_mode, "an octal mode such as 660"},
    {"uid", 1,
     [](Parser& p, Target& t, Value v) { t.bind.file.uid = p.number("uid", v, 0, 4294967294); },
     "a user number"},
    {"gid", 1,
     [](Parser& p, Target& t, Value v) { t.bind.file.gid = p.number("gid", v, 0, 4294967294); },
     "a group number"},
    {"user", 1,
     [](Parser& p, Target& t, Value v) {
       if (p.lookup().enabled()) set_owner(p, t.bind.file.uid, Lookup::user(v));
     },
     "a user name"},
    {"group", 1,
     [](Parser& p, Target& t, Value v) {
       if (p.lookup().enabled()) set_owner(p, t.bind.file.gid, Lookup::group(v));
     },
     "a group name"},
    {"level", 1, set_level, "'user', 'operator' or 'admin'"},
    {"expose-fd", 1,
     [](Parser& p, Target& t, Value v) {
       if (t.socket == nullptr || v != "listeners")
         return p.error("'expose-fd listeners' is for 'stats socket' lines");
       t.socket->expose_listeners = true;
     },
     "'listeners'"},

    {"severity-output", 1, nullptr, "send 'set severity-output' on the socket", no_effect},
    {"id", 1, nullptr, "listeners have no statistics of their own", no_effect},
    {"nice", 1, nullptr, "sessions all have the same priority", no_effect},
    {"process", 1, nullptr, threads, no_effect},
    {"thread", 1, nullptr, threads, no_effect},
    {"shards", 1, nullptr, threads, no_effect},
    {"defer-accept", 0, nullptr, kernel, no_effect},
    {"tfo", 0, nullptr, kernel, no_effect},
    {"mss", 1, nullptr, kernel, no_effect},
    {"transparent", 0, nullptr, "novip binds addresses of this host only"},
    {"namespace", 1, nullptr, "start novip in that network namespace"},
    {"accept-netscaler-cip", 1, nullptr, "novip knows the PROXY protocol: 'accept-proxy'"},
    {"proto", 1, nullptr, "novip forwards TCP"},
};

std::vector<Row> with_tls() {
  const auto tls = bind_tls_options();
  std::vector<Row> all(std::begin(bind_option_rows), std::end(bind_option_rows));
  all.insert(all.end(), tls.begin(), tls.end());
  return all;
}

}  // namespace

std::optional<unsigned> parse_file_mode(const std::string& text) {
  unsigned mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7' || mode > 0777) return std::nullopt;
    mode = mode * 8 + static_cast<unsigned>(c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(mode);
}

std::vector<Bind> read_bind(Parser& parser, const Arguments& arguments, StatsSocket* socket,
                            bool* http) {
  const std::string text = parser.expanded(arguments[0]);
  const auto addresses = parse_bind_addresses(text, parser.lookup());
  Bind bind;
  bind.where = parser.here();
  bind.text = text;
  BindTls tls;
  Target target{bind, socket, http, tls, false};
  static const std::vector<Row> all = with_tls();
  read_options<Target>(parser, arguments, 1, all, target, parser.name() + " " + text);
  set_bind_tls(parser, target);
  if (!addresses) {
    parser.error(parser.name() + ": " + addresses.error().message);
    return {};
  }
  std::vector<Bind> binds(addresses->size(), bind);
  for (std::size_t i = 0; i < binds.size(); ++i) {
    binds[i].address = (*addresses)[i].address;
    binds[i].inherited = (*addresses)[i].inherited;
  }
  return binds;
}

}  // namespace novip::config
