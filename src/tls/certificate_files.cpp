#include "tls/certificate_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace novip::tls {

namespace {

namespace fs = std::filesystem;

bool is_of_another(const fs::path& file) {
  static constexpr std::array<std::string_view, 4> endings{".key", ".issuer", ".ocsp", ".sctl"};
  const std::string name = file.filename().string();
  return name.starts_with('.') || std::ranges::count(endings, file.extension().string()) > 0;
}

Status add_directory(const std::string& directory, std::vector<CertificateFile>& files) {
  std::error_code error;
  std::vector<std::string> found;
  for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::end(entry);
       entry.increment(error))
    if (entry->is_regular_file(error) && !is_of_another(entry->path()))
      found.push_back(entry->path().string());
  if (error) return Error{"cannot read crt '" + directory + "': " + error.message()};
  if (found.empty()) return Error{"crt '" + directory + "': the directory has no certificate"};
  std::ranges::sort(found);
  for (auto& file : found) files.push_back({std::move(file), {}, {}});
  return Nothing{};
}

Status add_list(const std::string& list, std::vector<CertificateFile>& files) {
  std::ifstream lines(list);
  if (!lines) return Error{"cannot read crt-list '" + list + "'"};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    std::istringstream words{std::string(text)};
    CertificateFile certificate;
    words >> certificate.file;
    for (std::string word; words >> word;) {
      if (word.starts_with('['))
        return Error{
            "crt-list '" + list + "', line " + std::to_string(number) +
            ": settings of one certificate are not supported; they stand on the bind line"};
      if (word.starts_with('!'))
        certificate.excluded.push_back(to_lower(word.substr(1)));
      else
        certificate.names.push_back(to_lower(word));
    }
    files.push_back(std::move(certificate));
  }
  return Nothing{};
}

}  // namespace

Expected<std::vector<CertificateFile>> certificate_files(const config::BindTls& settings) {
  std::vector<CertificateFile> files;
  for (const auto& path : settings.certificates) {
    std::error_code error;
    if (!fs::is_directory(path, error))
      files.push_back({path, {}, {}});
    else if (auto added = add_directory(path, files); !added)
      return added.error();
  }
  for (const auto& list : settings.lists)
    if (auto added = add_list(list, files); !added) return added.error();
  if (files.empty()) return Error{"crt-list '" + settings.lists.front() + "' has no certificate"};
  return files;
}

}  // namespace novip::tls
