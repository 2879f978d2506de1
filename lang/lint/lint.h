// The lints of `wf check`: what is no mistake of the language, but seldom what was meant.
#pragma once

#include <vector>

#include "lang/ast/ast.h"
#include "lang/check/facts.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// Adds warnings. Only for programs in which check() found no error: `facts` are then complete.
void lint(const std::vector<ast::File>& files, const checking::Facts& facts, const Sources& sources,
          Diagnostics& diagnostics);

/// Takes away the warnings that a `# allow: name` on the line before their statement silences.
void silence_allowed(const std::vector<ast::File>& files, const Sources& sources,
                     Diagnostics& diagnostics);

}  // namespace wakeful
