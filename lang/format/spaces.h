// Where a space stands between two pieces on one line.
#pragma once

#include "lang/format/layout.h"
#include "lang/format/syntax_tree.h"

namespace wakeful::format {

void mark_spaces(const SyntaxTree& tree, const std::vector<Piece>& pieces, std::vector<Gap>& gaps);

}  // namespace wakeful::format
