// wf explain: what a diagnostic or a kind of error means, and what to do.
#include <fmt/format.h>

#include <utility>

#include "lang/diagnostics/diagnostics.h"
#include "lang/explain/explain.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

const char* what_text(Explained::What what) {
  switch (what) {
    case Explained::What::Error:
      return "error";
    case Explained::What::Warning:
      return "warning";
    case Explained::What::ErrorKind:
      return "kind of error";
  }
  return "";
}

/// What stands over a block of code, by the marks behind its language (tests/docs/README.md).
const char* code_label(std::string_view fence) {
  if (fence.find(" error") != fence.npos) return "wrong:\n";
  if (fence.find(" fails") != fence.npos) return "fails:\n";
  return "right:\n";
}

/// A page as it is read on a terminal: code is indented under a label, the marks around it are
/// gone.
std::string page_text(const Explained& row) {
  std::string text = fmt::format("{} ({}): {}\n", row.name, what_text(row.what), row.line);
  bool code = false, first = true;
  for (size_t at = 0; at < row.page.size();) {
    const size_t end = std::min(row.page.find('\n', at), row.page.size());
    const std::string_view line = row.page.substr(at, end - at);
    at = end + 1;
    if (std::exchange(first, false)) continue;  // the page's own title
    if (line.starts_with("```")) {
      code = !code;
      if (code) text += code_label(line);
    } else {
      text += (code && !line.empty() ? "    " : "") + std::string(line) + "\n";
    }
  }
  return text;
}

std::string list_text() {
  std::string text;
  size_t width = 0;
  for (const Explained& row : explained_names()) width = std::max(width, row.name.size());
  for (const auto what :
       {Explained::What::Error, Explained::What::Warning, Explained::What::ErrorKind}) {
    text += fmt::format("{}{}s\n", text.empty() ? "" : "\n",
                        what == Explained::What::ErrorKind ? "error kind" : what_text(what));
    for (const Explained& row : explained_names())
      if (row.what == what) text += fmt::format("  {:<{}}  {}\n", row.name, width, row.line);
  }
  return text;
}

void write_row(JsonWriter& json, const Explained& row) {
  json.begin_object().key("name").text(row.name).key("what").text(what_text(row.what));
  json.key("line").text(row.line).key("page").text(row.page).end_object();
}

int no_such_name(const std::string& name) {
  std::vector<std::string> candidates;
  for (const Explained& row : explained_names()) candidates.emplace_back(row.name);
  const std::string nearest = nearest_name(name, candidates);
  say(fmt::format(
      "there is no diagnostic and no kind of error `{}`{}", printable(name),
      nearest.empty() ? "; `wf explain` lists all" : fmt::format("; did you mean `{}`?", nearest)));
  return kExitFailed;
}

}  // namespace

int cmd_explain(const CommandLine& line) {
  const std::string name = line.one("NAME");
  const Explained* row = name.empty() ? nullptr : explain(name);
  if (!name.empty() && row == nullptr) return no_such_name(name);
  Stdout out;
  if (!line.json()) {
    out.write(row != nullptr ? page_text(*row) : list_text());
    return out.finish(kExitDone);
  }
  JsonWriter json;
  if (row != nullptr) {
    write_row(json, *row);
  } else {
    json.begin_object().key("names").begin_list();
    for (const Explained& each : explained_names()) write_row(json, each);
    json.end_list().end_object();
  }
  out.write(json.document());
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
