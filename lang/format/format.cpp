#include "lang/format/format.h"

#include <memory>

#include "lang/ast/dump.h"
#include "lang/format/print.h"

namespace wakeful {

Result<std::string> format_source(uint32_t file_index, const Sources& sources,
                                  Diagnostics& diagnostics) {
  const SourceFile& file = *sources.files[file_index];
  const grammar::Syntax syntax = grammar::read_syntax(file_index, sources, diagnostics);
  if (diagnostics.has_errors()) return fail(Fault::Script, file.name() + " has errors");
  const format::Pieces pieces = format::cut_into_pieces(file.text(), syntax);
  std::string text = format::print(pieces, format::lay_out(pieces));

  // A script must never come out as another one, whatever we did wrong.
  Sources again;
  again.files.push_back(std::make_shared<SourceFile>(file.name(), text));
  Diagnostics faults;
  const grammar::Syntax after = grammar::read_syntax(0, again, faults);
  if (faults.has_errors() || ast::dump(after.tree) != ast::dump(syntax.tree)) {
    return fail(Fault::Internal,
                file.name() + " would mean something else when formatted: a fault of `wf fmt`");
  }
  return text;
}

}  // namespace wakeful
