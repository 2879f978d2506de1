// `# allow: name` on the line before a statement silences a warning in the whole of it.
#include <algorithm>
#include <set>

#include "lang/lint/lint.h"
#include "lang/lint/lints.h"

namespace wakeful {

namespace {

struct Row {
  const char* code;
  Severity severity;
};
constexpr Row kRows[] = {
#define WF_DIAGNOSTIC(code, severity, meaning) {code, Severity::severity},
#include "lang/diagnostics/diagnostics.def"
};

const Row* row_of(const std::string& name) {
  for (const Row& row : kRows)
    if (name == row.code) return &row;
  return nullptr;
}

/// The next line with code, behind the comments and blank lines that follow `line`.
uint32_t code_line_after(const SourceFile& source, uint32_t line) {
  for (++line; line <= source.line_count(); ++line) {
    const std::string_view text = source.line(line);
    const size_t first = text.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && text[first] != '#') return line;
  }
  return line;
}

/// The last line of what begins on each line: a declaration or a statement, the longest counts.
std::map<uint32_t, uint32_t> ends_of(const linting::Tree& tree, uint32_t file,
                                     const SourceFile& source) {
  std::map<uint32_t, uint32_t> ends;
  for (const linting::Node& node : tree.nodes()) {
    if (node.block || node.expr || node.span().file != file) continue;
    uint32_t& end = ends[source.locate(node.span().begin).line];
    end = std::max(end, source.locate(node.span().end).line);
  }
  return ends;
}

struct Allowed {
  uint32_t file, first, last;
  std::string name;
};

std::vector<Allowed> allowed_in(const std::vector<ast::File>& files, const Sources& sources) {
  std::vector<Allowed> out;
  const bool any = std::any_of(files.begin(), files.end(),
                               [](const ast::File& f) { return !f.allowed.empty(); });
  if (!any) return out;
  const linting::Tree tree(files);
  for (const ast::File& file : files) {
    const SourceFile& source = *sources.files[file.index];
    const auto ends = ends_of(tree, file.index, source);
    for (const ast::File::Allow& allow : file.allowed) {
      const uint32_t first = code_line_after(source, allow.line);
      auto end = ends.find(first);
      out.push_back({file.index, first, end == ends.end() ? first : end->second, allow.name});
    }
  }
  return out;
}

}  // namespace

void silence_allowed(const std::vector<ast::File>& files, const Sources& sources,
                     Diagnostics& diagnostics) {
  const std::vector<Allowed> all = allowed_in(files, sources);
  if (all.empty()) return;
  diagnostics.silence([&](const Diagnostic& d) {
    return std::any_of(all.begin(), all.end(), [&](const Allowed& allowed) {
      if (allowed.name != d.code || allowed.file != d.span.file) return false;
      const uint32_t line = sources.of(d.span).locate(d.span.begin).line;
      return line >= allowed.first && line <= allowed.last;
    });
  });
}

namespace linting {

void unknown_allow(const Context& context) {
  std::vector<std::string> names;
  for (const Row& row : kRows)
    if (row.severity == Severity::Warning) names.emplace_back(row.code);
  for (const ast::File& file : context.files) {
    for (const ast::File::Allow& allow : file.allowed) {
      const Row* row = row_of(allow.name);
      if (row && row->severity == Severity::Warning) continue;
      const std::string near = nearest_name(allow.name, names);
      context.warn("unknown-allow", allow.span,
                   row ? ticked(allow.name) + " is an error, which cannot be silenced"
                       : "no warning has the name " + ticked(allow.name),
                   near.empty() ? "`wf explain` lists them" : "did you mean " + ticked(near) + "?");
    }
  }
}

}  // namespace linting

}  // namespace wakeful
