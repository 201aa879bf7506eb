#pragma once

#include <memory>
#include <string>

#include "base/expected.h"

struct nft_ctx;

namespace novip::kernel {

/// nft(8)'s commands, over libnftables. Blocks on the kernel, for some ten milliseconds where rules
/// change. One thread at a time.
class Nft {
 public:
  Nft();

  /// Runs commands as one transaction: all of it is done, or nothing.
  Status run(const std::string& commands);
  /// Whether run() would be possible: the kernel looks at it and changes nothing.
  Status check(const std::string& commands);
  /// What `command` ("list counters table inet x") tells.
  Expected<std::string> list(const std::string& command);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  Status execute(const std::string& commands);

  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace novip::kernel
