# Writes OUTPUT, a C++ file with the pages SOURCES (a list). Run by cmake -P at build time.
set(rows "")
foreach(source IN LISTS SOURCES)
  get_filename_component(name "${source}" NAME_WLE)
  file(READ "${source}" content)
  string(FIND "${content}" ")wf_page\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${source} must not contain the end of the literal that holds it")
  endif()
  string(APPEND rows "    {\"${name}\", R\"wf_page(${content})wf_page\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made from lang/explain/*.md by lang/explain/embed.cmake.
#include \"lang/explain/explain.h\"

namespace wakeful {
const std::vector<ExplainPage>& explain_pages() {
  static const std::vector<ExplainPage> pages = {
${rows}  };
  return pages;
}
}  // namespace wakeful
")
