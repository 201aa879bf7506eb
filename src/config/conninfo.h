#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace novip::config {

/// Whether libpq would reach this server through a Unix socket: it does when a connection string
/// names no host. Unsure counts as no.
bool uses_unix_socket(std::string_view conninfo);

/// The first host name that libpq would have to look up; nothing where it has a socket or an
/// address, or only a service's file tells. "localhost" is no such name: /etc/hosts has it.
std::optional<std::string> name_to_look_up(std::string_view conninfo);

/// The `port` of a connection string of `keyword=value` pairs, 5432 where it has none; nothing when
/// it is a URI, or not one number.
std::optional<std::uint16_t> port_of(std::string_view conninfo);

/// Its `passfile`; nothing when it has none, or is a URI.
std::optional<std::string> passfile_of(std::string_view conninfo);

/// `keyword=value` in libpq's quoting.
std::string conninfo_pair(std::string_view keyword, std::string_view value);

/// The connection string without what is secret in it, for people to read.
std::string without_secrets(std::string_view conninfo);

}  // namespace novip::config
