// Conditions: comparisons become one instruction with their jump.
#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"

namespace wakeful {

using ast::BinaryOp;
using ast::ExprKind;

void FunctionCompiler::jump_if(const ast::Expr& e, bool sense, Label& to) {
  if (e.kind == ExprKind::Unary && ast::as<ast::UnaryExpr>(e).op == ast::UnaryOp::Not) {
    return jump_if(*ast::as<ast::UnaryExpr>(e).operand, !sense, to);
  }
  if (e.kind == ExprKind::Bool) {
    if (ast::as<ast::BoolExpr>(e).value == sense) out_.jump(e.span, Op::Jump, to);
    return;
  }
  if (e.kind == ExprKind::Binary) {
    const auto& binary = ast::as<ast::BinaryExpr>(e);
    if (binary.op == BinaryOp::And || binary.op == BinaryOp::Or) {
      if ((binary.op == BinaryOp::Or) == sense) {  // either side decides
        jump_if(*binary.left, sense, to);
        return jump_if(*binary.right, sense, to);
      }
      Label skip;
      jump_if(*binary.left, !sense, skip);
      jump_if(*binary.right, sense, to);
      return out_.bind(skip);
    }
    if (binary.op != BinaryOp::Coalesce && gives_bool(e)) return jump_if_compare(binary, sense, to);
  }
  uint32_t top = out_.top();
  Reg value = any(e);
  out_.release_to(top);
  out_.jump(e.span, sense ? Op::JumpIf : Op::JumpIfNot, to, value);
}

void FunctionCompiler::jump_if_compare(const ast::BinaryExpr& e, bool sense, Label& to) {
  uint32_t top = out_.top();
  if (e.op == BinaryOp::In || e.op == BinaryOp::NotIn) {
    Reg left = operand(*e.left, e.right.get());
    Reg right = any(*e.right);
    out_.release_to(top);
    Reg answer = out_.take();
    out_.emit(e.span, Op::In, answer, left, right);
    out_.release_to(top);
    out_.jump(e.span, (e.op == BinaryOp::In) == sense ? Op::JumpIf : Op::JumpIfNot, to, answer);
    return;
  }
  if (jump_if_null(e, sense, to) || jump_if_immediate(e, sense, to)) return;
  Reg left = operand(*e.left, e.right.get());
  Reg right = any(*e.right);
  out_.release_to(top);
  switch (e.op) {
    case BinaryOp::Less:
      out_.jump(e.span, Op::JumpLess, to, left, right, sense);
      return;
    case BinaryOp::LessEqual:
      out_.jump(e.span, Op::JumpLessEqual, to, left, right, sense);
      return;
    case BinaryOp::Greater:
      out_.jump(e.span, Op::JumpLess, to, right, left, sense);
      return;
    case BinaryOp::GreaterEqual:
      out_.jump(e.span, Op::JumpLessEqual, to, right, left, sense);
      return;
    case BinaryOp::NotEqual:
      out_.jump(e.span, Op::JumpEqual, to, left, right, !sense);
      return;
    default:
      out_.jump(e.span, Op::JumpEqual, to, left, right, sense);
      return;
  }
}

bool FunctionCompiler::jump_if_null(const ast::BinaryExpr& e, bool sense, Label& to) {
  bool equality = e.op == BinaryOp::Equal || e.op == BinaryOp::NotEqual;
  if (!equality || e.right->kind != ExprKind::Null) return false;
  uint32_t top = out_.top();
  Reg value = any(*e.left);
  out_.release_to(top);
  bool on_null = (e.op == BinaryOp::Equal) == sense;
  out_.jump(e.span, on_null ? Op::JumpIfNull : Op::JumpIfNotNull, to, value);
  return true;
}

namespace {

/// The comparison with its sides exchanged.
BinaryOp mirrored(BinaryOp op) {
  switch (op) {
    case BinaryOp::Less:
      return BinaryOp::Greater;
    case BinaryOp::LessEqual:
      return BinaryOp::GreaterEqual;
    case BinaryOp::Greater:
      return BinaryOp::Less;
    case BinaryOp::GreaterEqual:
      return BinaryOp::LessEqual;
    default:
      return op;
  }
}

Op immediate_jump(BinaryOp op) {
  switch (op) {
    case BinaryOp::Less:
      return Op::JumpLessI;
    case BinaryOp::LessEqual:
      return Op::JumpLessEqualI;
    case BinaryOp::Greater:
      return Op::JumpGreaterI;
    case BinaryOp::GreaterEqual:
      return Op::JumpGreaterEqualI;
    default:
      return Op::JumpEqualI;
  }
}

}  // namespace

bool FunctionCompiler::jump_if_immediate(const ast::BinaryExpr& e, bool sense, Label& to) {
  const ast::Expr* variable = e.left.get();
  BinaryOp op = e.op;
  auto value = small_int(*e.right);
  if (!value) {
    value = small_int(*e.left);
    variable = e.right.get();
    op = mirrored(op);
  }
  if (!value) return false;
  uint32_t top = out_.top();
  Reg reg = any(*variable);
  out_.release_to(top);
  bool when = op == BinaryOp::NotEqual ? !sense : sense;
  out_.jump(e.span, immediate_jump(op), to, reg, static_cast<uint8_t>(*value), when);
  return true;
}

}  // namespace wakeful
