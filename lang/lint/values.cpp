// Values that were not meant like this: text that is not filled in, results that nobody takes.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

void raw_interpolation(const Context& context) {
  for (const ast::StringExpr* text : context.facts.raw_interpolations) {
    context.warn("raw-interpolation", text->span,
                 "a raw string '…' stays as it is written, `${…}` and all",
                 "write it in double quotes: \"…${x}…\"");
  }
}

namespace {

bool pure(const Builtin& b) {
  const std::string_view name = b.name, symbol = b.symbol;
  if (b.kind == Builtin::Kind::Prelude) return name != "each";
  return b.kind == Builtin::Kind::Pure && name != "push" && name != "pop" && name != "insert" &&
         name != "remove" && name != "assert" && symbol.substr(0, 2) != "__";
}

bool pure_call(const Context& context, const Node& node) {
  const Callee& callee = context.flow.callee(node);
  if (callee.kind == Callee::Kind::Builtin) return pure(*callee.builtin);
  const std::vector<const Builtin*> rows = methods_named(context.flow.method(node));
  return !rows.empty() && std::all_of(rows.begin(), rows.end(), [](auto* b) { return pure(*b); });
}

/// Nothing happens but computing: no call but of pure functions, nothing that waits or spawns.
bool only_computes(const Context& context, const Node& node) {
  using Kind = ast::ExprKind;
  if (node.stmt && !node.is(ast::StmtKind::Expr)) return false;
  if (node.is(Kind::Call) && !pure_call(context, node)) return false;
  for (Kind kind : {Kind::Spawn, Kind::Gather, Kind::WaitAny, Kind::Race, Kind::Batch, Kind::Try})
    if (node.is(kind)) return false;
  // A function that is named may do anything, if the call calls it back.
  if (node.role == Role::Argument && node.is(Kind::Name)) {
    const Variable* variable = context.facts.variable(*node.expr);
    if (context.facts.declaration(*node.expr) || (variable && variable->fn)) return false;
  }
  return std::all_of(node.children.begin(), node.children.end(),
                     [&](const Node* child) { return only_computes(context, *child); });
}

}  // namespace

void ignored_value(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    const bool call = node.is(ast::ExprKind::Call);
    if (!call && !node.is(ast::ExprKind::Binary) && !node.is(ast::ExprKind::Unary)) continue;
    if (!node.parent->is(ast::StmtKind::Expr)) continue;
    // `try { int(x) … }` asks whether it can be computed.
    const Node* around = node.parent->parent->parent;
    if (around && around->is(ast::ExprKind::Try)) continue;
    // Of `xs.map(x => x * 2)` the call is spoken of, not what is in it.
    const auto* lambda = get<ast::LambdaExpr>(around);
    if (lambda && lambda->arrow) continue;
    if (around && around->is(ast::StmtKind::ExpectThrows)) continue;
    if (context.flow.sink(node).kind != Sink::Kind::Dropped || !only_computes(context, node))
      continue;
    const std::string method = context.flow.method(node);
    const bool equals = !call && node.is(ast::ExprKind::Binary) &&
                        ast::as<ast::BinaryExpr>(*node.expr).op == ast::BinaryOp::Equal;
    context.warn(
        "ignored-value", node.span(),
        (call ? ticked((method.empty() ? context.flow.callee(node).name : "." + method) + "()")
              : std::string("this")) +
            " only computes a value, and here it goes nowhere",
        equals ? "`=` assigns, `==` compares"
               : "use the value (`let x = …`), or leave the line out");
  }
}

}  // namespace wakeful::linting
