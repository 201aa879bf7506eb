#pragma once

#include "admin/call.h"

/// Commands about live sessions. The workers own those: each reply comes later.
namespace novip::admin {

Answer show_sess(const Call& call);
Answer shutdown_session(const Call& call);

/// "0x2a: proto=tcpv4 src=… fe=… be=… srv=… …", one line. Pure.
std::string session_line(const SessionRow& session, const config::Config& config);

/// "0x2a" or "42"; nothing for anything else.
std::optional<std::uint64_t> parse_session_id(std::string_view text);

}  // namespace novip::admin
