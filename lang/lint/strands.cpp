// Variables that strands share.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

namespace {

/// The body of what runs beside others: `spawn { }`, a turn of `batch`, a handler, a local function
/// that is spawned.
bool runs_beside(const Context& context, const Node& block) {
  if (block.role == Role::StrandBody || block.role == Role::BatchBody) return true;
  if (block.role != Role::FnBody) return false;
  const Node& owner = *block.parent;
  if (const auto* on = get<ast::OnStmt>(&owner)) return on->what != ast::OnStmt::What::Query;
  if (!owner.is(ast::StmtKind::Fn) && !owner.is(ast::ExprKind::Lambda)) return false;
  const auto references = context.flow.references(owner);
  return std::any_of(references.begin(), references.end(), [](const Node* name) {
    return name->role == Role::Callee && name->parent->parent &&
           name->parent->parent->is(ast::ExprKind::Spawn);
  });
}

bool inside(Span span, Span around) {
  return span.file == around.file && span.begin >= around.begin && span.end <= around.end;
}

/// The two stand in different branches of one `if`, so that never both run in one pass.
bool exclusive(const Node& a, const Node& b) {
  for (const Node* x = &a; x; x = x->parent) {
    if (x->role != Role::Body || !x->parent->is(ast::ExprKind::If)) continue;
    if (b.within(*x->parent)) return !b.within(*x);
  }
  return false;
}

/// Something in the strand has waited before the assignment stores; or null.
const Node* wait_before(const Context& context, const Node& at, const Node& strand,
                        const Node& assign) {
  if (context.flow.waits(at, false)) {
    if (at.within(assign)) return &at;
    if (at.span().end <= assign.span().begin && !exclusive(at, assign)) return &at;
    for (const Node* loop = assign.parent; loop && loop != &strand; loop = loop->parent)
      if (loop->role == Role::LoopBody && at.within(*loop)) return &at;
  }
  for (const Node* child : at.children) {
    const bool other = child->role == Role::StrandBody || child->role == Role::UndoBody ||
                       child->role == Role::BatchBody || child->is(ast::StmtKind::Fn);
    if (other && !assign.within(*child)) continue;
    if (const Node* found = wait_before(context, *child, strand, assign)) return found;
  }
  return nullptr;
}

}  // namespace

void shared_state(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    const auto* assign = get<ast::AssignStmt>(&node);
    const Variable* variable = assign ? context.facts.variable(*assign->target) : nullptr;
    if (!variable) continue;
    const Node* strand = node.parent;
    while (strand &&
           !(runs_beside(context, *strand) && !inside(variable->span, strand->parent->span())))
      strand = strand->parent;
    const Node* wait = strand ? wait_before(context, *strand, *strand, node) : nullptr;
    if (!wait) continue;
    context
        .warn("shared-state", node.span(),
              "this strand assigns " + ticked(variable->name) +
                  ", which it shares with others, after it has waited: they may have assigned it "
                  "meanwhile",
              assign->op ? "let each give its value, and put them together where all are there; a "
                           "mere counter is safe (`# allow: shared-state`)"
                         : "let each give its value, and put them together where all are there")
        .notes.push_back({wait->span(), "it waits here"});
  }
}

}  // namespace wakeful::linting
