#include "lang/compile/inspect.h"

namespace wakeful {

using ast::BinaryOp;
using ast::ExprKind;

namespace {

bool has_block(const ast::ExprPtr& e) { return e && contains_block(*e); }

bool call_contains_block(const ast::CallExpr& e) {
  if (has_block(e.callee) || has_block(e.as) || has_block(e.with)) return true;
  for (const auto& arg : e.args) {
    if (has_block(arg.value)) return true;
  }
  return false;
}

bool literal_contains_block(const ast::Expr& e) {
  if (e.kind == ExprKind::List) {
    for (const auto& item : ast::as<ast::ListExpr>(e).items) {
      if (has_block(item.value)) return true;
    }
  } else if (e.kind == ExprKind::Map) {
    for (const auto& entry : ast::as<ast::MapExpr>(e).entries) {
      if (has_block(entry.computed) || has_block(entry.value)) return true;
    }
  } else if (e.kind == ExprKind::Interpolation) {
    for (const auto& part : ast::as<ast::InterpolationExpr>(e).parts) {
      if (has_block(part.value)) return true;
    }
  }
  return false;
}

}  // namespace

bool contains_block(const ast::Expr& e) {
  switch (e.kind) {
    case ExprKind::If:
    case ExprKind::Try:
      return true;
    case ExprKind::Unary:
      return has_block(ast::as<ast::UnaryExpr>(e).operand);
    case ExprKind::Binary:
      return has_block(ast::as<ast::BinaryExpr>(e).left) ||
             has_block(ast::as<ast::BinaryExpr>(e).right);
    case ExprKind::Member:
      return has_block(ast::as<ast::MemberExpr>(e).object);
    case ExprKind::Index:
      return has_block(ast::as<ast::IndexExpr>(e).object) ||
             has_block(ast::as<ast::IndexExpr>(e).index);
    case ExprKind::Slice: {
      const auto& slice = ast::as<ast::SliceExpr>(e);
      return has_block(slice.object) || has_block(slice.begin) || has_block(slice.end);
    }
    case ExprKind::Call:
      return call_contains_block(ast::as<ast::CallExpr>(e));
    case ExprKind::Spawn:
      return has_block(ast::as<ast::SpawnExpr>(e).call);
    case ExprKind::Gather:
      return has_block(ast::as<ast::GatherExpr>(e).operand);
    case ExprKind::WaitAny:
      return has_block(ast::as<ast::WaitAnyExpr>(e).operand);
    case ExprKind::Race:
      return has_block(ast::as<ast::RaceExpr>(e).operand);
    case ExprKind::Batch:
      return has_block(ast::as<ast::BatchExpr>(e).items);
    case ExprKind::List:
    case ExprKind::Map:
    case ExprKind::Interpolation:
      return literal_contains_block(e);
    default:
      return false;  // literals, names, and closures: their variables live in cells
  }
}

bool compares(BinaryOp op) {
  switch (op) {
    case BinaryOp::Equal:
    case BinaryOp::NotEqual:
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual:
    case BinaryOp::In:
    case BinaryOp::NotIn:
      return true;
    default:
      return false;
  }
}

bool gives_bool(const ast::Expr& e) {
  if (e.kind == ExprKind::Bool) return true;
  if (e.kind == ExprKind::Unary) return ast::as<ast::UnaryExpr>(e).op == ast::UnaryOp::Not;
  if (e.kind != ExprKind::Binary) return false;
  const BinaryOp op = ast::as<ast::BinaryExpr>(e).op;
  return compares(op) || op == BinaryOp::Or || op == BinaryOp::And;
}

bool may_fold(const ast::Expr& start) {
  const ast::Expr* e = &start;
  while (true) {
    switch (e->kind) {
      case ExprKind::Null:
      case ExprKind::Bool:
      case ExprKind::Int:
      case ExprKind::Float:
      case ExprKind::Duration:
      case ExprKind::String:
      case ExprKind::Name:
        return true;
      case ExprKind::Unary:
        e = ast::as<ast::UnaryExpr>(*e).operand.get();
        break;
      case ExprKind::Binary: {
        // Most operands are variables; looking at the right side first finds literals in few steps.
        const auto& binary = ast::as<ast::BinaryExpr>(*e);
        if (binary.right->kind != ExprKind::Binary && !may_fold(*binary.right)) return false;
        e = binary.left.get();
        break;
      }
      case ExprKind::Interpolation: {
        for (const auto& part : ast::as<ast::InterpolationExpr>(*e).parts) {
          if (part.value && part.value->kind != ExprKind::Name && !may_fold(*part.value))
            return false;
        }
        return true;
      }
      case ExprKind::Member:
        return ast::as<ast::MemberExpr>(*e).object->kind == ExprKind::Name;
      default:
        return false;
    }
  }
}

bool writes_last(const ast::Expr& e) {
  switch (e.kind) {
    case ExprKind::Null:
    case ExprKind::Bool:
    case ExprKind::Int:
    case ExprKind::Float:
    case ExprKind::Duration:
    case ExprKind::String:
    case ExprKind::Name:
    case ExprKind::Unary:
    case ExprKind::Interpolation:
    case ExprKind::Lambda:
      return true;
    case ExprKind::Member:
    case ExprKind::Index:
      return !has_optional(e);
    case ExprKind::Binary:
      switch (ast::as<ast::BinaryExpr>(e).op) {
        case BinaryOp::And:
        case BinaryOp::Or:
        case BinaryOp::Coalesce:
        case BinaryOp::NotIn:
          return false;
        default:
          return true;
      }
    default:
      return false;
  }
}

const ast::Expr* link_object(const ast::Expr& e) {
  switch (e.kind) {
    case ExprKind::Member:
      return ast::as<ast::MemberExpr>(e).object.get();
    case ExprKind::Index:
      return ast::as<ast::IndexExpr>(e).object.get();
    case ExprKind::Slice:
      return ast::as<ast::SliceExpr>(e).object.get();
    case ExprKind::Call:
      return ast::as<ast::CallExpr>(e).callee.get();
    default:
      return nullptr;
  }
}

bool has_optional(const ast::Expr& start) {
  const ast::Expr* e = &start;
  while (true) {
    if (e->kind == ExprKind::Member && ast::as<ast::MemberExpr>(*e).optional) return true;
    e = link_object(*e);
    if (e == nullptr || e->parenthesised) return false;
  }
}

}  // namespace wakeful
