#include "kernel/nft.h"

#include <nftables/libnftables.h>

namespace novip::kernel {

namespace {

/// Of several lines, each with the command that it is about, the first.
std::string first_line(const char* text) {
  const std::string all = text != nullptr ? text : "";
  return all.substr(0, all.find('\n'));
}

}  // namespace

void Nft::Free::operator()(nft_ctx* context) const { ::nft_ctx_free(context); }

Nft::Nft() : context_(::nft_ctx_new(NFT_CTX_DEFAULT)) {
  if (!context_) return;
  ::nft_ctx_buffer_output(context_.get());
  ::nft_ctx_buffer_error(context_.get());
}

Status Nft::execute(const std::string& commands) {
  if (!context_) return Error{"libnftables cannot be used: no netlink socket"};
  if (::nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return Nothing{};
  return Error{"nftables: " + first_line(::nft_ctx_get_error_buffer(context_.get()))};
}

Status Nft::run(const std::string& commands) {
  auto done = execute(commands);
  if (context_) ::nft_ctx_get_output_buffer(context_.get());
  return done;
}

Status Nft::check(const std::string& commands) {
  if (context_) ::nft_ctx_set_dry_run(context_.get(), true);
  auto done = run(commands);
  if (context_) ::nft_ctx_set_dry_run(context_.get(), false);
  return done;
}

Expected<std::string> Nft::list(const std::string& command) {
  const auto done = execute(command);
  if (!done) return done.error();
  return std::string(::nft_ctx_get_output_buffer(context_.get()));
}

}  // namespace novip::kernel
