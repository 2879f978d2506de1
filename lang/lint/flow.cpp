#include "lang/lint/flow.h"

#include <algorithm>

namespace wakeful::linting {

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool runs_for_each(std::string_view name) {
  return one_of(name, {"map", "each", "filter", "flat_map", "reduce", "any", "all", "find",
                       "sort_by", "group_by"});
}

/// Each thing followed may be a level of recursion; beyond this nothing is said.
constexpr size_t kFollowedMax = 500;

Flow::Flow(const Tree& t, const Facts& f) : tree(t), facts(f) {
  for (const Variable& variable : facts.variables) variables_[variable.span] = &variable;
  for (const auto& [expr, declaration] : facts.declared) references_[declaration].push_back(expr);
  for (auto& [declaration, list] : references_)
    std::sort(list.begin(), list.end(),
              [](const ast::Expr* a, const ast::Expr* b) { return a->span < b->span; });
}

const Variable* Flow::variable_at(Span name) const {
  auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : found->second;
}

const Callee& Flow::callee(const Node& node) const {
  static const Callee kUnknown;
  const auto* call = get<ast::CallExpr>(&node);
  return call ? facts.callee(*call) : kUnknown;
}

std::string Flow::method(const Node& node) const {
  const auto* call = get<ast::CallExpr>(&node);
  if (!call || call->callee->kind != ast::ExprKind::Member) return "";
  if (facts.callee(*call).kind != Callee::Kind::Unknown) return "";
  return ast::as<ast::MemberExpr>(*call->callee).name.text;
}

// --- where a value goes ---

Sink Flow::of_block(const Node& block) const {
  const Node& owner = *block.parent;
  switch (block.role) {
    case Role::Body:
    case Role::CatchBody:
      return owner.expr ? sink(owner) : Sink{Sink::Kind::Dropped, nullptr, nullptr};
    case Role::BatchBody:
      return sink(owner);
    case Role::LoopBody:
    case Role::UndoBody:
    case Role::FinallyBody:
      return {Sink::Kind::Dropped, nullptr, nullptr};
    case Role::FnBody: {
      const Node* call = owner.is(ast::ExprKind::Lambda) ? callback_of(owner) : nullptr;
      if (call && method(*call) == "each") return {Sink::Kind::Dropped, nullptr, nullptr};
      if (call && one_of(method(*call), {"map", "flat_map"})) return sink(*call);
      const auto* on = get<ast::OnStmt>(&owner);
      const bool dropped =
          (on && on->what == ast::OnStmt::What::Signal) ||
          (owner.declaration && owner.declaration->kind == ast::Declaration::Kind::Test);
      return {dropped ? Sink::Kind::Dropped : Sink::Kind::Used, nullptr, &owner};
    }
    default:
      return {Sink::Kind::Used, nullptr, &owner};
  }
}

Sink Flow::sink(const Node& value) const {
  const Node* parent = value.parent;
  const Sink used{Sink::Kind::Used, nullptr, parent};
  if (!parent) return used;
  if (parent->is(ast::StmtKind::Expr)) {
    const Node& block = *parent->parent;
    if (block.children.back() != parent) return {Sink::Kind::Dropped, nullptr, nullptr};
    return of_block(block);
  }
  if (const auto* let = get<ast::LetStmt>(parent)) {
    if (let->target.kind != ast::Pattern::Kind::Name || let->value.get() != value.expr) return used;
    if (let->target.name.text == "_") return {Sink::Kind::Dropped, nullptr, nullptr};
    return {Sink::Kind::Bound, variable_at(let->target.name.span), parent};
  }
  if (const auto* assign = get<ast::AssignStmt>(parent)) {
    const Variable* variable = facts.variable(*assign->target);
    if (value.role == Role::Object || !variable) return used;
    return {Sink::Kind::Bound, variable, parent};
  }
  if (parent->is(ast::ExprKind::List) || parent->is(ast::ExprKind::Map)) return sink(*parent);
  const auto* binary = get<ast::BinaryExpr>(parent);
  if (binary && binary->op == ast::BinaryOp::Coalesce) return sink(*parent);
  if (value.role == Role::Argument && one_of(method(*parent), {"push", "insert"})) {
    const auto& list =
        *ast::as<ast::MemberExpr>(*ast::as<ast::CallExpr>(*parent->expr).callee).object;
    if (const Variable* variable = facts.variable(list))
      return {Sink::Kind::Bound, variable, parent};
  }
  return used;
}

// --- what becomes of handles ---

Taken Flow::taken(const Node& handle) const {
  Taken taken;
  std::set<const void*> seen;
  follow(handle, taken, seen);
  return taken;
}

void Flow::follow(const Variable* variable, Taken& taken, std::set<const void*>& seen) const {
  if (!variable || seen.size() > kFollowedMax) {
    taken.used = taken.escapes = true;
    return;
  }
  if (!seen.insert(variable).second) return;
  for (const ast::Expr* read : variable->reads)
    if (const Node* node = tree.of(*read)) follow(*node, taken, seen);
}

void Flow::follow(const Node& value, Taken& taken, std::set<const void*>& seen) const {
  if (!seen.insert(&value).second) return;
  const Sink to = sink(value);
  if (to.kind == Sink::Kind::Dropped) return;
  if (to.kind == Sink::Kind::Bound) return follow(to.variable, taken, seen);
  const Node* at = to.at;
  if (const auto* loop = get<ast::ForStmt>(at)) {
    const ast::Pattern& element = loop->second ? *loop->second : loop->first;
    const bool plain = element.kind == ast::Pattern::Kind::Name;
    return follow(plain ? variable_at(element.name.span) : nullptr, taken, seen);
  }
  if (at && at->is(ast::ExprKind::Gather)) {
    taken.used = true;
    taken.gathers.push_back(at);
  } else if (at && at->is(ast::ExprKind::WaitAny)) {
    taken.used = true;
    follow(*at, taken, seen);
  } else if (at && (at->is(ast::ExprKind::Index) || at->is(ast::ExprKind::Slice)) &&
             value.role == Role::Object) {
    follow(*at, taken, seen);
  } else if (at && at->is(ast::ExprKind::Member)) {
    follow_member(*at, taken, seen);
  } else {
    taken.used = true;
    taken.escapes |= !at || !at->is(ast::ExprKind::Race);
  }
}

void Flow::follow_member(const Node& node, Taken& taken, std::set<const void*>& seen) const {
  const std::string& name = ast::as<ast::MemberExpr>(*node.expr).name.text;
  if (one_of(name, {"id", "signal", "len", "push", "insert"})) return;
  if (one_of(name, {"done", "cancel"})) {
    taken.used = true;
    return;
  }
  const Node* call = node.role == Role::Callee ? node.parent : nullptr;
  if (call && one_of(name, {"filter", "reverse", "take", "drop", "copy", "first", "last", "pop",
                            "remove", "values", "get", "find"}))
    follow(*call, taken, seen);
  else if (!call || !runs_for_each(name))
    taken.used = taken.escapes = true;
  if (!call || !runs_for_each(name)) return;
  const Node* lambda = call->children.size() > 1 ? call->children[1] : nullptr;
  const auto* fn = get<ast::LambdaExpr>(lambda);
  const Variable* element =
      fn && !fn->fn.params.empty() ? variable_at(fn->fn.params.front().name.span) : nullptr;
  follow(element, taken, seen);
}

// --- loops and the way up ---

const Node* Flow::callback_of(const Node& lambda) const {
  const Node* call = lambda.parent;
  return lambda.role == Role::Argument && call && runs_for_each(method(*call)) ? call : nullptr;
}

bool Flow::repeats(const Node& block) const {
  if (block.role == Role::LoopBody || block.role == Role::BatchBody) return true;
  return block.role == Role::FnBody && block.parent->is(ast::ExprKind::Lambda) &&
         callback_of(*block.parent);
}

const Node* Flow::turn_around(const Node& from) const {
  for (const Node* node = &from; node; node = node->parent) {
    if (repeats(*node)) return node;
    if (node->role == Role::FnBody) return nullptr;
  }
  return nullptr;
}

std::vector<const Node*> Flow::references(const Node& function) const {
  std::vector<const Node*> out;
  const Variable* variable = nullptr;
  if (function.declaration) {
    auto found = references_.find(function.declaration);
    if (found != references_.end())
      for (const ast::Expr* e : found->second) out.push_back(tree.of(*e));
  } else if (const auto* fn = get<ast::FnStmt>(&function)) {
    variable = variable_at(fn->name.span);
  } else if (const Sink to = sink(function); to.kind == Sink::Kind::Bound) {
    variable = to.variable;
  }
  if (variable)
    for (const ast::Expr* e : variable->reads) out.push_back(tree.of(*e));
  out.erase(std::remove(out.begin(), out.end(), nullptr), out.end());
  return out;
}

void Flow::climb(const Node* node, unsigned state, const Step& step, const End& end,
                 std::set<const Node*>& seen) const {
  for (; node; node = node->parent) {
    if (!step(state, *node)) return;
    using Kind = ast::Declaration::Kind;
    if (node->declaration && node->declaration->kind != Kind::Fn) return end(state, *node);
    const bool bound_lambda =
        node->is(ast::ExprKind::Lambda) && sink(*node).kind == Sink::Kind::Bound;
    if (!node->declaration && !node->is(ast::StmtKind::Fn) && !bound_lambda) continue;
    if (!seen.insert(node).second || seen.size() > kFollowedMax) return;
    for (const Node* reference : references(*node)) climb(reference, state, step, end, seen);
    return;
  }
}

void Flow::ways_up(const Node& from, unsigned state, const Step& step, const End& end) const {
  std::set<const Node*> seen;
  climb(&from, state, step, end, seen);
}

// --- waiting ---

bool Flow::waits(const Node& node, bool unknown, std::set<const Node*>& seen) const {
  using Kind = ast::ExprKind;
  if (node.is(Kind::Gather) || node.is(Kind::WaitAny) || node.is(Kind::Race) ||
      node.is(Kind::Batch))
    return true;
  if (!node.is(Kind::Call) || (node.parent && node.parent->is(Kind::Spawn))) return false;
  const Callee& to = callee(node);
  switch (to.kind) {
    case Callee::Kind::Workflow:
    case Callee::Kind::Activity:
      return true;
    case Callee::Kind::Builtin:
      return to.builtin->kind == Builtin::Kind::Wait || to.builtin->kind == Builtin::Kind::Effect;
    case Callee::Kind::Fn: {
      const Node* body = tree.of(to.fn->body);
      if (!body || !seen.insert(body).second) return false;
      return seen.size() > kFollowedMax ? unknown : may_wait(*body, unknown, seen);
    }
    case Callee::Kind::Unknown: {
      const std::string name = method(node);
      return unknown && (name.empty() || methods_named(name).empty());
    }
  }
  return false;
}

bool Flow::may_wait(const Node& node, bool unknown, std::set<const Node*>& seen) const {
  if (waits(node, unknown, seen)) return true;
  for (const Node* child : node.children) {
    if (child->role == Role::StrandBody || child->role == Role::UndoBody) continue;
    const bool function = child->is(ast::StmtKind::Fn) || child->is(ast::StmtKind::On) ||
                          (child->is(ast::ExprKind::Lambda) && child->role != Role::Argument);
    if (!function && may_wait(*child, unknown, seen)) return true;
  }
  return false;
}

bool Flow::waits(const Node& node, bool unknown) const {
  std::set<const Node*> seen;
  return waits(node, unknown, seen);
}

bool Flow::may_wait(const Node& node, bool unknown) const {
  std::set<const Node*> seen;
  return may_wait(node, unknown, seen);
}

}  // namespace wakeful::linting
