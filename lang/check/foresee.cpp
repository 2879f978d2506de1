// Mistakes of types and arithmetic that can be seen in the text: warnings here, errors of the run
// there. Only what is certain is said; a literal and what is made of literals.
#include "lang/check/checker.h"

namespace wakeful::checking {

const char* name_of(Sort sort) {
  switch (sort) {
    case Sort::Unknown:
      return "a value";
    case Sort::Null:
      return "null";
    case Sort::Bool:
      return "a bool";
    case Sort::Int:
      return "an int";
    case Sort::Float:
      return "a float";
    case Sort::Number:
      return "a number";
    case Sort::String:
      return "a string";
    case Sort::List:
      return "a list";
    case Sort::Map:
      return "a map";
    case Sort::Duration:
      return "a duration";
    case Sort::Time:
      return "a time";
    case Sort::Error:
      return "an error";
    case Sort::Fn:
      return "a fn";
  }
  return "";
}

void Checker::foresee_condition(const ast::Expr& e, const char* where) {
  const Sort sort = sort_of(e);
  if (sort == Sort::Unknown || sort == Sort::Bool) return;
  const bool number = sort == Sort::Int || sort == Sort::Float;
  mistake(e.span, std::string(where) + " must be a bool, this is " + name_of(sort),
          number               ? "compare it: `!= 0`"
          : sort == Sort::Null ? "write `false`, or `?? false`"
                               : "compare it, as with `!= null` or `.len() > 0`");
}

void Checker::foresee_binary(const ast::BinaryExpr& e) {
  using Op = ast::BinaryOp;
  const Sort left = operand_sort(*e.left), right = operand_sort(*e.right);
  auto number = [](Sort sort) {
    return sort == Sort::Int || sort == Sort::Float || sort == Sort::Number;
  };
  switch (e.op) {
    case Op::And:
    case Op::Or: {
      const char* where = e.op == Op::And ? "each side of `and`" : "each side of `or`";
      foresee_condition(*e.left, where);
      return foresee_condition(*e.right, where);
    }
    case Op::Equal:
    case Op::NotEqual:
    case Op::Coalesce:
    case Op::In:
    case Op::NotIn:
      return;
    case Op::Divide:
    case Op::FloorDivide:
    case Op::Modulo: {
      const bool zero =
          e.right->kind == ast::ExprKind::Int && ast::as<ast::IntExpr>(*e.right).value == 0;
      if (zero && left == Sort::Int)
        return mistake(e.right->span, "a division of ints by zero throws ArithmeticError");
      break;
    }
    case Op::Range:
      if ((left == Sort::Unknown || left == Sort::Int || left == Sort::Number) &&
          (right == Sort::Unknown || right == Sort::Int || right == Sort::Number))
        return;
      return mistake(e.span, "a range goes from int to int");
    default:
      break;
  }
  if (left == Sort::Unknown || right == Sort::Unknown) return;
  bool fits = number(left) && number(right);
  const bool durations = left == Sort::Duration && right == Sort::Duration;
  const bool times = left == Sort::Time && right == Sort::Time;
  const bool shifted = (left == Sort::Time && right == Sort::Duration);
  switch (e.op) {
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      fits |= durations || times || (left == Sort::String && right == Sort::String);
      break;
    case Op::Add:
      fits |= durations || shifted || (left == Sort::Duration && right == Sort::Time) ||
              (left == right && (left == Sort::String || left == Sort::List));
      break;
    case Op::Subtract:
      fits |= durations || times || shifted;
      break;
    case Op::Multiply:
      fits |=
          (left == Sort::Duration && number(right)) || (number(left) && right == Sort::Duration);
      break;
    case Op::Divide:
      fits |= durations || (left == Sort::Duration && number(right));
      break;
    default:
      break;
  }
  if (fits) return;
  const bool text = e.op == Op::Add && (left == Sort::String || right == Sort::String);
  mistake(e.op_span,
          std::string("this operator does not take ") + name_of(left) + " and " + name_of(right) +
              ": a TypeError",
          text ? "write `\"${a}${b}\"` to join as text" : "");
}

void Checker::foresee_index(const ast::IndexExpr& e) {
  if (e.object->kind == ast::ExprKind::List && e.index->kind == ast::ExprKind::Int) {
    const auto& items = ast::as<ast::ListExpr>(*e.object).items;
    for (const auto& item : items) {
      if (item.spread) return;
    }
    const int64_t index = ast::as<ast::IntExpr>(*e.index).value;
    if (index >= static_cast<int64_t>(items.size())) {
      mistake(e.index->span, "this list has " + std::to_string(items.size()) + " elements; index " +
                                 std::to_string(index) + " throws IndexError");
    }
    return;
  }
  const Sort object = sort_of(*e.object), index = sort_of(*e.index);
  if (object == Sort::List && index != Sort::Unknown && index != Sort::Int) {
    mistake(e.index->span, std::string("the index of a list is an int, this is ") + name_of(index));
  }
  if (object == Sort::Map && index != Sort::Unknown && index != Sort::String) {
    mistake(e.index->span, std::string("the keys of a map are strings, this is ") + name_of(index),
            "write `m[str(x)]`");
  }
}

void Checker::foresee_at_least_one(const ast::ExprPtr& e, const char* word) {
  if (!e) return;
  const Sort sort = sort_of(*e);
  const bool small = e->kind == ast::ExprKind::Int && ast::as<ast::IntExpr>(*e).value < 1;
  if (small || (sort != Sort::Unknown && sort != Sort::Int))
    mistake(e->span, ticked(word) + " takes an int of at least 1");
}

}  // namespace wakeful::checking
