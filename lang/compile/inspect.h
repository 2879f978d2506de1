// Small questions about trees, asked while code is generated.
#pragma once

#include "lang/ast/ast.h"

namespace wakeful {

/// Whether evaluating `e` runs statements of the same function (`if`, `try`), which may assign its
/// variables.
bool contains_block(const ast::Expr& e);

/// `==`, `<`, `in` and the like.
bool compares(ast::BinaryOp op);
/// Whether `e` is certain to give a bool or throw.
bool gives_bool(const ast::Expr& e);

/// A cheap look at the leftmost leaf: false where fold() would fail at once.
bool may_fold(const ast::Expr& e);

/// Whether a register can be the target although the expression reads it or may throw half-way:
/// only its last instruction writes.
bool writes_last(const ast::Expr& e);

/// What a member, index, slice or call is applied to; null for other expressions.
const ast::Expr* link_object(const ast::Expr& e);

/// Whether a `?.` stands in the chain that ends with `e`.
bool has_optional(const ast::Expr& e);

}  // namespace wakeful
