// What reaches the run core: starting work, waiting for it, batches, undoing.
#include <fmt/format.h>

#include "lang/compile/function_compiler.h"

namespace wakeful {

using ast::ExprKind;

namespace {

constexpr uint32_t kStartWaits = 1;  // C of Start
constexpr uint32_t kStartCompensate = 2;

}  // namespace

/// A call that runs as work of its own: under `spawn`, or direct with `as` or `with`.
void FunctionCompiler::start(const ast::CallExpr& e, bool wait, Reg to) {
  uint32_t top = out_.top();
  Reg base = window(to);
  start_callee(e, wait, base);
  uint32_t given = 0;
  // A thunk for a method gets the receiver in front.
  bool method = out_.top() > base + 1u;
  uint32_t shape = pass_arguments(e);
  given = static_cast<uint32_t>(e.args.size()) + (method ? 1 : 0);
  Reg id = out_.take();
  expr_or_absent(e.as.get(), id, e.span);
  Reg options = out_.take();
  expr_or_absent(e.with.get(), options, e.span);
  uint32_t flags = wait ? kStartWaits : 0;
  if (e.compensate) {
    Reg undo = out_.take();
    block_closure(BlockKind::Compensate, e.compensate->body, e.compensate->span, undo,
                  e.compensate->name ? &*e.compensate->name : nullptr);
    flags |= kStartCompensate;
  }
  out_.emit_extra(call_span(e), Op::Start, base, given, flags, shape);
  close_window(base, to, top, e.span);
}

/// Loads what is started into `base`: workflows, activities, effects and functions as they are;
/// other builtins and methods, which only a frame can call, through a thunk.
void FunctionCompiler::start_callee(const ast::CallExpr& e, bool wait, Reg base) {
  std::optional<Global> known = known_callee(*e.callee);
  const Builtin* builtin = known ? known->builtin : nullptr;
  bool plain_builtin =
      builtin && builtin->kind != Builtin::Kind::Effect && builtin->kind != Builtin::Kind::Prelude;
  bool method = !known && e.callee->kind == ExprKind::Member && !wait;
  if (plain_builtin || method) {
    Constant function = callee_constant(CalleeKind::Function, thunk(e, builtin));
    load_constant(function, base, e.span);
    if (method) expr(*ast::as<ast::MemberExpr>(*e.callee).object, out_.take());
    return;
  }
  expr(*e.callee, base);
}

/// A function that calls its arguments on: `(x, a, b) => x.name(a, b)`, `(a, b) => print(a, b)`.
uint32_t FunctionCompiler::thunk(const ast::CallExpr& e, const Builtin* builtin) {
  std::vector<std::string> names;
  for (const ast::Argument& arg : e.args) {
    if (arg.name) names.push_back(arg.name->text);
  }
  const std::string method = builtin ? "" : ast::as<ast::MemberExpr>(*e.callee).name.text;
  uint32_t count = static_cast<uint32_t>(e.args.size()) + (builtin ? 0 : 1);
  std::string key = fmt::format("{}|{}|{}|{}", builtin ? builtin->qualified() : "", method, count,
                                fmt::join(names, ","));
  auto [it, fresh] = context_.thunks.try_emplace(key, program_.functions.size());
  if (!fresh) return it->second;

  Function f;
  f.name = "spawn";
  f.prelude = true;  // its caller's place is in the stack already
  f.span = e.span;
  Emitter out(f);
  for (uint32_t i = 0; i < count; ++i) f.params.push_back({fmt::format("a{}", i), true, {}});
  // The names arrive bound to the thunk's parameters, so those must bear them.
  for (size_t i = 0; i < names.size(); ++i) f.params[count - names.size() + i].name = names[i];
  out.take(count);
  Reg base = out.take(1 + count);
  for (uint32_t i = 0; i < count; ++i) out.emit(e.span, Op::Move, base + 1 + i, i);
  if (builtin) {
    uint32_t callee = pool_.constant(callee_constant(CalleeKind::Builtin, builtin->number));
    out.emit_wide(e.span, Op::LoadConst, base, callee);
    if (names.empty()) out.emit(e.span, Op::Call, base, count);
    if (!names.empty()) out.emit_extra(e.span, Op::CallNamed, base, count, 0, pool_.shape(names));
  } else {
    uint32_t word = member_word(method);
    if (names.empty()) out.emit_extra(e.span, Op::CallMethod, base, count, 0, word);
    if (!names.empty()) {
      out.emit_extra(e.span, Op::CallMethodNamed, base, count, pool_.shape(names), word);
    }
  }
  out.emit(e.span, Op::Return, base);
  if (!out.fault().empty()) error(e.span, out.fault());
  program_.functions.push_back(std::move(f));
  return it->second;
}

void FunctionCompiler::spawn(const ast::SpawnExpr& e, Reg to) {
  if (e.call) {
    if (e.call->kind != ExprKind::Call)
      return error(e.span, "`spawn` is followed by a call or a block");
    return start(ast::as<ast::CallExpr>(*e.call), false, to);
  }
  uint32_t top = out_.top();
  Reg base = window(to);
  block_closure(BlockKind::Spawn, *e.block, e.span, base);
  Reg absent = out_.take(2);
  out_.emit(e.span, Op::LoadAbsent, absent);
  out_.emit(e.span, Op::LoadAbsent, absent + 1);
  out_.emit_extra(e.span, Op::Start, base, 0, 0, kNoShape);
  close_window(base, to, top, e.span);
}

void FunctionCompiler::wait_for(Op op, const ast::Expr& operand, const ast::Expr* timeout,
                                bool flag, Span span, Reg to) {
  uint32_t top = out_.top();
  Reg base = window(to);
  expr(operand, base);
  expr_or_absent(timeout, out_.take(), span);
  out_.emit(span, op, base, flag ? 1 : 0);
  close_window(base, to, top, span);
}

void FunctionCompiler::batch(const ast::BatchExpr& e, Reg to) {
  constexpr uint32_t kLimit = 1, kSettled = 2, kPercent = 4;
  uint32_t top = out_.top();
  Reg base = window(to);
  expr(*e.items, base);
  batch_closure(e, out_.take());
  const ast::Expr* bound = e.limit ? e.limit.get() : e.size.get();
  expr_or_absent(bound, out_.take(), e.span);
  expr_or_absent(e.pause.get(), out_.take(), e.span);
  expr_or_absent(e.tolerate.get(), out_.take(), e.span);
  uint32_t flags =
      (e.limit ? kLimit : 0) | (e.settled ? kSettled : 0) | (e.tolerate_percent ? kPercent : 0);
  out_.emit(e.span, Op::Batch, base, flags);
  close_window(base, to, top, e.span);
}

void FunctionCompiler::compensate(const ast::CompensateStmt& s) {
  uint32_t top = out_.top();
  Reg undo = out_.take();
  block_closure(BlockKind::Compensate, s.body, s.span, undo);
  out_.emit(s.span, Op::Compensate, undo);
  out_.release_to(top);
}

void FunctionCompiler::on(const ast::OnStmt& s) {
  uint32_t top = out_.top();
  Reg handler = out_.take();
  closure(s.name.text, s.fn, s.span, handler);
  out_.emit_extra(s.span, Op::On, handler, static_cast<uint32_t>(s.what), 0,
                  member_word(s.name.text));
  out_.release_to(top);
}

}  // namespace wakeful
