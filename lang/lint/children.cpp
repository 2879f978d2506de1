// Children of which there is more than one: their failures and their ids.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

namespace {

/// A `try` that catches, an outcome for each, some slack: here a failure is handled. In an undo
/// block a failure has its own way.
bool handled_at(const Node& node) {
  if (node.role == Role::UndoBody) return true;
  const auto* attempt = node.role == Role::Body ? get<ast::TryExpr>(node.parent) : nullptr;
  if (attempt && !attempt->catches.empty()) return true;
  const auto* batch = node.role == Role::BatchBody ? get<ast::BatchExpr>(node.parent) : nullptr;
  if (batch && (batch->settled || batch->tolerate)) return true;
  const auto* gather = get<ast::GatherExpr>(&node);
  return gather && gather->settled;
}

/// Follows failures of children up to workflows that start more than one.
class Failures {
 public:
  explicit Failures(const Context& context) : context_(context) {
    for (const Node& node : context.tree.nodes())
      if (starts_child(node)) count(node);
  }

  void look() {
    for (const Node& node : context_.tree.nodes())
      if (starts_child(node)) rise(node, 0, &node);
  }

 private:
  enum State : unsigned { kMany = 1, kConcurrent = 2 };

  /// `Child(x)`, also behind `spawn`, and `xs.map(Child)`.
  bool starts_child(const Node& node) const {
    if (context_.flow.calls(node, Callee::Kind::Workflow)) return true;
    const ast::Declaration* named = node.expr ? context_.facts.declaration(*node.expr) : nullptr;
    return named && named->kind == ast::Declaration::Kind::Workflow &&
           node.role == Role::Argument && runs_for_each(context_.flow.method(*node.parent));
  }

  /// How many places of a workflow start a child beside others.
  void count(const Node& start) {
    context_.flow.ways_up(
        start, 0,
        [](unsigned& state, const Node& node) {
          if (node.is(ast::ExprKind::Spawn)) state |= kConcurrent;
          return node.role != Role::UndoBody;
        },
        [&](unsigned state, const Node& top) {
          if (state & kConcurrent) ++starts_[top.declaration];
        });
  }

  /// `shown`: what is spoken of, the call, or the gather that takes the failure.
  void rise(const Node& from, unsigned state, const Node* shown) {
    if (!seen_.insert({&from, state}).second) return;
    context_.flow.ways_up(
        from, state, [&](unsigned& s, const Node& node) { return step(s, node); },
        [&](unsigned s, const Node& top) {
          using Kind = ast::Declaration::Kind;
          const bool several = (s & kMany) || ((s & kConcurrent) && starts_[top.declaration] > 1);
          if (several && top.declaration->kind == Kind::Workflow) say(*shown, top);
        });
  }

  bool step(unsigned& state, const Node& node) {
    if (handled_at(node)) return false;
    if (context_.flow.repeats(node)) state |= kMany;
    if (node.role == Role::Argument && !node.is(ast::ExprKind::Call) && starts_child(node))
      state |= kMany;  // `xs.map(Child)`
    if (!node.is(ast::ExprKind::Spawn)) return true;
    // The failure goes on where the handle is gathered; where nothing can be seen it is handled.
    const bool in_turns = many_around(node);
    const Taken taken = context_.flow.taken(node);
    if (taken.escapes) return false;
    for (const Node* gather : taken.gathers)
      rise(*gather, state | kConcurrent | (in_turns ? kMany : 0u), gather);
    return false;
  }

  /// Whether the place is passed more than once, in a loop of its function or of a caller.
  bool many_around(const Node& from) const {
    bool many = false;
    context_.flow.ways_up(
        from, 0,
        [&](unsigned&, const Node& node) {
          many |= context_.flow.repeats(node);
          return !many;
        },
        [](unsigned, const Node&) {});
    return many;
  }

  void say(const Node& at, const Node& top) {
    if (!said_.insert(&at).second) return;
    const bool gather = at.is(ast::ExprKind::Gather);
    context_
        .warn("unhandled-child-failure", at.span(),
              std::string("the first child that fails ") +
                  (gather ? "cancels the others and " : "") + "fails " +
                  ticked(top.declaration->name.text) +
                  ", which starts more than one: nothing on the way handles it",
              gather ? "`gather settled` gives an outcome for each; or `try { … } catch e { … }`"
                     : "`batch settled`, `tolerate 10%`, or `try { … } catch e { … }`")
        .notes.push_back({top.declaration->name.span, "the workflow that starts them"});
  }

  const Context& context_;
  std::unordered_map<const ast::Declaration*, int> starts_;
  std::set<std::pair<const Node*, unsigned>> seen_;
  std::set<const Node*> said_;
};

}  // namespace

void unhandled_child_failure(const Context& context) { Failures(context).look(); }

// --- ids ---

namespace {

const ast::Expr& root_of(const ast::Expr& e) {
  const ast::Expr* root = &e;
  while (true) {
    if (root->kind == ast::ExprKind::Member)
      root = ast::as<ast::MemberExpr>(*root).object.get();
    else if (root->kind == ast::ExprKind::Index)
      root = ast::as<ast::IndexExpr>(*root).object.get();
    else
      return *root;
  }
}

/// Something in the turn assigns the variable or what it holds, or calls a method that changes it.
bool changes(const Context& context, const Node& node, const Variable& variable) {
  if (const auto* assign = get<ast::AssignStmt>(&node))
    if (context.facts.variable(root_of(*assign->target)) == &variable) return true;
  if (const auto* member = get<ast::MemberExpr>(&node))
    if (node.role == Role::Callee &&
        context.facts.variable(root_of(*member->object)) == &variable &&
        one_of(member->name.text, {"push", "pop", "insert", "remove"}))
      return true;
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const Node* child) { return changes(context, *child, variable); });
}

/// Whether the expression can be another one in the next turn of the loop.
bool varies(const Context& context, const Node& node, const Node& turn) {
  const Callee& callee = context.flow.callee(node);
  if (node.is(ast::ExprKind::Call)) {
    const bool pure = callee.builtin && callee.builtin->kind == Builtin::Kind::Pure;
    if (!pure && context.flow.method(node).empty()) return true;
    if (methods_named(context.flow.method(node)).empty() && !pure) return true;
  }
  if (const Variable* variable = node.expr ? context.facts.variable(*node.expr) : nullptr) {
    const Span loop = turn.parent->span();
    const bool inside = variable->span.file == loop.file && variable->span.begin >= loop.begin &&
                        variable->span.end <= loop.end;
    if (inside || changes(context, turn, *variable)) return true;
  }
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const Node* child) { return varies(context, *child, turn); });
}

/// The loop is left right behind this, so that there is one turn of it only.
bool only_turn(const Node& node, const Node& turn) {
  for (const Node* at = &node; at != &turn; at = at->parent) {
    if (at->is(ast::StmtKind::Return)) return true;
    if (!at->stmt || !at->parent->block) continue;
    const auto& siblings = at->parent->children;
    for (auto it = std::find(siblings.begin(), siblings.end(), at); it != siblings.end(); ++it)
      if ((*it)->is(ast::StmtKind::Break) || (*it)->is(ast::StmtKind::Return)) return true;
  }
  return false;
}

}  // namespace

void constant_child_id(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    if (node.role != Role::Id) continue;
    const Node* turn = context.flow.turn_around(*node.parent);
    if (!turn || varies(context, node, *turn) || only_turn(node, *turn)) continue;
    const bool constant = node.is(ast::ExprKind::String);
    context
        .warn("constant-child-id", node.span(),
              constant ? "this id is the same in each turn of the loop"
                       : "this id does not depend on what changes in the loop",
              "put the loop's variable into it, or leave `as` out: ids are then unique by "
              "construction")
        .notes.push_back({turn->parent->span(), "the loop"});
  }
}

}  // namespace wakeful::linting
