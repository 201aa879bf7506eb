#include "console/status.h"

#include <cstdio>
#include <cstdlib>

#include "console/client.h"
#include "console/overview.h"
#include "console/view.h"

namespace novip::console {

int refuse(const char* command, const std::string& why) {
  std::fprintf(stderr, "novip %s: %s\n", command, why.c_str());
  return exit_not_asked;
}

int status(const Where& where, bool as_json) {
  constexpr Milliseconds patience{5000};
  const auto sockets = find_sockets(where.socket, std::getenv("NOVIP_SOCKET"), where.files);
  if (!sockets) return refuse("status", sockets.error().message);
  const auto answer = ask_first(*sockets, "show overview", patience);
  if (!answer) return refuse("status", answer.error().message);
  const auto overview = parse_overview(*answer);
  if (!overview) return refuse("status", "what answers is no novip: " + overview.error().message);
  const std::string text = as_json ? *answer : plain_text(describe(*overview, View{}));
  std::fputs(text.c_str(), stdout);
  return static_cast<int>(overview->health);
}

}  // namespace novip::console
