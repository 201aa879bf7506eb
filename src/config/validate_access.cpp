#include "config/validate_access.h"

#include <algorithm>
#include <unistd.h>

#include "config/conninfo.h"
#include "config/tls_words.h"
#include "config/validate_kernel.h"
#include "config/validate_servers.h"

namespace novip::config {

namespace {

/// What `token-file` names.
void read_token(Parser& p, const Location& where, const std::string& path, std::string& token) {
  if (path.empty() || !p.lookup().enabled()) return;
  const auto read = Lookup::token(path, p.config().global.uid.value_or(::geteuid()));
  if (read)
    token = *read;
  else
    p.error_at(where, "'token-file': " + read.error().message);
}

void check_state(Parser& p) {
  if (!p.config().state) return;
  State& state = *p.config().state;
  for (Bind& bind : state.http)
    if (bind.tls) fill_in(bind.tls->protocol, p.config().global.bind_tls);
  if (state.binds.empty() && state.http.empty())
    p.error_at(state.where, "section 'state' has no 'bind': nobody could ask it");
  if (state.conninfo.empty())
    p.error_at(state.where, "section 'state' has no 'postgres': it says how to reach PostgreSQL");
  else if (!p.config().global.chroot.empty() && uses_unix_socket(state.conninfo))
    p.error_at(state.where,
               "section 'state' reaches PostgreSQL through a Unix socket, which is out "
               "of reach after 'chroot " +
                   p.config().global.chroot + "': use host=127.0.0.1 in 'postgres'");
  if (const auto name = name_to_look_up(state.conninfo))
    p.warning_at(
        state.where,
        "section 'state': libpq looks up '" + *name +
            "' of 'postgres', and while name servers are silent, so are the agent's ports: "
            "give a socket's folder or an address (hostaddr= beside the name)");
  const auto passfile = passfile_of(state.conninfo);
  if (passfile && p.lookup().enabled()) {
    const auto& global = p.config().global;
    const auto usable = Lookup::passfile(*passfile, global.uid.value_or(::geteuid()));
    if (!usable)
      p.error_at(state.where,
                 "section 'state': 'passfile' in 'postgres': " + usable.error().message);
  }
  if (state.lease <= state.interval)
    p.error_at(state.where, "section 'state': 'lease' must be longer than 'interval'");
  validate_guards(p);
  if (!state.token_file.empty() && state.http.empty())
    p.error_at(
        state.where,
        "section 'state' has a 'token-file' and no 'bind ... mode http': the text port has no "
        "room for a token, use 'allow' there");
}

bool is_remote(const Bind& bind) { return bind.address.is_ip() && !bind.address.is_loopback(); }

/// Whoever reaches such a socket takes servers out of service; the deck's own is level operator,
/// which may only look.
void check_stats_sockets(Parser& p) {
  for (const auto& socket : p.config().global.stats_sockets) {
    if (socket.level != Level::admin || !is_remote(socket.bind)) continue;
    p.warning_at(socket.bind.where,
                 "'stats socket " + socket.bind.text +
                     "' with 'level admin' takes orders from everybody who reaches that port: give "
                     "it a loopback address or a path, or 'level operator'");
  }
}

/// Where a password is asked for, the statistics page takes orders from other machines, too.
void check_stats_pages(Parser& p) {
  const auto in_plain = [](const Bind& bind) { return is_remote(bind) && !bind.tls; };
  for (const auto& proxy : p.config().proxies) {
    const StatsPage& page = proxy.stats;
    const bool served = proxy.mode == Mode::http && !proxy.disabled;
    if (!served || !page.admin || page.admin_local || !page.asks_who()) continue;
    const auto bind = std::ranges::find_if(proxy.binds, in_plain);
    if (bind == proxy.binds.end()) continue;
    p.warning_at(bind->where, "'stats admin' of " + title(proxy) + " on 'bind " + bind->text +
                                  "': passwords and orders cross the network in plain, and who "
                                  "reads a password can give orders: 'ssl crt FILE' on that line, "
                                  "or 127.0.0.1");
  }
}

}  // namespace

void validate_access(Parser& p) {
  check_state(p);
  if (auto& state = p.config().state) read_token(p, state->where, state->token_file, state->token);
  for (auto& cluster : p.config().clusters)
    read_token(p, cluster.where, cluster.watch.token_file, cluster.watch.token);
  check_stats_sockets(p);
  check_stats_pages(p);
}

}  // namespace novip::config
