#pragma once

#include <optional>
#include <string>

#include "config/parser.h"

namespace novip::config {

/// What `tcp-check` and `http-check` lines share. None after telling what is wrong.

/// `connect [default] [port N] [addr A] [ssl] [sni S] [send-proxy] [linger] [comment C]`
std::optional<CheckConnect> read_check_connect(Parser& parser, const Arguments& arguments);

/// `expect [min-recv N] [comment C] [!] KIND PATTERN`; of HTTP or of raw bytes.
std::optional<Expect> read_expect(Parser& parser, const Arguments& arguments, bool http);

/// The bytes of a hexadecimal string.
std::optional<std::string> decode_hex(const std::string& text);

}  // namespace novip::config
