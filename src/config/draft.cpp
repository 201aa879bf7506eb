#include "config/draft.h"

#include "config/tls_words.h"

namespace novip::config {

namespace {

void overwrite(HttpSend& request, const HttpRequestDraft& draft) {
  if (draft.method) request.method = *draft.method;
  if (draft.uri) request.uri = *draft.uri;
  if (draft.version) request.version = *draft.version;
  if (draft.body) request.body = *draft.body;
  if (!draft.headers.empty()) request.headers = draft.headers;
}

/// `option httpchk METHOD URI` is the request, and `http-check send` overrides parts of it.
HttpCheck http_check(const Draft& draft) {
  HttpCheck check;
  overwrite(check.request, draft.httpchk);
  if (draft.http_send) overwrite(check.request, *draft.http_send);
  check.connect = draft.http_connect;
  check.expect = draft.http_expect;
  check.disable_on_404 = draft.disable_on_404;
  return check;
}

}  // namespace

CheckMethod check_method(const Draft& draft) {
  switch (draft.check) {
    case Draft::Check::tcp:
      return TcpCheck{draft.tcp_rules};
    case Draft::Check::http:
      return http_check(draft);
    case Draft::Check::pgsql:
      return PgsqlCheck{draft.pgsql_user};
    case Draft::Check::plain:
      break;
  }
  return PlainCheck{};
}

Proxy assemble(Draft draft, const Global& global) {
  Proxy proxy = std::move(draft.proxy);
  if (proxy.is_backend()) proxy.check = check_method(draft);
  for (Bind& bind : proxy.binds)
    if (bind.tls) fill_in(bind.tls->protocol, global.bind_tls);
  for (Server& server : proxy.servers) fill_in(server.tls.protocol, global.server_tls);
  if (draft.log_global)
    proxy.logs.insert(proxy.logs.begin(), global.logs.begin(), global.logs.end());
  if (proxy.mode == Mode::tcp) {
    proxy.stats.enabled = false;
    proxy.stats.metrics.reset();
  }
  return proxy;
}

}  // namespace novip::config
