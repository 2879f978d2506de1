// Steps outside of the history: how long they may take, and what undoes them.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

// --- missing-timeout ---

namespace {

const ast::Expr* constant_value(const Context& context, const ast::Expr& e) {
  if (const ast::Declaration* declaration = context.facts.declaration(e))
    return declaration->kind == ast::Declaration::Kind::Let ? declaration->value.get() : &e;
  const Variable* variable = context.facts.variable(e);
  return variable && variable->value && variable->writes.empty() ? variable->value : &e;
}

/// The options say how long it may take; so is taken what cannot be seen.
bool timed(const Context& context, const ast::ExprPtr& with) {
  if (!with) return false;
  const ast::Expr& options = *constant_value(context, *with);
  if (options.kind != ast::ExprKind::Map) return true;
  const auto& entries = ast::as<ast::MapExpr>(options).entries;
  return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    return entry.spread || entry.computed ||
           one_of(entry.key.text,
                  {"start_to_close_timeout", "schedule_to_close_timeout", "heartbeat_timeout"});
  });
}

bool has_timeout_argument(const ast::CallExpr& call, const Builtin& builtin) {
  size_t position = 0;
  for (const auto& arg : call.args) {
    const bool named = arg.name.has_value();
    const std::string name = named                              ? arg.name->text
                             : position < builtin.params.size() ? builtin.params[position].name
                                                                : "";
    ++position;
    if (name == "timeout" && arg.value->kind != ast::ExprKind::Null) return true;
  }
  return false;
}

void external_activities(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    const ast::Declaration* d = node.declaration;
    if (!d || d->kind != ast::Declaration::Kind::Activity || d->fn.has_body) continue;
    if (timed(context, d->with)) continue;
    const auto references = context.flow.references(node);
    const bool each = std::all_of(references.begin(), references.end(), [&](const Node* name) {
      const auto* call = name->role == Role::Callee ? get<ast::CallExpr>(name->parent) : nullptr;
      return call && timed(context, call->with);
    });
    if (each && !references.empty()) continue;
    context.warn("missing-timeout", d->name.span,
                 "a worker process serves " + ticked(d->name.text) +
                     ", and nothing says how long that may take: a run could wait for ever",
                 "`with {start_to_close_timeout: 30s}`, here or at each call");
  }
}

}  // namespace

void missing_timeout(const Context& context) {
  external_activities(context);
  for (const Node& node : context.tree.nodes()) {
    const Callee& callee = context.flow.callee(node);
    if (!callee.builtin || std::string_view(callee.builtin->module) != "http") continue;
    const auto& call = ast::as<ast::CallExpr>(*node.expr);
    if (has_timeout_argument(call, *callee.builtin) || timed(context, call.with)) continue;
    bool untimed = false, reached = false;
    context.flow.ways_up(
        node, 0, [](unsigned&, const Node&) { return true; },
        [&](unsigned, const Node& top) {
          const ast::Declaration& d = *top.declaration;
          const bool activity = d.kind == ast::Declaration::Kind::Activity;
          reached = true;
          untimed |=
              d.kind != ast::Declaration::Kind::Test && !(activity && timed(context, d.with));
        });
    if (reached && !untimed) continue;
    context.warn("missing-timeout", node.span(),
                 ticked(callee.name) +
                     " without any time-out waits for ever for a service that accepts the "
                     "connection and never answers",
                 "`timeout: 10s` among the arguments, or `with {start_to_close_timeout: 30s}`");
  }
}

// --- effect-without-undo ---

namespace {

struct Event {
  const Node* step = nullptr;  // a call of an activity
  const Node* undo = nullptr;  // the block that a `compensate` statement registers
  bool bound = false;          // the step has its own
};

void collect(const Context& context, const Node& node, std::vector<Event>& events) {
  const auto* call = get<ast::CallExpr>(&node);
  const bool bound = call && call->compensate;
  if (node.is(ast::StmtKind::Compensate)) {
    events.push_back({nullptr, node.children.front(), false});
    return;
  }
  if (node.role == Role::UndoBody || node.role == Role::CatchBody ||
      node.role == Role::FinallyBody || node.is(ast::StmtKind::Fn) || node.is(ast::StmtKind::On))
    return;
  for (const Node* child : node.children) collect(context, *child, events);
  if (context.flow.calls(node, Callee::Kind::Activity))
    events.push_back({&node, nullptr, bound});
  else if (bound)
    events.push_back({nullptr, node.children.back(), false});
}

bool reads(const Context& context, const Node& node, const Variable& variable) {
  if (node.expr && context.facts.variable(*node.expr) == &variable) return true;
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const Node* child) { return reads(context, *child, variable); });
}

/// A block behind the step undoes it: the next thing that happens, or one that reads its value.
bool undone(const Context& context, const std::vector<Event>& events, size_t step) {
  if (events[step].bound) return true;
  if (step + 1 < events.size() && events[step + 1].undo) return true;
  const Sink to = context.flow.sink(*events[step].step);
  for (size_t i = step + 1; i < events.size() && to.variable; ++i)
    if (events[i].undo && reads(context, *events[i].undo, *to.variable)) return true;
  return false;
}

/// The last on its way: none follows, or its block returns before the next.
bool last(const std::vector<Event>& events, size_t step) {
  const Node* next = nullptr;
  for (size_t i = step + 1; i < events.size() && !next; ++i) next = events[i].step;
  if (!next) return true;
  for (const Node* at = events[step].step; at && !at->declaration; at = at->parent) {
    if (at->is(ast::StmtKind::Return)) return !next->within(*at);
    if (!at->parent || !at->parent->block || next->within(*at->parent)) continue;
    const auto& siblings = at->parent->children;
    for (auto it = std::find(siblings.begin(), siblings.end(), at); it != siblings.end(); ++it)
      if ((*it)->is(ast::StmtKind::Return)) return true;
  }
  return false;
}

}  // namespace

void effect_without_undo(const Context& context) {
  for (const Node& node : context.tree.nodes()) {
    const ast::Declaration* d = node.declaration;
    if (!d || d->kind != ast::Declaration::Kind::Workflow) continue;
    std::vector<Event> events;
    collect(context, node, events);
    bool registered = false;
    for (size_t i = 0; i < events.size(); ++i) {
      const Event& event = events[i];
      if (registered && event.step && !undone(context, events, i) && !last(events, i)) {
        context.warn("effect-without-undo", event.step->span(),
                     "nothing undoes " + ticked(context.flow.callee(*event.step).name) +
                         " if something behind it fails, while what stands around it is undone",
                     "register its block behind it, or bind one to it: `… compensate out { … }`");
      }
      registered |= event.undo || event.bound;
    }
  }
}

}  // namespace wakeful::linting
