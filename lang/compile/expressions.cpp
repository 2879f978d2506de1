// Literals, names, operators, texts, lists and maps.
#include <fmt/format.h>

#include <algorithm>

#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"

namespace wakeful {

using ast::BinaryOp;
using ast::ExprKind;

void FunctionCompiler::expr(const ast::Expr& e, Reg to) {
  switch (e.kind) {
    case ExprKind::Null:
    case ExprKind::Bool:
    case ExprKind::Int:
    case ExprKind::Float:
    case ExprKind::Duration:
    case ExprKind::String:
      return load_constant(*folded(e), to, e.span);
    case ExprKind::Interpolation:
      return interpolation(ast::as<ast::InterpolationExpr>(e), to);
    case ExprKind::List:
      return list(ast::as<ast::ListExpr>(e), to);
    case ExprKind::Map:
      return map(ast::as<ast::MapExpr>(e), to);
    case ExprKind::Name:
      return name(ast::as<ast::NameExpr>(e), to);
    case ExprKind::Unary:
      return unary(ast::as<ast::UnaryExpr>(e), to);
    case ExprKind::Binary:
      return binary(ast::as<ast::BinaryExpr>(e), to);
    case ExprKind::Member:
    case ExprKind::Index:
    case ExprKind::Slice:
    case ExprKind::Call:
      return chain(e, to);
    case ExprKind::Lambda:
      return closure("fn", ast::as<ast::LambdaExpr>(e).fn, e.span, to);
    case ExprKind::If:
      return if_expr(ast::as<ast::IfExpr>(e), to);
    case ExprKind::Try:
      return try_expr(ast::as<ast::TryExpr>(e), to);
    case ExprKind::Batch:
      return batch(ast::as<ast::BatchExpr>(e), to);
    case ExprKind::Spawn:
      return spawn(ast::as<ast::SpawnExpr>(e), to);
    case ExprKind::Gather: {
      const auto& gather = ast::as<ast::GatherExpr>(e);
      return wait_for(Op::Gather, *gather.operand, gather.timeout.get(), gather.settled, e.span,
                      to);
    }
    case ExprKind::WaitAny: {
      const auto& wait = ast::as<ast::WaitAnyExpr>(e);
      return wait_for(Op::WaitAny, *wait.operand, wait.timeout.get(), false, e.span, to);
    }
    case ExprKind::Race: {
      const auto& race = ast::as<ast::RaceExpr>(e);
      return wait_for(Op::Race, *race.operand, race.timeout.get(), race.success, e.span, to);
    }
  }
}

Reg FunctionCompiler::any(const ast::Expr& e) {
  if (e.kind == ExprKind::Name) {
    Variable v = find_variable(ast::as<ast::NameExpr>(e).name);
    if (v.where == Variable::Where::Local && !v.cell) return v.index;
  }
  Reg to = out_.take();
  expr(e, to);
  return to;
}

Reg FunctionCompiler::operand(const ast::Expr& e, const ast::Expr* later) {
  if (e.kind == ExprKind::Name && later != nullptr) {
    Variable v = find_variable(ast::as<ast::NameExpr>(e).name);
    bool shared = v.where == Variable::Where::Local && !v.cell;
    if (shared && variables_.assigned.contains(v.id) && contains_block(*later)) {
      Reg copy = out_.take();
      out_.emit(e.span, Op::Move, copy, v.index);
      return copy;
    }
  }
  return any(e);
}

void FunctionCompiler::discard(const ast::Expr& e) {
  uint32_t top = out_.top();
  if (e.kind == ExprKind::If) {
    if_expr(ast::as<ast::IfExpr>(e), std::nullopt);
  } else if (e.kind == ExprKind::Try) {
    try_expr(ast::as<ast::TryExpr>(e), std::nullopt);
  } else {
    any(e);
  }
  out_.release_to(top);
}

void FunctionCompiler::expr_or_absent(const ast::Expr* e, Reg to, Span span) {
  if (e != nullptr) {
    expr(*e, to);
  } else {
    out_.emit(span, Op::LoadAbsent, to);
  }
}

void FunctionCompiler::load_int(int64_t value, Reg to, Span span) {
  load_constant(int_constant(value), to, span);
}

void FunctionCompiler::load_constant(const Constant& c, Reg to, Span span) {
  if (c.kind == Constant::Kind::Null) {
    out_.emit(span, Op::LoadNull, to);
  } else if (c.kind == Constant::Kind::Bool) {
    out_.emit(span, Op::LoadBool, to, c.integer ? 1 : 0);
  } else if (c.kind == Constant::Kind::Int && c.integer == static_cast<int16_t>(c.integer)) {
    out_.emit_wide(span, Op::LoadInt, to, c.integer);
  } else {
    uint32_t index = pool_.constant(c);
    if (index >= kConstantsMax) out_.fail("the program has too many constants");
    out_.emit_wide(span, Op::LoadConst, to, index);
  }
}

std::optional<Constant> FunctionCompiler::folded(const ast::Expr& e) {
  ConstantOf constant_of = [&](const ast::NameExpr& name,
                               const ast::Ident* member) -> const Constant* {
    if (is_local(name.name)) return nullptr;
    Global global = member ? context_.globals.find_member(file_, name.name, member->text)
                           : context_.globals.find(file_, name.name);
    return global.kind == Global::Kind::Let ? global.constant : nullptr;
  };
  FoldFault fault;
  uint32_t depth = 0;
  auto value = fold(e, constant_of, fault, depth);
  // A list or map of an expression is a fresh one each time, a constant would be frozen.
  if (value && (value->kind == Constant::Kind::List || value->kind == Constant::Kind::Map)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int8_t> FunctionCompiler::small_int(const ast::Expr& e) {
  if (!may_fold(e)) return std::nullopt;
  auto value = folded(e);
  if (!value || value->kind != Constant::Kind::Int) return std::nullopt;
  if (value->integer != static_cast<int8_t>(value->integer)) return std::nullopt;
  return static_cast<int8_t>(value->integer);
}

void FunctionCompiler::name(const ast::NameExpr& e, Reg to) {
  Variable v = find_variable(e.name);
  if (v.where != Variable::Where::None) return load_variable(v, to, e.span);
  global_value(context_.globals.find(file_, e.name), e.name, to, e.span);
}

void FunctionCompiler::global_value(const Global& global, const std::string& shown, Reg to,
                                    Span span) {
  switch (global.kind) {
    case Global::Kind::Callee:
    case Global::Kind::Let:
      return load_constant(*global.constant, to, span);
    case Global::Kind::Self:
      out_.emit(span, Op::LoadSelf, to);
      return;
    case Global::Kind::Module:
    case Global::Kind::Alias:
      return error(span, fmt::format("`{}` is a module, not a value", shown),
                   fmt::format("use one of its members: `{}.…`", shown));
    case Global::Kind::None:
      return error(span, fmt::format("unknown name `{}`", shown));
  }
}

void FunctionCompiler::unary(const ast::UnaryExpr& e, Reg to) {
  if (auto value = folded(e)) return load_constant(*value, to, e.span);
  uint32_t top = out_.top();
  Reg from = any(*e.operand);
  out_.release_to(top);
  out_.emit(e.span, e.op == ast::UnaryOp::Not ? Op::Not : Op::Neg, to, from);
}

void FunctionCompiler::binary(const ast::BinaryExpr& e, Reg to) {
  if (may_fold(e)) {
    if (auto value = folded(e)) return load_constant(*value, to, e.span);
  }
  uint32_t top = out_.top();
  switch (e.op) {
    case BinaryOp::And:
    case BinaryOp::Or:
      return logical(e, to);
    case BinaryOp::Coalesce: {
      Label end;
      expr(*e.left, to);
      out_.jump(e.span, Op::JumpIfNotNull, end, to);
      expr(*e.right, to);
      return out_.bind(end);
    }
    case BinaryOp::Equal:
    case BinaryOp::NotEqual:
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual:
    case BinaryOp::In:
    case BinaryOp::NotIn:
      return comparison(e, to);
    case BinaryOp::Range:
    case BinaryOp::Add:
    case BinaryOp::Subtract:
    case BinaryOp::Multiply:
    case BinaryOp::Divide:
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo: {
      Reg left = operand(*e.left, e.right.get());
      arithmetic(e.op, left, *e.right, e.span, to);
      return out_.release_to(top);
    }
  }
}

Op arithmetic_op(BinaryOp op) {
  switch (op) {
    case BinaryOp::Add:
      return Op::Add;
    case BinaryOp::Subtract:
      return Op::Sub;
    case BinaryOp::Multiply:
      return Op::Mul;
    case BinaryOp::Divide:
      return Op::Div;
    case BinaryOp::FloorDivide:
      return Op::FloorDiv;
    case BinaryOp::Modulo:
      return Op::Mod;
    default:
      return Op::Range;
  }
}

namespace {

std::optional<Op> immediate_op(BinaryOp op) {
  switch (op) {
    case BinaryOp::Add:
      return Op::AddI;
    case BinaryOp::Subtract:
      return Op::SubI;
    case BinaryOp::Multiply:
      return Op::MulI;
    case BinaryOp::FloorDivide:
      return Op::FloorDivI;
    case BinaryOp::Modulo:
      return Op::ModI;
    default:
      return std::nullopt;
  }
}

std::optional<Op> constant_op(BinaryOp op) {
  switch (op) {
    case BinaryOp::Add:
      return Op::AddK;
    case BinaryOp::Subtract:
      return Op::SubK;
    case BinaryOp::Multiply:
      return Op::MulK;
    case BinaryOp::Divide:
      return Op::DivK;
    default:
      return std::nullopt;
  }
}

}  // namespace

void FunctionCompiler::arithmetic(BinaryOp op, Reg left, const ast::Expr& right, Span span,
                                  Reg to) {
  if (auto immediate = immediate_op(op)) {
    if (auto value = small_int(right)) {
      out_.emit(span, *immediate, to, left, static_cast<uint8_t>(*value));
      return;
    }
  }
  auto with_constant = constant_op(op);
  if (with_constant && may_fold(right)) {
    if (auto value = folded(right)) {
      uint32_t index = pool_.constant(*value);
      if (index < 256) {
        out_.emit(span, *with_constant, to, left, index);
        return;
      }
    }
  }
  Reg operand = any(right);
  out_.emit(span, arithmetic_op(op), to, left, operand);
}

void FunctionCompiler::comparison(const ast::BinaryExpr& e, Reg to) {
  uint32_t top = out_.top();
  Reg left = operand(*e.left, e.right.get());
  Reg right = any(*e.right);
  out_.release_to(top);
  compare(e.op, left, right, e.span, to);
}

void FunctionCompiler::compare(BinaryOp op, Reg left, Reg right, Span span, Reg to) {
  switch (op) {
    case BinaryOp::Equal:
      out_.emit(span, Op::Equal, to, left, right);
      return;
    case BinaryOp::NotEqual:
      out_.emit(span, Op::NotEqual, to, left, right);
      return;
    case BinaryOp::Less:
      out_.emit(span, Op::Less, to, left, right);
      return;
    case BinaryOp::LessEqual:
      out_.emit(span, Op::LessEqual, to, left, right);
      return;
    case BinaryOp::Greater:
      out_.emit(span, Op::Less, to, right, left);
      return;
    case BinaryOp::GreaterEqual:
      out_.emit(span, Op::LessEqual, to, right, left);
      return;
    default:
      break;
  }
  out_.emit(span, Op::In, to, left, right);
  if (op == BinaryOp::NotIn) out_.emit(span, Op::Not, to, to);
}

void FunctionCompiler::logical(const ast::BinaryExpr& e, Reg to) {
  Label end;
  expr(*e.left, to);
  out_.jump(e.left->span, e.op == BinaryOp::And ? Op::JumpIfNot : Op::JumpIf, end, to);
  expr(*e.right, to);
  if (!gives_bool(*e.right)) out_.emit(e.right->span, Op::CheckBool, to);
  out_.bind(end);
}

void FunctionCompiler::interpolation(const ast::InterpolationExpr& e, Reg to) {
  constexpr uint32_t kPartsAtOnce = 32;  // a longer text is joined piece by piece
  if (may_fold(e)) {
    if (auto value = folded(e)) return load_constant(*value, to, e.span);
  }
  uint32_t top = out_.top();
  uint32_t count = 0;
  for (const auto& part : e.parts) {
    if (count == kPartsAtOnce) {
      out_.release_to(top);
      Reg joined = out_.take();
      out_.emit(e.span, Op::Concat, joined, top, count);
      count = 1;
    }
    if (!part.value && part.text.empty()) continue;
    Reg reg = out_.take();
    ++count;
    if (part.value) {
      expr(*part.value, reg);
    } else {
      load_constant(string_constant(part.text), reg, e.span);
    }
  }
  out_.release_to(top);
  if (count == 0) return load_constant(string_constant(""), to, e.span);
  out_.emit(e.span, Op::Concat, to, top, count);
}

void FunctionCompiler::list(const ast::ListExpr& e, Reg to) {
  out_.emit_wide(e.span, Op::NewList, to, std::min<size_t>(e.items.size(), UINT16_MAX));
  for (const auto& item : e.items) {
    uint32_t top = out_.top();
    Reg value = any(*item.value);
    out_.release_to(top);
    out_.emit(item.value->span, item.spread ? Op::ListExtend : Op::ListAppend, to, value);
  }
}

void FunctionCompiler::map(const ast::MapExpr& e, Reg to) {
  out_.emit_wide(e.span, Op::NewMap, to, std::min<size_t>(e.entries.size(), UINT16_MAX));
  for (const auto& entry : e.entries) {
    uint32_t top = out_.top();
    map_entry(entry, to);
    out_.release_to(top);
  }
}

void FunctionCompiler::map_entry(const ast::MapExpr::Entry& entry, Reg to) {
  Span span = entry.value->span;
  if (entry.spread) {
    out_.emit(span, Op::MapMerge, to, any(*entry.value));
  } else if (entry.computed) {
    Reg key = operand(*entry.computed, entry.value.get());
    Reg value = any(*entry.value);
    out_.emit(entry.computed->span, Op::MapPutDynamic, to, key, value);
  } else {
    Reg value = any(*entry.value);
    out_.emit_extra(span, Op::MapPut, to, value, 0, member_word(entry.key.text));
  }
}

uint32_t FunctionCompiler::member_word(std::string_view name) {
  uint32_t index = pool_.string(name);
  if (index >= kConstantsMax) out_.fail("the program has too many constants");
  return (index & 0xFFFF) | pool_.cache() << 16;
}

void FunctionCompiler::error(Span span, std::string message, std::string help) {
  context_.diagnostics.error("misplaced", span, std::move(message), std::move(help));
}

}  // namespace wakeful
