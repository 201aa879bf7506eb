// needs: src/admin/page_request.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/page_request.h"

// The request target and the Authorization header of a request for the statistics page, apart by
// the first newline. Nobody gets in without the password, whose encoding no input can hit by
// chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto newline = input.find('\n');
  const auto target = input.substr(0, newline);
  const auto header = newline == std::string_view::npos ? "" : input.substr(newline + 1);

  const auto page = novip::admin::parse_page_target(target, "/haproxy?stats");
  if (page.matches != target.starts_with("/haproxy?stats")) std::abort();

  const bool allowed =
      !novip::admin::authorized_user(header, {{"dba", "correct horse battery staple"}}).empty();
  constexpr std::string_view credentials = "ZGJhOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbG";
  if (allowed && header.find(credentials) == std::string_view::npos) std::abort();
  return 0;
}
