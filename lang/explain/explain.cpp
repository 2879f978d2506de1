#include "lang/explain/explain.h"

#include <algorithm>

namespace wakeful {
namespace {

std::string_view page_of(std::string_view name) {
  for (const ExplainPage& page : explain_pages())
    if (page.name == name) return page.text;
  return "";
}

std::vector<Explained> make_rows() {
  std::vector<Explained> rows = {
#define WF_DIAGNOSTIC(code, severity, meaning) \
  {Explained::What::severity, code, meaning, page_of(code)},
#include "lang/diagnostics/diagnostics.def"
#define WF_ERROR_KIND(name, retried, line) \
  {Explained::What::ErrorKind, #name, line, page_of(#name)},
#include "lang/base/error_kinds.def"
  };
  return rows;
}

}  // namespace

const std::vector<Explained>& explained_names() {
  static const std::vector<Explained> rows = make_rows();
  return rows;
}

const Explained* explain(std::string_view name) {
  const auto& rows = explained_names();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const Explained& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace wakeful
