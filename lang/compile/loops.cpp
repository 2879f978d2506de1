// Loops. Each turn passes one instruction that counts as a tick: Loop, RangeLoop, ForNext or
// ForNext2.
#include "lang/compile/function_compiler.h"

namespace wakeful {

using ast::ExprKind;

void FunctionCompiler::while_loop(const ast::WhileStmt& s) {
  Label head, next, end;
  out_.bind(head);
  jump_if(*s.condition, false, end);
  regions_.push_back({Region::Kind::Loop, 0, nullptr, 0, &next, &end});
  block(s.body, std::nullopt);
  regions_.pop_back();
  out_.bind(next);
  out_.jump(s.condition->span, Op::Loop, head);
  out_.bind(end);
}

void FunctionCompiler::for_loop(const ast::ForStmt& s) {
  uint32_t top = out_.top();
  size_t locals = locals_.size();
  const ast::Expr& e = *s.iterable;
  bool range = e.kind == ExprKind::Binary && ast::as<ast::BinaryExpr>(e).op == ast::BinaryOp::Range;
  if (range && !s.second) {
    for_range(s, ast::as<ast::BinaryExpr>(e));
  } else if (e.kind == ExprKind::WaitAny && !e.parenthesised) {
    for_stream(s, ast::as<ast::WaitAnyExpr>(e));
  } else {
    for_each(s);
  }
  locals_.resize(locals);
  out_.release_to(top);
}

/// base: the turn's number, base+1: the end, base+2: the variable, which the body may capture.
void FunctionCompiler::for_range(const ast::ForStmt& s, const ast::BinaryExpr& range) {
  Label body, next, end;
  Reg base = out_.take();
  expr(*range.left, base);
  expr(*range.right, out_.take());
  Reg variable = out_.take();
  out_.jump(range.span, Op::RangePrep, end, base);
  out_.bind(body);
  bind_pattern(s.first, variable);
  regions_.push_back({Region::Kind::Loop, 0, nullptr, 0, &next, &end});
  block(s.body, std::nullopt);
  regions_.pop_back();
  out_.bind(next);
  out_.jump(range.span, Op::RangeLoop, body, base);
  out_.bind(end);
}

/// base: what is iterated, base+1: how far, base+2 (and base+3): the variables.
void FunctionCompiler::for_each(const ast::ForStmt& s) {
  Label next, end;
  Reg base = out_.take();
  expr(*s.iterable, base);
  out_.take();
  Reg first = out_.take();
  Reg second = s.second ? out_.take() : first;
  out_.emit(s.iterable->span, Op::ForPrep, base);
  out_.bind(next);
  out_.jump(s.iterable->span, s.second ? Op::ForNext2 : Op::ForNext, end, base);
  bind_pattern(s.first, first);
  if (s.second) bind_pattern(*s.second, second);
  regions_.push_back({Region::Kind::Loop, 0, nullptr, 0, &next, &end});
  block(s.body, std::nullopt);
  regions_.pop_back();
  out_.jump(s.iterable->span, Op::Jump, next);
  out_.bind(end);
}

/// base: the stream, base+1: the handle.
void FunctionCompiler::for_stream(const ast::ForStmt& s, const ast::WaitAnyExpr& stream) {
  if (stream.timeout) {
    error(stream.timeout->span, "a stream of handles has no `timeout`",
          "put a timer among the handles, or use `wait_any … timeout` in a `while` loop");
  }
  if (s.second) error(s.second->span, "a stream of handles gives one variable");
  Label head, next, end;
  Reg base = out_.take();
  expr(*stream.operand, base);
  Reg handle = out_.take();
  out_.emit(stream.span, Op::StreamNew, base);
  out_.bind(head);
  out_.jump(stream.span, Op::StreamNext, end, base);
  bind_pattern(s.first, handle);
  regions_.push_back({Region::Kind::Loop, 0, nullptr, 0, &next, &end});
  block(s.body, std::nullopt);
  regions_.pop_back();
  out_.bind(next);
  out_.jump(stream.span, Op::Loop, head);
  out_.bind(end);
}

Label* FunctionCompiler::plain_loop_exit(const ast::Block& body) {
  if (body.statements.size() != 1 || regions_.empty()) return nullptr;
  const Region& region = regions_.back();
  if (region.kind != Region::Kind::Loop) return nullptr;
  ast::StmtKind kind = body.statements[0]->kind;
  if (kind == ast::StmtKind::Break) return region.end;
  return kind == ast::StmtKind::Continue ? region.next : nullptr;
}

void FunctionCompiler::leave_loop(Span span, bool next_turn) {
  for (size_t i = regions_.size(); i-- > 0;) {
    if (regions_[i].kind != Region::Kind::Loop) continue;
    Label& to = next_turn ? *regions_[i].next : *regions_[i].end;
    leave_regions(i + 1, false, span);
    out_.jump(span, Op::Jump, to);
    return;
  }
  error(span,
        next_turn ? "`continue` stands outside of a loop" : "`break` stands outside of a loop");
}

}  // namespace wakeful
