// For the tests of lang/: text in, tree or findings out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lang/ast/dump.h"
#include "lang/grammar/parse.h"

namespace wakeful::testing {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  ast::File file;

  explicit Parsed(const std::string& text) {
    sources.files.push_back(std::make_shared<SourceFile>("test.wf", text));
    file = parse(0, sources, diagnostics);
  }
  /// `2:5 slip`, one finding a line.
  std::string findings() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) {
      const LineColumn at = sources.of(d.span).locate(d.span.begin);
      out += std::to_string(at.line) + ":" + std::to_string(at.column) + " " + d.code + "\n";
    }
    return out;
  }
};

/// The statements of a body, dumped; or the findings.
inline std::string body(const std::string& statements) {
  Parsed parsed("workflow main() {\n" + statements + "\n}");
  if (parsed.diagnostics.has_errors()) return parsed.findings();
  const std::string block = ast::dump(parsed.file.declarations.at(0).fn.body);
  return block.substr(1, block.size() - 2);
}

/// All findings of a body with their words, for tests of messages.
inline std::string complaints(const std::string& statements) {
  Parsed parsed("workflow main() {\n" + statements + "\n}");
  std::string out;
  for (const Diagnostic& d : parsed.diagnostics.sorted()) out += d.message + " | " + d.help + "\n";
  return out;
}

}  // namespace wakeful::testing
