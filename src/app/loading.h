#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "app/options.h"
#include "config/load.h"

namespace novip::app {

/// What the files of the command line say now.
struct Loading {
  std::shared_ptr<const config::Config> config;  // as the command line changes it; null: refused
  std::vector<config::Remark> remarks;
  std::string refusal;  // in a sentence; the remarks say more
};

/// Reads and checks them. Blocks, on files and on names that are looked up: a reload calls it on a
/// thread of its own.
Loading load(const Options& options);

/// How many workers a configuration asks for.
unsigned worker_count(const config::Global& global);

/// How many sessions the limit of descriptors allows, which is raised as far as that can be.
struct SessionLimit {
  unsigned maxconn = 1;
  std::string warning;  // when it is less than what was asked for
};
SessionLimit session_limit(const config::Config& config, unsigned workers);

}  // namespace novip::app
