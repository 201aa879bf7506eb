# Run as a script: writes OUTPUT, a C++ file that defines NAME as the bytes of FILES, one after
# another.
string(REPLACE "," ";" FILES "${FILES}")
set(bytes "")
foreach(file ${FILES})
  file(READ ${file} part HEX)
  string(APPEND bytes "${part}0a")
endforeach()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REPEAT "0x..," 20 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"admin/page_assets.h\"

namespace novip::admin {
namespace {
constexpr unsigned char ${NAME}_bytes[] = {
${bytes}};
}  // namespace

const std::string_view ${NAME}(reinterpret_cast<const char*>(${NAME}_bytes), sizeof ${NAME}_bytes);

}  // namespace novip::admin
")
