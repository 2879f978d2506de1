// For the tests of check: files in, findings out.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lang/check/check.h"
#include "lang/grammar/parse.h"

namespace wakeful::testing {

/// Parses and checks files; an import of another's name brings it in.
struct Checked {
  Sources sources;
  Diagnostics diagnostics;

  /// One file.
  explicit Checked(const std::string& text)
      : Checked(std::vector<std::pair<std::string, std::string>>{{"a.wf", text}}) {}
  /// Files by name.
  explicit Checked(const std::vector<std::pair<std::string, std::string>>& texts) {
    for (const auto& [name, text] : texts)
      sources.files.push_back(std::make_shared<SourceFile>(name, text));
    std::vector<ast::File> files;
    for (uint32_t i = 0; i < texts.size(); ++i) files.push_back(parse(i, sources, diagnostics));
    ImportMap imports;
    for (const ast::File& file : files) {
      for (uint32_t d = 0; d < file.declarations.size(); ++d) {
        for (uint32_t i = 0; i < texts.size(); ++i) {
          if (file.declarations[d].path.text == texts[i].first) imports[{file.index, d}] = i;
        }
      }
    }
    checking::Facts facts;
    check(files, imports, sources, diagnostics, facts);
  }
  /// `2:5 unknown-name`, one finding a line.
  std::string findings() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) {
      const LineColumn at = sources.of(d.span).locate(d.span.begin);
      out += std::to_string(at.line) + ":" + std::to_string(at.column) + " " + d.code + "\n";
    }
    return out;
  }
  std::string words() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) out += d.message + " | " + d.help + "\n";
    return out;
  }
};

constexpr const char* kDeclared =
    "fn helper(a, b = 2) { a + b }\n"
    "activity act(x: int) { x }\n"
    "workflow Child(item, opts = null) { item }\n";

/// The findings of a workflow's body, from line 1, with some declarations around it.
inline std::string in_workflow(const std::string& body) {
  return Checked("workflow main(p) {" + body + "\n}\n" + kDeclared).findings();
}
inline std::string in_activity(const std::string& body) {
  return Checked("activity step(p) {" + body + "\n}\n" + kDeclared).findings();
}
inline std::string said_of(const std::string& body) {
  return Checked("workflow main(p) {" + body + "\n}\n" + kDeclared).words();
}

}  // namespace wakeful::testing
