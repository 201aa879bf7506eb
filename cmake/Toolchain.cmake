# Warnings, sanitizers and the quick linker: the same for every target.
add_library(novip_warnings INTERFACE)
target_compile_options(novip_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  # GCC 12 sees uninitialised members in every moved std::variant; valgrind and ASan do not.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<BOOL:${NOVIP_WERROR}>:-Werror>)

add_compile_definitions(NOVIP_VERSION="${PROJECT_VERSION}")
add_compile_options(-fno-omit-frame-pointer)

if(NOVIP_SANITIZE)
  # -O1: the suite must end in minutes. GCC's own false positives about coroutine frames and
  # memory models under sanitizers are not worth failing a build for.
  add_compile_options(-fsanitize=${NOVIP_SANITIZE} -O1 -g1)
  add_link_options(-fsanitize=${NOVIP_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan -Wno-uninitialized -Wno-mismatched-new-delete)
  endif()
  # Two minutes each with UBSan and -O1: all that Beast's operations inline.
  set_source_files_properties(src/admin/page.cpp src/agent/http_client.cpp src/probe/watch_http.cpp
    PROPERTIES COMPILE_OPTIONS -O0)
  if(NOVIP_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

if(NOVIP_FUZZ)
  # Coverage of the code under test, not only of the target's own file.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(NOVIP_CCACHE ccache)
if(NOVIP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NOVIP_CCACHE})
endif()
find_program(NOVIP_MOLD mold)
if(NOVIP_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

# Of builds with CMAKE_UNITY_BUILD: the sanitizers', the fuzzers' and the package.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)
