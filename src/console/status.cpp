#include "console/status.h"

#include <cstdio>
#include <cstdlib>

#include "console/client.h"
#include "console/overview.h"
#include "console/view.h"

namespace novip::console {

namespace {

constexpr Milliseconds status_patience{5000};

int refuse(const std::string& why) {
  std::fprintf(stderr, "novip status: %s\n", why.c_str());
  return exit_not_asked;
}

}  // namespace

int status(const Where& where, bool as_json) {
  const auto sockets = find_sockets(where.socket, std::getenv("NOVIP_SOCKET"), where.files);
  if (!sockets) return refuse(sockets.error().message);
  const auto answer = ask_first(*sockets, "show overview", status_patience);
  if (!answer) return refuse(answer.error().message);
  const auto overview = parse_overview(*answer);
  if (!overview) return refuse("what answers is no novip: " + overview.error().message);
  const std::string text = as_json ? *answer : plain_text(describe(*overview, View{}));
  std::fputs(text.c_str(), stdout);
  return static_cast<int>(overview->health);
}

}  // namespace novip::console
