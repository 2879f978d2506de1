// How much is started at once.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

namespace {

/// Whether the text says how many elements there are at most.
class Bounds {
 public:
  explicit Bounds(const Context& context) : context_(context) {}

  bool bounded(const ast::Expr& e, int depth = 0) const {
    if (depth > 20) return false;
    using Kind = ast::ExprKind;
    switch (e.kind) {
      case Kind::String:
      case Kind::Map:
        return true;
      case Kind::List: {
        const auto& items = ast::as<ast::ListExpr>(e).items;
        return std::all_of(items.begin(), items.end(), [&](const auto& item) {
          return !item.spread || bounded(*item.value, depth + 1);
        });
      }
      case Kind::Binary: {
        const auto& binary = ast::as<ast::BinaryExpr>(e);
        if (binary.op == ast::BinaryOp::Range) return number(*binary.right, depth + 1);
        return binary.op == ast::BinaryOp::Add && bounded(*binary.left, depth + 1) &&
               bounded(*binary.right, depth + 1);
      }
      case Kind::Gather:
        return bounded(*ast::as<ast::GatherExpr>(e).operand, depth + 1);
      case Kind::Batch:
        return bounded(*ast::as<ast::BatchExpr>(e).items, depth + 1);
      case Kind::Slice: {
        const auto& slice = ast::as<ast::SliceExpr>(e);
        return (slice.end && number(*slice.end, depth + 1)) || bounded(*slice.object, depth + 1);
      }
      case Kind::Call:
        return call(ast::as<ast::CallExpr>(e), depth + 1);
      case Kind::Name:
        return name(e, depth + 1);
      default:
        return false;
    }
  }

  /// A number that the text gives, or a bound of it.
  bool number(const ast::Expr& e, int depth = 0) const {
    if (depth > 20) return false;
    if (e.kind == ast::ExprKind::Int) return true;
    if (e.kind == ast::ExprKind::Binary) {
      const auto& binary = ast::as<ast::BinaryExpr>(e);
      return number(*binary.left, depth + 1) && number(*binary.right, depth + 1);
    }
    if (e.kind == ast::ExprKind::Call) {
      const auto& call = ast::as<ast::CallExpr>(e);
      const std::string& callee = context_.facts.callee(call).name;
      return (callee == "min" || callee == "math.min") &&
             std::any_of(call.args.begin(), call.args.end(),
                         [&](const auto& arg) { return number(*arg.value, depth + 1); });
    }
    const ast::Declaration* constant = context_.facts.declaration(e);
    if (constant) return constant->kind == ast::Declaration::Kind::Let;
    const Variable* variable = context_.facts.variable(e);
    return variable && variable->value && variable->writes.empty() &&
           number(*variable->value, depth + 1);
  }

 private:
  bool call(const ast::CallExpr& e, int depth) const {
    const Callee& callee = context_.facts.callee(e);
    if (callee.kind == Callee::Kind::Builtin && callee.name == "range")
      return std::all_of(e.args.begin(), e.args.end(),
                         [&](const auto& arg) { return number(*arg.value, depth); });
    const std::string method = context_.flow.method(*context_.tree.of(e));
    if (method.empty()) return false;
    const auto& receiver = *ast::as<ast::MemberExpr>(*e.callee).object;
    if (method == "take" && e.args.size() == 1 && number(*e.args[0].value, depth)) return true;
    return one_of(method, {"map", "filter", "sort", "sort_by", "reverse", "unique", "take", "drop",
                           "copy", "enumerate", "zip", "keys", "values", "entries", "chunk"}) &&
           bounded(receiver, depth);
  }

  bool name(const ast::Expr& e, int depth) const {
    const ast::Declaration* constant = context_.facts.declaration(e);
    if (constant) return constant->kind == ast::Declaration::Kind::Let;
    const Variable* variable = context_.facts.variable(e);
    if (!variable || !variable->writes.empty()) return false;
    if (variable->value) return !grows(*variable) && bounded(*variable->value, depth);
    const Node* binder = context_.tree.binder(variable->span);
    if (!binder) return false;
    if (const auto* loop = get<ast::ForStmt>(binder)) return chunks(*loop->iterable, depth);
    if (const auto* batch = get<ast::BatchExpr>(binder)) return chunks(*batch->items, depth);
    const Node* call =
        binder->is(ast::ExprKind::Lambda) ? context_.flow.callback_of(*binder) : nullptr;
    if (!call) return false;
    const auto& callee = *ast::as<ast::CallExpr>(*call->expr).callee;
    return chunks(*ast::as<ast::MemberExpr>(callee).object, depth);
  }

  /// `xs.chunk(10)`: each of its elements is bounded.
  bool chunks(const ast::Expr& e, int depth) const {
    const Variable* variable = context_.facts.variable(e);
    const ast::Expr& list = variable && variable->value ? *variable->value : e;
    const Node* node = context_.tree.of(list);
    if (!node || context_.flow.method(*node) != "chunk") return false;
    const auto& args = ast::as<ast::CallExpr>(list).args;
    return args.size() == 1 && number(*args[0].value, depth);
  }

  bool grows(const Variable& variable) const {
    return std::any_of(variable.reads.begin(), variable.reads.end(), [&](const ast::Expr* read) {
      const Node* node = context_.tree.of(*read);
      const auto* member = node ? get<ast::MemberExpr>(node->parent) : nullptr;
      return member && one_of(member->name.text, {"push", "insert"});
    });
  }

  const Context& context_;
};

/// The turn waits for what was spawned: by itself it holds a gather, a wait_any or a race.
bool holds_a_wait(const Node& node) {
  using Kind = ast::ExprKind;
  if (node.is(Kind::Gather) || node.is(Kind::WaitAny) || node.is(Kind::Race) ||
      node.is(Kind::Batch))
    return true;
  return std::any_of(node.children.begin(), node.children.end(), [](const Node* child) {
    return child->role != Role::StrandBody && child->role != Role::UndoBody && holds_a_wait(*child);
  });
}

/// What a turn's loop goes over is of unknown size.
bool unbounded(const Context& context, const Node& turn) {
  const Bounds bounds(context);
  const Node& owner = *turn.parent;
  if (const auto* loop = get<ast::ForStmt>(&owner)) return !bounds.bounded(*loop->iterable);
  if (const auto* loop = get<ast::WhileStmt>(&owner)) {
    // Events come one by one; of an endless loop without a wait another lint speaks.
    if (loop->condition->kind == ast::ExprKind::Bool || context.flow.may_wait(turn, true))
      return false;
    if (loop->condition->kind != ast::ExprKind::Binary) return true;
    const auto& condition = ast::as<ast::BinaryExpr>(*loop->condition);
    return !bounds.number(*condition.left) && !bounds.number(*condition.right);
  }
  const Node* call = context.flow.callback_of(owner);
  if (!call) return false;
  const auto& callee = *ast::as<ast::CallExpr>(*call->expr).callee;
  return !bounds.bounded(*ast::as<ast::MemberExpr>(callee).object);
}

}  // namespace

void unbounded_fan_out(const Context& context) {
  for (const Node& spawn : context.tree.nodes()) {
    if (!spawn.is(ast::ExprKind::Spawn)) continue;
    const Node* loop = nullptr;
    bool tested = false;
    context.flow.ways_up(
        spawn, 0,
        [&](unsigned&, const Node& node) {
          if (loop || node.role == Role::BatchBody) return false;
          if (!context.flow.repeats(node)) return true;
          if (holds_a_wait(node)) return false;
          if (unbounded(context, node)) loop = &node;
          return loop == nullptr;
        },
        [&](unsigned, const Node&) { tested = true; });
    if (!loop) continue;
    context
        .warn("unbounded-fan-out", spawn.span(),
              "this starts one for each element, and nobody knows how many there are: "
              "all of them run at once",
              "`batch x in xs limit 20 { … }` has never more than so many at once")
        .notes.push_back({loop->parent->span(), "the loop"});
  }
}

namespace {

/// A way out of the loop: `break` of its own, `return`, `throw`.
bool leaves(const Node& node, bool inner_loop) {
  using Kind = ast::StmtKind;
  if (node.is(Kind::Return) || node.is(Kind::Throw) || (node.is(Kind::Break) && !inner_loop))
    return true;
  return std::any_of(node.children.begin(), node.children.end(), [&](const Node* child) {
    const bool other = child->role == Role::StrandBody || child->role == Role::UndoBody ||
                       child->role == Role::FnBody || child->role == Role::BatchBody;
    return !other && leaves(*child, inner_loop || child->role == Role::LoopBody);
  });
}

const Node* first_spawn(const Node& node) {
  if (node.is(ast::ExprKind::Spawn)) return &node;
  for (const Node* child : node.children)
    if (const Node* found = child->role == Role::UndoBody ? nullptr : first_spawn(*child))
      return found;
  return nullptr;
}

}  // namespace

void spawn_in_endless_loop(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    const auto* loop = get<ast::WhileStmt>(&node);
    const bool endless = loop && loop->condition->kind == ast::ExprKind::Bool &&
                         ast::as<ast::BoolExpr>(*loop->condition).value;
    if (!endless) continue;
    const Node& body = *node.children.back();
    const Node* spawn = first_spawn(body);
    if (!spawn || leaves(body, false) || context.flow.may_wait(body, true)) continue;
    context
        .warn("spawn-in-endless-loop", spawn->span(),
              "this loop never ends and never waits, so that nothing it spawns ever begins",
              "wait in the loop: `gather` what it spawns, `sleep(1m)`, `receive(…)`")
        .notes.push_back({node.span(), "the loop"});
  }
}

}  // namespace wakeful::linting
