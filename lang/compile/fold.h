// Expressions whose value is known before the program runs: top-level `let`, declared options, and
// arithmetic of literals inside functions.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lang/ast/ast.h"
#include "lang/bytecode/program.h"

namespace wakeful {

/// Why an expression has no constant value: where, what, and what to do.
struct FoldFault {
  Span span;
  std::string message;
  std::string help;
};

/// Gives the constant that a name, or `name.member` of a module or import, stands for; null where
/// it is none.
using ConstantOf =
    std::function<const Constant*(const ast::NameExpr& name, const ast::Ident* member)>;

/// How deep constants may refer to each other, counted in nodes of all their expressions: the
/// stack's bound.
inline constexpr uint32_t kFoldDepthMax = 1'500;

/// The value of `e`, computed as the machine would compute it; nothing (and a fault) where it is
/// not constant or the machine would throw. `depth` counts the nodes that are open, across nested
/// calls.
std::optional<Constant> fold(const ast::Expr& e, const ConstantOf& constant_of, FoldFault& fault,
                             uint32_t& depth);

/// `a op b` for all operators but `and`, `or` and `??`. On failure `why` says what is wrong.
std::optional<Constant> fold_binary(ast::BinaryOp op, const Constant& a, const Constant& b,
                                    std::string& why);

/// As the language's `==`: deep, 1 == 1.0, maps without regard to the order of their keys.
bool constants_equal(const Constant& a, const Constant& b);

}  // namespace wakeful
