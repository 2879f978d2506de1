// What every language's linter says: names that nobody reads or that hide others, code that is
// never reached.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

void unused_variable(const Context& context) {
  for (const Variable& variable : context.facts.variables) {
    using Kind = Variable::Kind;
    const bool bound =
        variable.kind == Kind::Let || variable.kind == Kind::Var || variable.kind == Kind::Fn;
    if (!bound || !variable.reads.empty() || variable.name.front() == '_') continue;
    // Of handles and what holds them, unused-handle speaks.
    if (variable.value && variable.value->kind == ast::ExprKind::Spawn) continue;
    const bool assigned = !variable.writes.empty();
    context.warn(
        "unused-variable", variable.span,
        ticked(variable.name) + (assigned ? " is assigned, but never read" : " is never read"),
        variable.kind == Kind::Fn ? "call it, or leave it out"
                                  : "leave it out, or begin its name with `_`");
  }
}

void shadowed_name(const Context& context) {
  for (const Variable& variable : context.facts.variables) {
    if (!variable.hides || variable.name.front() == '_') continue;
    context
        .warn("shadowed-name", variable.span,
              ticked(variable.name) + " hides another of this name, which cannot be seen from here",
              "choose another name")
        .notes.push_back({*variable.hides, "the other one"});
  }
}

namespace {

bool always_leaves(const Node& node);

bool block_leaves(const Node& block) {
  return std::any_of(block.children.begin(), block.children.end(),
                     [](const Node* each) { return always_leaves(*each); });
}

/// A `break` of this loop itself, not of one inside it.
bool has_break(const Node& node) {
  if (node.is(ast::StmtKind::Break)) return true;
  return std::any_of(node.children.begin(), node.children.end(), [](const Node* child) {
    return child->role != Role::LoopBody && child->role != Role::FnBody && has_break(*child);
  });
}

/// Nothing behind this statement is ever reached.
bool always_leaves(const Node& node) {
  using Kind = ast::StmtKind;
  if (node.is(Kind::Return) || node.is(Kind::Throw) || node.is(Kind::Break) ||
      node.is(Kind::Continue))
    return true;
  if (const auto* loop = get<ast::WhileStmt>(&node)) {
    const bool endless = loop->condition->kind == ast::ExprKind::Bool &&
                         ast::as<ast::BoolExpr>(*loop->condition).value;
    return endless && !has_break(*node.children.back());
  }
  if (!node.is(Kind::Expr)) return false;
  const Node& value = *node.children.front();
  const auto* branch = get<ast::IfExpr>(&value);
  const auto* attempt = get<ast::TryExpr>(&value);
  if (branch && !branch->otherwise) return false;
  if (!branch && !attempt) return false;
  return std::all_of(value.children.begin(), value.children.end(), [](const Node* child) {
    return !child->block || child->role == Role::FinallyBody || block_leaves(*child);
  });
}

}  // namespace

void unreachable_code(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    if (!node.block) continue;
    for (size_t i = 0; i + 1 < node.children.size(); ++i) {
      if (!always_leaves(*node.children[i])) continue;
      context
          .warn("unreachable-code", node.children[i + 1]->span(), "no way leads to this statement",
                "leave it out, or move it before what leaves")
          .notes.push_back({node.children[i]->span(), "this always leaves"});
      break;
    }
  }
}

}  // namespace wakeful::linting
