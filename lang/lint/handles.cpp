// What becomes of the handles that `spawn` gives.
#include "lang/lint/lints.h"

namespace wakeful::linting {

namespace {

bool has_option(const ast::Expr* with, std::string_view name) {
  if (!with) return false;
  if (with->kind != ast::ExprKind::Map) return true;  // who knows
  for (const auto& entry : ast::as<ast::MapExpr>(*with).entries)
    if (entry.spread || entry.key.text == name) return true;
  return false;
}

/// Its author has said what the end of the parent does to it: nobody need wait.
bool on_its_own(const Context& context, const Node& spawn) {
  const auto& e = ast::as<ast::SpawnExpr>(*spawn.expr);
  if (!e.call) return false;
  const auto& call = ast::as<ast::CallExpr>(*e.call);
  if (has_option(call.with.get(), "parent_close_policy")) return true;
  const Callee& callee = context.facts.callee(call);
  return callee.declaration && has_option(callee.declaration->with.get(), "parent_close_policy");
}

}  // namespace

void unused_handle(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    if (!node.is(ast::ExprKind::Spawn) || on_its_own(context, node)) continue;
    if (context.flow.taken(node).used) continue;
    const auto& spawn = ast::as<ast::SpawnExpr>(*node.expr);
    const Callee& callee =
        spawn.call ? context.facts.callee(ast::as<ast::CallExpr>(*spawn.call)) : Callee();
    const bool child = callee.kind == Callee::Kind::Workflow;
    context.warn("unused-handle", node.span(),
                 "nothing gathers, awaits or cancels this " +
                     std::string(child                                   ? "child"
                                 : callee.kind == Callee::Kind::Activity ? "activity"
                                                                         : "strand") +
                     ": its failure would fail the run at its end, far from here",
                 child ? "`gather` it, or say that it is on its own: "
                         "`with {parent_close_policy: \"abandon\"}`"
                       : "`gather` it");
  }
}

}  // namespace wakeful::linting
