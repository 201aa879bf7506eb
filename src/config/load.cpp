#include "config/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/text.h"
#include "config/parser.h"

namespace novip::config {

namespace {

constexpr std::size_t largest_file = 16 << 20;

Expected<std::string> read_file(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return Error{std::string("cannot open: ") + std::strerror(errno)};
  std::string contents;
  char block[65536];
  std::size_t count = 0;
  while (contents.size() <= largest_file && (count = std::fread(block, 1, sizeof block, file)) > 0)
    contents.append(block, count);
  const bool failed = std::ferror(file) != 0;
  const int why = errno;
  std::fclose(file);
  if (failed) return Error{std::string("cannot read: ") + std::strerror(why)};
  if (contents.size() > largest_file) return Error{"the file is larger than 16 MB"};
  return contents;
}

/// The *.cfg files of a directory in lexical order, hidden ones left out, as HAProxy does.
Expected<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return Error{std::string("cannot open: ") + std::strerror(errno)};
  std::vector<std::string> files;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    struct stat status {};
    const std::string file = path + "/" + name;
    if (name.starts_with('.') || !name.ends_with(".cfg")) continue;
    if (::stat(file.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) files.push_back(file);
  }
  ::closedir(directory);
  std::sort(files.begin(), files.end());
  return files;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

std::string text(const Remark& remark) {
  const char* const kind = remark.kind == Remark::Kind::error     ? "[ALERT]   "
                           : remark.kind == Remark::Kind::warning ? "[WARNING] "
                                                                  : "[NOTICE]  ";
  const std::string place = remark.where.line > 0
                                ? remark.where.file + ":" + std::to_string(remark.where.line)
                                : remark.where.file;
  const std::string start = format("%s (%d) : config : ", kind, static_cast<int>(::getpid()));
  return start + (place.empty() ? "" : "parsing [" + place + "] : ") + remark.text;
}

Loaded load(const std::vector<Source>& sources, const LoadOptions& options) {
  Parser parser(options);
  for (const auto& source : sources) parser.parse(source);
  return parser.finish();
}

Loaded load_files(const std::vector<std::string>& paths, const LoadOptions& options) {
  std::vector<Source> sources;
  std::vector<Remark> unreadable;
  const auto fail = [&](const std::string& path, const Error& error) {
    unreadable.push_back({Remark::Kind::error, {path, 0}, error.message});
  };
  for (const auto& path : paths) {
    std::vector<std::string> files{path};
    if (is_directory(path)) {
      auto listed = list_directory(path);
      if (!listed) {
        fail(path, listed.error());
        continue;
      }
      files = std::move(*listed);
    }
    for (const auto& file : files) {
      auto contents = read_file(file);
      if (contents)
        sources.push_back({file, std::move(*contents)});
      else
        fail(file, contents.error());
    }
  }
  sources.insert(sources.end(), options.more.begin(), options.more.end());
  Loaded loaded = load(sources, options);
  if (unreadable.empty()) return loaded;
  loaded.config.reset();
  loaded.remarks.insert(loaded.remarks.begin(), unreadable.begin(), unreadable.end());
  return loaded;
}

bool Proxy::encrypts_to_servers() const {
  return std::ranges::any_of(
      servers, [](const Server& server) { return server.tls.sessions && !server.retired; });
}

const Proxy* Config::find(std::string_view name) const {
  const Proxy* found = nullptr;
  for (const auto& proxy : proxies) {
    if (proxy.name != name) continue;
    if (proxy.is_backend()) return &proxy;
    if (found == nullptr) found = &proxy;
  }
  return found;
}

}  // namespace novip::config
