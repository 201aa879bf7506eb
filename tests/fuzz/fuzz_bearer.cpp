// needs: src/agent/bearer.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/bearer.h"

// The Authorization header that the state port is sent. Nobody gets in without the token, which no
// input can hit by chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view token = "5f0c6c1ff7b04f4c9a5e5a2f6a7d8e90";
  const bool shown = novip::agent::shows_token(header, token);
  if (shown && header.find(token) == std::string_view::npos) std::abort();
  if (novip::agent::shows_token(header, "")) std::abort();
  return 0;
}
