#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "config/tls_model.h"

namespace novip::tls {

/// A certificate's file, and the names it is for, in lower case; empty: those that stand in it.
struct CertificateFile {
  std::string file;
  std::vector<std::string> names;
  std::vector<std::string> excluded;  // it is not for these, whatever else says so
};

/// What `crt` and `crt-list` name, in their order: the first is shown to who asks for no name. A
/// directory stands for its files but for hidden ones and *.key, *.issuer, *.ocsp and *.sctl; a
/// list has a file and names it is for on each line ("!name": not for that one).
Expected<std::vector<CertificateFile>> certificate_files(const config::BindTls& settings);

}  // namespace novip::tls
