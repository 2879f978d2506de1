// Blocks, variables, assignments, `if`, `return`, `throw`.
#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"

namespace wakeful {

using ast::ExprKind;
using ast::StmtKind;

void FunctionCompiler::block(const ast::Block& b, std::optional<Reg> to) {
  uint32_t top = out_.top();
  size_t locals = locals_.size();
  const ast::Stmt* last = b.statements.empty() ? nullptr : b.statements.back().get();
  bool valued = to && last && last->kind == StmtKind::Expr;
  for (const auto& s : b.statements) {
    if (!out_.reachable()) break;  // declares nothing either, so what follows cannot be looked at
    if (valued && s.get() == last) {
      expr(*ast::as<ast::ExprStmt>(*s).value, *to);
    } else {
      statement(*s);
    }
  }
  if (to && !valued) out_.emit(b.span, Op::LoadNull, *to);
  locals_.resize(locals);
  out_.release_to(top);
}

/// The block of a function: its value is returned. No region is open.
void FunctionCompiler::block_to_return(const ast::Block& b) {
  uint32_t top = out_.top();
  size_t locals = locals_.size();
  for (const auto& s : b.statements) {
    if (!out_.reachable()) break;
    bool last = s.get() == b.statements.back().get();
    if (last && s->kind == StmtKind::Expr) {
      const ast::Expr& value = *ast::as<ast::ExprStmt>(*s).value;
      return_value(&value, value.span);
    } else {
      statement(*s);
    }
  }
  // Ends with a closing brace of this block where nothing was returned.
  if (out_.reachable()) {
    uint32_t end = b.span.end > b.span.begin ? b.span.end - 1 : b.span.begin;
    out_.emit({b.span.file, end, b.span.end}, Op::ReturnNull);
  }
  locals_.resize(locals);
  out_.release_to(top);
}

void FunctionCompiler::return_value(const ast::Expr* e, Span span) {
  bool regions = false;
  for (const Region& region : regions_) regions |= region.kind != Region::Kind::Loop;
  if (e == nullptr || e->kind == ExprKind::Null) {
    leave_regions(0, true, span);
    out_.emit(span, Op::ReturnNull);
    return;
  }
  if (!regions && e->kind == ExprKind::If) {
    const auto& branch = ast::as<ast::IfExpr>(*e);
    Label otherwise;
    jump_if(*branch.condition, false, otherwise);
    block_to_return(branch.then);
    out_.bind(otherwise);
    if (branch.otherwise) return block_to_return(*branch.otherwise);
    out_.emit(span, Op::ReturnNull);
    return;
  }
  uint32_t top = out_.top();
  Reg value = 0;
  if (regions) {  // a `finally` on the way out may assign the variable that was returned
    value = out_.take();
    expr(*e, value);
  } else {
    value = any(*e);
  }
  leave_regions(0, true, span);
  out_.emit(span, Op::Return, value);
  out_.release_to(top);
}

void FunctionCompiler::statement(const ast::Stmt& s) {
  if (!out_.reachable()) return;
  switch (s.kind) {
    case StmtKind::Expr:
      return discard(*ast::as<ast::ExprStmt>(s).value);
    case StmtKind::Let:
      return let(ast::as<ast::LetStmt>(s));
    case StmtKind::Assign:
      return assign(ast::as<ast::AssignStmt>(s));
    case StmtKind::For:
      return for_loop(ast::as<ast::ForStmt>(s));
    case StmtKind::While:
      return while_loop(ast::as<ast::WhileStmt>(s));
    case StmtKind::Break:
      return leave_loop(s.span, false);
    case StmtKind::Continue:
      return leave_loop(s.span, true);
    case StmtKind::Return:
      return return_value(ast::as<ast::ReturnStmt>(s).value.get(), s.span);
    case StmtKind::Throw: {
      uint32_t top = out_.top();
      Reg value = any(*ast::as<ast::ThrowStmt>(s).value);
      out_.release_to(top);
      out_.emit(s.span, Op::Throw, value);
      return;
    }
    case StmtKind::Fn:
      return local_function(ast::as<ast::FnStmt>(s));
    case StmtKind::Compensate:
      return compensate(ast::as<ast::CompensateStmt>(s));
    case StmtKind::On:
      return on(ast::as<ast::OnStmt>(s));
    case StmtKind::Mock:
      return mock(ast::as<ast::MockStmt>(s));
    case StmtKind::Expect:
      return expect(ast::as<ast::ExpectStmt>(s));
    case StmtKind::ExpectThrows:
      return expect_throws(ast::as<ast::ExpectThrowsStmt>(s));
  }
}

void FunctionCompiler::let(const ast::LetStmt& s) {
  if (s.target.kind == ast::Pattern::Kind::Name) {
    Reg reg = out_.take();
    expr(*s.value, reg);
    return declare(s.target.name, reg);
  }
  destructure(s.target, any(*s.value));
}

void FunctionCompiler::local_function(const ast::FnStmt& s) {
  Reg reg = out_.take();
  closure(s.name.text, s.fn, s.span, reg, &s.name);
  declare(s.name, reg);
}

// --- assignments: the value first, then the place that it goes to

void FunctionCompiler::assign(const ast::AssignStmt& s) {
  uint32_t top = out_.top();
  switch (s.target->kind) {
    case ExprKind::Name:
      assign_name(s, ast::as<ast::NameExpr>(*s.target));
      break;
    case ExprKind::Member:
      assign_member(s, ast::as<ast::MemberExpr>(*s.target));
      break;
    case ExprKind::Index:
      assign_index(s, ast::as<ast::IndexExpr>(*s.target));
      break;
    default:
      error(s.target->span, "this cannot be assigned to");
  }
  out_.release_to(top);
}

/// The right side of `op=`, in a register; nothing where it is a constant, which needs none.
std::optional<Reg> FunctionCompiler::compound_operand(const ast::AssignStmt& s,
                                                      const ast::Expr* later) {
  if (may_fold(*s.value) && folded(*s.value)) return std::nullopt;
  return operand(*s.value, later);
}

void FunctionCompiler::compound(const ast::AssignStmt& s, Reg left, std::optional<Reg> right,
                                Reg to) {
  if (right) {
    out_.emit(s.span, arithmetic_op(*s.op), to, left, *right);
  } else {
    arithmetic(*s.op, left, *s.value, s.span, to);
  }
}

void FunctionCompiler::assign_name(const ast::AssignStmt& s, const ast::NameExpr& target) {
  Variable v = find_variable(target.name);
  bool plain = v.where == Variable::Where::Local && !v.cell;
  if (!s.op) {
    // Whoever looks at the variable while its new value is computed must see the old one.
    if (plain && writes_last(*s.value)) return expr(*s.value, v.index);
    return store_variable(v, any(*s.value), s.span);
  }
  std::optional<Reg> right = compound_operand(s, nullptr);
  if (plain) return compound(s, v.index, right, v.index);
  Reg value = out_.take();
  load_variable(v, value, target.span);
  compound(s, value, right, value);
  store_variable(v, value, s.span);
}

void FunctionCompiler::assign_member(const ast::AssignStmt& s, const ast::MemberExpr& target) {
  Span span = target.name.span;
  std::optional<Reg> right =
      s.op ? compound_operand(s, target.object.get()) : operand(*s.value, target.object.get());
  Reg object = any(*target.object);
  Reg value = right.value_or(0);
  if (s.op) {
    value = out_.take();
    out_.emit_extra(span, Op::GetMember, value, object, 0, member_word(target.name.text));
    compound(s, value, right, value);
  }
  out_.emit_extra(span, Op::SetMember, object, value, 0, member_word(target.name.text));
}

void FunctionCompiler::assign_index(const ast::AssignStmt& s, const ast::IndexExpr& target) {
  std::optional<Reg> right = s.op ? compound_operand(s, &target) : operand(*s.value, &target);
  Reg object = operand(*target.object, target.index.get());
  Reg index = any(*target.index);
  Reg value = right.value_or(0);
  if (s.op) {
    value = out_.take();
    out_.emit(target.span, Op::GetIndex, value, object, index);
    compound(s, value, right, value);
  }
  out_.emit(target.span, Op::SetIndex, object, index, value);
}

// --- if

void FunctionCompiler::if_expr(const ast::IfExpr& e, std::optional<Reg> to) {
  if (Label* exit = to || e.otherwise ? nullptr : plain_loop_exit(e.then)) {
    return jump_if(*e.condition, true, *exit);
  }
  Label otherwise, end;
  jump_if(*e.condition, false, otherwise);
  block(e.then, to);
  if (!e.otherwise && !to) return out_.bind(otherwise);
  out_.jump(e.span, Op::Jump, end);
  out_.bind(otherwise);
  if (e.otherwise) {
    block(*e.otherwise, to);
  } else {
    out_.emit(e.span, Op::LoadNull, *to);
  }
  out_.bind(end);
}

}  // namespace wakeful
