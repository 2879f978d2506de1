// What the check has found out of a program and others may read instead of resolving names again:
// lang/lint/ does. Only for programs without errors is it complete.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/ast/ast.h"
#include "stdlib/builtins.h"

namespace wakeful::checking {

/// What a call runs, as far as it can be seen.
struct Callee {
  enum class Kind : uint8_t { Unknown, Workflow, Activity, Fn, Builtin };
  Kind kind = Kind::Unknown;
  std::string name;
  const ast::Callable* fn = nullptr;
  const ast::Declaration* declaration = nullptr;
  const Builtin* builtin = nullptr;
  Span declared;
};

/// A local binding and what becomes of it.
struct Variable {
  enum class Kind : uint8_t { Let, Var, Fn, Param, Loop, Catch, Outcome };
  Kind kind = Kind::Let;
  std::string name;
  Span span;                         // of its name where it is bound
  const ast::Expr* value = nullptr;  // what a plain `let` or `var` was bound to
  const ast::Callable* fn = nullptr;
  std::vector<const ast::Expr*> reads;         // NameExprs; those of `x += 1` not among them
  std::vector<const ast::AssignStmt*> writes;  // assignments to the name
  ast::Type type;                              // what it certainly holds; Any where nobody knows
  size_t harmless_reads = 0;                   // those that cannot change what it holds
  std::optional<Span> hides;                   // what had this name before, further out
};

struct Facts {
  std::deque<Variable> variables;
  std::unordered_map<const ast::Expr*, Variable*> names;  // NameExprs, also assigned ones
  std::unordered_map<const ast::Expr*, const ast::Declaration*> declared;  // `Child`, `pay.send`
  std::unordered_map<const ast::CallExpr*, Callee> callees;
  std::vector<const ast::StringExpr*> raw_interpolations;  // '…${x}…' where `x` can be seen

  const Variable* variable(const ast::Expr& name) const {
    auto found = names.find(&name);
    return found == names.end() ? nullptr : found->second;
  }
  const ast::Declaration* declaration(const ast::Expr& name) const {
    auto found = declared.find(&name);
    return found == declared.end() ? nullptr : found->second;
  }
  const Callee& callee(const ast::CallExpr& call) const {
    static const Callee kUnknown;
    auto found = callees.find(&call);
    return found == callees.end() ? kUnknown : found->second;
  }
};

}  // namespace wakeful::checking
