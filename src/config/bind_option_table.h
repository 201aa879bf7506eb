#pragma once

#include <span>

#include "config/option_table.h"

namespace novip::config {

/// The `bind` or `stats socket` line that is read.
struct BindLine {
  Bind& bind;
  StatsSocket* socket;  // none on a `bind` line
  bool* http;           // only on a `bind` line of `state`
  BindTls& tls;         // words about TLS, which may come before `ssl`
  bool ssl;
};
using BindOption = LineOption<BindLine>;

/// The options that are about TLS.
std::span<const BindOption> bind_tls_options();

/// Gives the bind its TLS, or tells what is wrong with the words together.
void set_bind_tls(Parser& p, BindLine& line);

/// Tells of an `alpn` that does not name what is spoken there.
void check_alpn(Parser& p, const Bind& bind, Mode mode);

}  // namespace novip::config
