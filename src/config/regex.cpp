#include "config/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/text.h"

namespace novip::config {

Status check_regex(const std::string& pattern) {
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* const compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                                             pattern.size(), 0, &code, &offset, nullptr);
  if (compiled != nullptr) {
    pcre2_code_free(compiled);
    return Nothing{};
  }
  PCRE2_UCHAR reason[128] = "";
  pcre2_get_error_message(code, reason, sizeof reason);
  return Error{format("regex '%s' is invalid: %s (at offset %zu)", pattern.c_str(),
                      reinterpret_cast<const char*>(reason), static_cast<std::size_t>(offset))};
}

}  // namespace novip::config
