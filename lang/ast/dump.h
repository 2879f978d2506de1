// The tree as s-expressions, for tests and for looking at it.
#pragma once

#include <string>

#include "lang/ast/ast.h"

namespace wakeful::ast {

/// `(+ 1 (* 2 x))`. One line; the same tree always gives the same text.
std::string dump(const Expr& expr);
std::string dump(const Stmt& stmt);
std::string dump(const Block& block);
std::string dump(const Declaration& declaration);
/// One declaration a line.
std::string dump(const File& file);

}  // namespace wakeful::ast
