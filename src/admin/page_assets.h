#pragma once

#include <string_view>

/// The page's script and style: the files of src/admin/web and third_party/uplot, embedded when
/// novip is built (cmake/Assets.cmake).
namespace novip::admin {

extern const std::string_view page_script;
extern const std::string_view page_style;

}  // namespace novip::admin
