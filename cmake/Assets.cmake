# What the statistics page's script and style are made of: embedded in the binary, since the page
# must work where there is no file of ours and no network.
set(web ${PROJECT_SOURCE_DIR}/src/admin/web)
set(uplot ${PROJECT_SOURCE_DIR}/third_party/uplot)

function(novip_embed name)
  set(output ${CMAKE_BINARY_DIR}/embedded/${name}.cpp)
  string(REPLACE ";" "," files "${ARGN}")
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DOUTPUT=${output} -DFILES=${files}
      -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  target_sources(novip_admin PRIVATE ${output})
endfunction()

novip_embed(page_script ${uplot}/uPlot.iife.min.js ${web}/dom.js ${web}/picture.js
  ${web}/timeline.js ${web}/plots.js ${web}/page.js)
novip_embed(page_style ${uplot}/uPlot.min.css ${web}/page.css)
