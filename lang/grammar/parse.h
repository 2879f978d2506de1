// From the text of one file to its tree. The only door into the grammar; PEGTL stays behind it.
#pragma once

#include "lang/ast/ast.h"
#include "lang/base/source.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// Parses `sources.files[file_index]`. Never throws and never overflows the stack: what is wrong
/// with the text is in `diagnostics`, one finding a mistake, as far as they can be told apart.
///
/// Where there were errors the tree holds what could be recovered. check() may read it for further
/// findings (names that stood in skipped text are in `File::lost_names`); compile() may not.
/// Blocks nest at most 200 deep, and no expression is more than 1,000 nodes high.
ast::File parse(uint32_t file_index, const Sources& sources, Diagnostics& diagnostics);

}  // namespace wakeful
