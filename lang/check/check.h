// What can be said of a program before it runs: names, arguments, options, words out of place.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/base/source.h"
#include "lang/check/facts.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// (index of the importing file in Sources, number of the Import in its declarations) → index in
/// Sources of the file that it brings in. An import that could not be read has no entry: what it
/// would have declared is then not complained about.
using ImportMap = std::map<std::pair<uint32_t, uint32_t>, uint32_t>;

/// Checks all files of a program together, also where parse() found errors. `files` are those of
/// the project, each once, in any order, without the prelude; `File::index` says which source each
/// is. Files, imports and cycles are the caller's; all that is said of names is said here:
///  - unknown names, declarations that clash, words where they cannot stand, assignments to a `let`
///  - arguments and options of calls whose callee is known
/// After a check without errors each name is, from the inside out: a local, a declaration of the
/// file, one of a file imported without alias, an alias, or predeclared (`self`, a global, a
/// module). What was found out on the way is in `facts`, which point into `files`.
void check(const std::vector<ast::File>& files, const ImportMap& imports, const Sources& sources,
           Diagnostics& diagnostics, checking::Facts& facts);

}  // namespace wakeful
