# Writes OUTPUT, a C++ file with prelude_source(): the files of SOURCES (a list) one behind the other.
# Run by cmake -P at build time; see the top CMakeLists.txt.
set(text "")
foreach(source IN LISTS SOURCES)
  file(READ ${source} content)
  string(APPEND text "${content}\n")
endforeach()
string(FIND "${text}" ")wf_prelude\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "the prelude must not contain the end of the literal that holds it")
endif()
file(WRITE ${OUTPUT} "// Made from stdlib/*/*.wf by stdlib/embed.cmake.
#include \"stdlib/builtins.h\"

namespace wakeful {
std::string_view prelude_source() {
  static constexpr std::string_view kText = R\"wf_prelude(${text})wf_prelude\";
  return kText;
}
}  // namespace wakeful
")
