#include "admin/page_request.h"

#include <algorithm>

#include "admin/form_text.h"
#include "admin/page_access.h"
#include "base/endpoint.h"
#include "base/secret.h"
#include "base/text.h"

namespace novip::admin {

namespace {

/// The number after "name=" in an option.
template <typename Number>
void take_number(std::string_view option, std::string_view name, Number& number) {
  if (!option.starts_with(name)) return;
  const auto value = parse_number(option.substr(name.size()));
  if (value && *value <= INT64_MAX) number = static_cast<Number>(*value);
}

void take_option(PageTarget& page, std::string_view option) {
  using Format = PageTarget::Format;
  constexpr std::pair<std::string_view, Format> formats[] = {
      {"csv", Format::csv},     {"json", Format::json},     {"typed", Format::typed},
      {"live", Format::live},   {"tables", Format::tables}, {"script", Format::script},
      {"style", Format::style},
  };
  for (const auto& [name, format] : formats)
    if (option == name) page.format = format;
  if (option == "norefresh") page.refresh = false;
  if (option == "up") page.hide_down = true;
  if (option == "no-maint") page.hide_maintenance = true;
  if (option.starts_with("st=")) page.status = option.substr(3, 4);
  take_number(option, "since=", page.since);
  take_number(option, "after=", page.after);
}

}  // namespace

PageTarget parse_page_target(std::string_view target, std::string_view uri) {
  PageTarget page;
  page.matches = target.starts_with(uri);
  if (!page.matches) return page;
  target.remove_prefix(uri.size());
  const auto parts = split(target, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) take_option(page, parts[i]);
  return page;
}

std::string authorized_user(std::string_view header,
                            const std::vector<std::pair<std::string, std::string>>& users) {
  const auto given = parse_credentials(header);
  if (!given) return "";
  std::string found;
  for (const auto& [name, password] : users)
    if (same_secret(given->name + ":" + given->password, name + ":" + password)) found = name;
  return found;
}

std::optional<PageOrder> parse_page_order(std::string_view body) {
  constexpr std::size_t most_servers = 1000;
  PageOrder order;
  for (const auto pair : split(trim(body), '&')) {
    const auto field = parse_form_pair(pair);
    if (!field) return std::nullopt;
    const std::string value = field->value.value_or("");
    if (field->name == "s") order.servers.push_back(value);
    if (field->name == "action") order.action = value;
    if (field->name == "b") order.backend = value;
    if (field->name == "t") order.token = value;
    if (order.servers.size() > most_servers) return std::nullopt;
  }
  return order;
}

Provenance provenance(std::string_view origin, std::string_view fetch_site, std::string_view host) {
  bool said = false;
  if (!fetch_site.empty()) {
    if (fetch_site != "same-origin") return Provenance::foreign;
    said = true;
  }
  if (!origin.empty()) {
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos || host.empty()) return Provenance::foreign;
    if (to_lower(origin.substr(scheme + 3)) != to_lower(host)) return Provenance::foreign;
    said = true;
  }
  return said ? Provenance::same_site : Provenance::unsaid;
}

bool is_loopback_host(std::string_view host) {
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && parse_number(host.substr(colon + 1)) &&
                        host.find(']') != colon + 1 && (host[0] == '[' || host.find(':') == colon);
  std::string_view name = has_port ? host.substr(0, colon) : host;
  if (to_lower(name) == "localhost") return true;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const auto address = Endpoint::ip(name, 0);
  return address && address->is_loopback();
}

}  // namespace novip::admin
