#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace novip::config {

/// One thing to tell the operator about a file: `text` is a sentence without file and line.
struct Remark {
  enum class Kind { notice, warning, error };
  Kind kind = Kind::error;
  Location where;
  std::string text;
};

/// "[ALERT] (novip.cfg:12) : unknown keyword 'blance' in 'listen' section; did you mean 'balance'?"
std::string text(const Remark& remark);

struct Source {
  std::string name;  // file name, for messages
  std::string contents;
};

/// What loading gave: a configuration when there is no error among the remarks.
struct Loaded {
  std::shared_ptr<const Config> config;
  std::vector<Remark> remarks;  // every one of all files, in order of file and line
};

struct LoadOptions {
  /// Environment for `${VAR}`; default: getenv.
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// What the command line says in the words of a file; load_files() reads it after the files.
  std::vector<Source> more;
  /// Resolves host names, users and certificates files: off for fuzzing and unit tests.
  bool touch_system = true;
};

/// Reads HAProxy's grammar (configuration.txt, chapters 2 to 5). All errors are found in one pass.
/// Blocks on name resolution; called before the workers start. Never throws, whatever the bytes.
Loaded load(const std::vector<Source>& sources, const LoadOptions& options = {});

/// Reads the files of `-f`, a directory standing for its *.cfg files in lexical order.
/// A file that cannot be read is an error remark.
Loaded load_files(const std::vector<std::string>& paths, const LoadOptions& options = {});

}  // namespace novip::config
