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

// --- a handle taken for its value ---

namespace {

/// What is certainly a handle, or a list of handles.
class Handles {
 public:
  explicit Handles(const Context& context) : context_(context) {}

  bool is_handle(const Node* node) {
    return node && within_depth([&] { return handle(*node); });
  }
  bool is_list(const Node* node) {
    return node && within_depth([&] { return list(*node); });
  }

 private:
  template <class F>
  bool within_depth(F f) {
    if (depth_ > 20) return false;
    ++depth_;
    const bool result = f();
    --depth_;
    return result;
  }

  const Node* of(const ast::Expr* e) const { return e ? context_.tree.of(*e) : nullptr; }

  bool handle(const Node& node) {
    if (node.is(ast::ExprKind::Spawn)) return true;
    if (const auto* wait = get<ast::WaitAnyExpr>(&node)) return !wait->timeout;
    const Callee& callee = context_.flow.callee(node);
    if (callee.builtin && callee.builtin->place == Builtin::Place::Global)
      return one_of(callee.name, {"timer", "signal"});
    if (const auto* index = get<ast::IndexExpr>(&node)) return is_list(of(index->object.get()));
    const Variable* variable = node.expr ? context_.facts.variable(*node.expr) : nullptr;
    if (!variable || !variable->writes.empty()) return false;
    if (variable->value) return is_handle(of(variable->value));
    const Node* binder = context_.tree.binder(variable->span);
    if (const auto* loop = get<ast::ForStmt>(binder)) {
      const bool element = (loop->second ? *loop->second : loop->first).name.span == variable->span;
      if (loop->iterable->kind == ast::ExprKind::WaitAny)
        return element && is_list(of(ast::as<ast::WaitAnyExpr>(*loop->iterable).operand.get()));
      return element && is_list(of(loop->iterable.get()));
    }
    const Node* call =
        binder && binder->is(ast::ExprKind::Lambda) ? context_.flow.callback_of(*binder) : nullptr;
    if (!call || context_.flow.method(*call) == "reduce") return false;
    const auto& callback = ast::as<ast::LambdaExpr>(*binder->expr).fn;
    return callback.params.front().name.span == variable->span && is_list(receiver(*call));
  }

  const Node* receiver(const Node& call) const {
    const auto& callee = *ast::as<ast::CallExpr>(*call.expr).callee;
    return of(ast::as<ast::MemberExpr>(callee).object.get());
  }

  bool list(const Node& node) {
    if (const auto* items = get<ast::ListExpr>(&node)) {
      for (const auto& item : items->items)
        if (item.spread ? !is_list(of(item.value.get())) : !is_handle(of(item.value.get())))
          return false;
      return !items->items.empty();
    }
    const std::string method = context_.flow.method(node);
    if (method == "map") {
      const auto& call = ast::as<ast::CallExpr>(*node.expr);
      const auto* fn =
          call.args.empty() ? nullptr : get<ast::LambdaExpr>(of(call.args[0].value.get()));
      if (!fn || fn->fn.body.statements.size() != 1) return false;
      const auto& only = *fn->fn.body.statements.front();
      return only.kind == ast::StmtKind::Expr &&
             is_handle(of(ast::as<ast::ExprStmt>(only).value.get()));
    }
    if (one_of(method, {"filter", "take", "drop", "reverse", "copy"}))
      return is_list(receiver(node));
    const Variable* variable = node.expr ? context_.facts.variable(*node.expr) : nullptr;
    if (!variable || !variable->value || !variable->writes.empty()) return false;
    const auto* empty = get<ast::ListExpr>(of(variable->value));
    return empty && empty->items.empty() ? filled_with_handles(*variable)
                                         : is_list(of(variable->value));
  }

  /// `let hs = []`, and each `hs.push(…)` puts a handle into it; nothing else may.
  bool filled_with_handles(const Variable& variable) {
    bool any = false;
    for (const ast::Expr* read : variable.reads) {
      const Node* node = of(read);
      const Node* member = node ? node->parent : nullptr;
      if (!member || !member->is(ast::ExprKind::Member) || member->role != Role::Callee) continue;
      const std::string name = context_.flow.method(*member->parent);
      if (!one_of(name, {"push", "insert"})) continue;
      const auto& args = ast::as<ast::CallExpr>(*member->parent->expr).args;
      if (args.empty() || !is_handle(of(args.back().value.get()))) return false;
      any = true;
    }
    return any;
  }

  const Context& context_;
  int depth_ = 0;
};

/// What the place wants of the value, where that is nothing that a handle has; or "".
std::string wanted_of(const Node& node) {
  const Node& parent = *node.parent;
  if (const auto* binary = get<ast::BinaryExpr>(&parent)) {
    using Op = ast::BinaryOp;
    const bool fine = binary->op == Op::Coalesce || binary->op == Op::Equal ||
                      binary->op == Op::NotEqual || binary->op == Op::In || binary->op == Op::NotIn;
    return fine ? "" : "takes part in an operation";
  }
  if (parent.is(ast::ExprKind::Unary)) return "takes part in an operation";
  if (parent.is(ast::ExprKind::Interpolation)) return "is put into a text";
  if (node.role == Role::Condition) return "is a condition";
  if (node.role != Role::Object) return "";
  if (parent.is(ast::ExprKind::Index) || parent.is(ast::ExprKind::Slice)) return "is indexed";
  const auto* member = get<ast::MemberExpr>(&parent);
  if (!member || one_of(member->name.text, {"id", "done", "cancel", "signal"})) return "";
  return "is asked for " + ticked(member->name.text);
}

}  // namespace

void lost_gather(const Context& context) {
  Handles handles(context);
  for (const Node& node : context.tree.nodes()) {
    if (!node.expr || !node.parent) continue;
    const std::string wanted = wanted_of(node);
    if (!wanted.empty() && handles.is_handle(&node)) {
      context.warn("lost-gather", node.span(), "this is a handle, not a result, and " + wanted,
                   "`gather` it for its value; a handle has `id`, `done`, `cancel` and `signal`");
    }
    const auto* member = node.role == Role::Object ? get<ast::MemberExpr>(node.parent) : nullptr;
    const bool sums = member && node.parent->role == Role::Callee &&
                      one_of(member->name.text, {"sum", "avg", "min", "max", "sort", "join"});
    if (sums && handles.is_list(&node)) {
      context.warn("lost-gather", node.span(),
                   "these are handles, not results, and are asked for " + ticked(member->name.text),
                   "`(gather handles)." + member->name.text + "()`");
    }
  }
}

}  // namespace wakeful::linting
