// needs: src/admin/page_request.cpp
// needs: src/admin/page_access.cpp
// needs: src/admin/form_text.cpp
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/page_request.h"
#include "base/text.h"

// The request target, the Authorization header and the body of a request for the statistics page,
// apart by the first two newlines; the first two are taken for Host and Origin, too. Nobody gets in
// without the password, whose encoding no input can hit by chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto newline = input.find('\n');
  const auto target = input.substr(0, newline);
  const auto rest = newline == std::string_view::npos ? "" : input.substr(newline + 1);
  const auto header = rest.substr(0, rest.find('\n'));
  const auto body = rest.substr(std::min(header.size() + 1, rest.size()));

  const auto order = novip::admin::parse_page_order(body);
  if (order && order->action.size() + order->backend.size() > body.size()) std::abort();

  const auto page = novip::admin::parse_page_target(target, "/haproxy?stats");
  if (page.matches != target.starts_with("/haproxy?stats")) std::abort();

  const bool allowed =
      !novip::admin::authorized_user(header, {{"dba", "correct horse battery staple"}}).empty();
  constexpr std::string_view credentials = "ZGJhOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbG";
  if (allowed && header.find(credentials) == std::string_view::npos) std::abort();

  // Whence an order comes: Origin must name the Host.
  using novip::admin::Provenance;
  if (novip::admin::provenance(header, {}, target) == Provenance::same_site) {
    const auto host = header.substr(header.find("://") + 3);
    if (target.empty() || novip::to_lower(host) != novip::to_lower(target)) std::abort();
  }
  if (novip::admin::is_loopback_host(target) && target.empty()) std::abort();
  return 0;
}
