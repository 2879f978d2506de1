// What `wf explain` knows: every diagnostic and every kind of error, in one line and in a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wakeful {

/// A page of this folder, embedded at build time.
struct ExplainPage {
  std::string_view name;
  std::string_view text;  // Markdown
};
const std::vector<ExplainPage>& explain_pages();

struct Explained {
  enum class What : uint8_t { Error, Warning, ErrorKind };
  What what{};
  std::string_view name;
  std::string_view line;  // what it means, in one line
  std::string_view page;  // "" where there is none: a mistake that a test finds
};
/// All rows of diagnostics.def and error_kinds.def, in their order.
const std::vector<Explained>& explained_names();
/// Null where there is none.
const Explained* explain(std::string_view name);

}  // namespace wakeful
