// Operators on constants. Where the machine would throw, nothing is folded: a function then throws
// at run time, a top-level `let` is an error with the reason given here.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/base/numbers.h"
#include "lang/compile/constant_text.h"
#include "lang/compile/fold.h"
#include "lang/compile/pool.h"

namespace wakeful {
namespace {

using ast::BinaryOp;
using Kind = Constant::Kind;

bool is_number(const Constant& c) { return c.kind == Kind::Int || c.kind == Kind::Float; }
double number_of(const Constant& c) {
  return c.kind == Kind::Int ? static_cast<double>(c.integer) : c.real;
}

const char* kind_name(const Constant& c) {
  switch (c.kind) {
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return "bool";
    case Kind::Int:
      return "int";
    case Kind::Float:
      return "float";
    case Kind::Duration:
      return "duration";
    case Kind::String:
      return "string";
    case Kind::Callee:
      return "fn";
    case Kind::List:
      return "list";
    case Kind::Map:
      return "map";
    case Kind::Range:
      return "range";
  }
  return "?";
}

std::optional<Constant> overflow(std::string& why) {
  why = "this overflows 64 bits";
  return std::nullopt;
}

std::optional<Constant> fold_ints(BinaryOp op, int64_t a, int64_t b, std::string& why) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::Add:
      return __builtin_add_overflow(a, b, &result) ? overflow(why) : int_constant(result);
    case BinaryOp::Subtract:
      return __builtin_sub_overflow(a, b, &result) ? overflow(why) : int_constant(result);
    case BinaryOp::Multiply:
      return __builtin_mul_overflow(a, b, &result) ? overflow(why) : int_constant(result);
    default:
      break;
  }
  if (b == 0) {
    why = "this divides by zero";
    return std::nullopt;
  }
  if (op == BinaryOp::Divide)
    return float_constant(static_cast<double>(a) / static_cast<double>(b));
  if (b == -1 && a == INT64_MIN) {
    return op == BinaryOp::Modulo ? int_constant(0) : overflow(why);
  }
  int64_t rest = a % b;
  bool down = rest != 0 && (rest < 0) != (b < 0);
  return int_constant(op == BinaryOp::Modulo ? (down ? rest + b : rest) : a / b - (down ? 1 : 0));
}

std::optional<Constant> fold_floats(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::Add:
      return float_constant(a + b);
    case BinaryOp::Subtract:
      return float_constant(a - b);
    case BinaryOp::Multiply:
      return float_constant(a * b);
    case BinaryOp::Divide:
      return float_constant(a / b);
    default:
      return std::nullopt;  // floored division of floats is left to the machine
  }
}

std::optional<Constant> rounded_duration(double ms, std::string& why) {
  if (!(std::fabs(ms) < 9e18)) return overflow(why);
  return duration_constant(std::llround(ms));
}

std::optional<Constant> fold_durations(BinaryOp op, const Constant& a, const Constant& b,
                                       std::string& why) {
  int64_t result = 0;
  bool both = a.kind == Kind::Duration && b.kind == Kind::Duration;
  if (both && op == BinaryOp::Add) {
    return __builtin_add_overflow(a.integer, b.integer, &result) ? overflow(why)
                                                                 : duration_constant(result);
  }
  if (both && op == BinaryOp::Subtract) {
    return __builtin_sub_overflow(a.integer, b.integer, &result) ? overflow(why)
                                                                 : duration_constant(result);
  }
  if (op == BinaryOp::Multiply && (a.kind == Kind::Int || b.kind == Kind::Int) && !both) {
    return __builtin_mul_overflow(a.integer, b.integer, &result) ? overflow(why)
                                                                 : duration_constant(result);
  }
  if (op == BinaryOp::Multiply && is_number(b)) {
    return rounded_duration(static_cast<double>(a.integer) * b.real, why);
  }
  if (op == BinaryOp::Multiply && is_number(a)) {
    return rounded_duration(static_cast<double>(b.integer) * a.real, why);
  }
  return std::nullopt;  // divisions are left to the machine
}

std::optional<Constant> fold_arithmetic(BinaryOp op, const Constant& a, const Constant& b,
                                        std::string& why) {
  if (a.kind == Kind::Int && b.kind == Kind::Int) return fold_ints(op, a.integer, b.integer, why);
  if (is_number(a) && is_number(b)) return fold_floats(op, number_of(a), number_of(b));
  bool durations = a.kind == Kind::Duration || b.kind == Kind::Duration;
  bool others =
      (is_number(a) || a.kind == Kind::Duration) && (is_number(b) || b.kind == Kind::Duration);
  if (durations && others) return fold_durations(op, a, b, why);
  if (op != BinaryOp::Add || a.kind != b.kind) return std::nullopt;
  if (a.kind == Kind::String) return string_constant(a.text + b.text);
  if (a.kind != Kind::List) return std::nullopt;
  Constant joined = a;
  joined.items.insert(joined.items.end(), b.items.begin(), b.items.end());
  return joined;
}

/// -1, 0, 1; nothing where the two have no order.
std::optional<int> order(const Constant& a, const Constant& b) {
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.kind == Kind::Int && b.kind == Kind::Int) return sign(a.integer, b.integer);
  if (a.kind == Kind::Duration && b.kind == Kind::Duration) return sign(a.integer, b.integer);
  if (a.kind == Kind::String && b.kind == Kind::String) return sign(a.text.compare(b.text), 0);
  if (!is_number(a) || !is_number(b)) return std::nullopt;
  if (a.kind == b.kind) {
    if (a.real != a.real || b.real != b.real) return std::nullopt;
    return sign(a.real, b.real);
  }
  const bool int_first = a.kind == Kind::Int;
  const int order = int_first ? compare_int_float(a.integer, b.real)
                              : compare_int_float(b.integer, a.real);
  if (order == 2) return std::nullopt;
  return int_first ? order : -order;
}

std::optional<Constant> fold_in(const Constant& a, const Constant& b) {
  if (b.kind == Kind::List) {
    for (const Constant& item : b.items) {
      if (constants_equal(item, a)) return bool_constant(true);
    }
    return bool_constant(false);
  }
  if (a.kind != Kind::String) return std::nullopt;
  if (b.kind == Kind::String) return bool_constant(b.text.find(a.text) != std::string::npos);
  if (b.kind != Kind::Map) return std::nullopt;
  return bool_constant(std::find(b.keys.begin(), b.keys.end(), a.text) != b.keys.end());
}

bool maps_equal(const Constant& a, const Constant& b) {
  if (a.keys.size() != b.keys.size()) return false;
  for (size_t i = 0; i < a.keys.size(); ++i) {
    auto at = std::find(b.keys.begin(), b.keys.end(), a.keys[i]);
    if (at == b.keys.end()) return false;
    if (!constants_equal(a.items[i], b.items[at - b.keys.begin()])) return false;
  }
  return true;
}

}  // namespace

bool constants_equal(const Constant& a, const Constant& b) {
  if (a.kind == Kind::Int && b.kind == Kind::Float) return int_equals_float(a.integer, b.real);
  if (a.kind == Kind::Float && b.kind == Kind::Int) return int_equals_float(b.integer, a.real);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::Null:
      return true;
    case Kind::Bool:
    case Kind::Int:
    case Kind::Duration:
      return a.integer == b.integer;
    case Kind::Float:
      return a.real == b.real;
    case Kind::String:
      return a.text == b.text;
    case Kind::Callee:
      return a.callee == b.callee && a.integer == b.integer;
    case Kind::Range:
      return a.integer == b.integer && a.end == b.end;
    case Kind::List:
      return a.items.size() == b.items.size() &&
             std::equal(a.items.begin(), a.items.end(), b.items.begin(), constants_equal);
    case Kind::Map:
      return maps_equal(a, b);
  }
  return false;
}

std::optional<Constant> fold_binary(BinaryOp op, const Constant& a, const Constant& b,
                                    std::string& why) {
  std::optional<Constant> result;
  switch (op) {
    case BinaryOp::Equal:
      return bool_constant(constants_equal(a, b));
    case BinaryOp::NotEqual:
      return bool_constant(!constants_equal(a, b));
    case BinaryOp::In:
      result = fold_in(a, b);
      break;
    case BinaryOp::NotIn:
      result = fold_in(a, b);
      if (result) result->integer = !result->integer;
      break;
    case BinaryOp::Less:
      if (auto o = order(a, b)) return bool_constant(*o < 0);
      break;
    case BinaryOp::LessEqual:
      if (auto o = order(a, b)) return bool_constant(*o <= 0);
      break;
    case BinaryOp::Greater:
      if (auto o = order(a, b)) return bool_constant(*o > 0);
      break;
    case BinaryOp::GreaterEqual:
      if (auto o = order(a, b)) return bool_constant(*o >= 0);
      break;
    case BinaryOp::Range:
      if (a.kind == Kind::Int && b.kind == Kind::Int) {
        return Constant{Kind::Range, a.integer, b.integer};
      }
      break;
    default:
      result = fold_arithmetic(op, a, b, why);
  }
  if (!result && why.empty()) {
    why = fmt::format("this cannot be computed for {} and {}", kind_name(a), kind_name(b));
  }
  return result;
}

namespace {
std::string duration_text(int64_t ms) {
  if (ms == 0) return "0s";
  struct Unit {
    uint64_t ms;
    const char* name;
  };
  constexpr Unit kUnits[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}};
  uint64_t left = ms < 0 ? 0 - static_cast<uint64_t>(ms) : static_cast<uint64_t>(ms);
  std::string text = ms < 0 ? "-" : "";
  for (const Unit& unit : kUnits) {
    if (left >= unit.ms) text += fmt::format("{}{}", left / unit.ms, unit.name);
    left %= unit.ms;
  }
  return text;
}
}  // namespace

std::optional<std::string> constant_text(const Constant& c) {
  switch (c.kind) {
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return c.integer ? "true" : "false";
    case Kind::Int:
      return std::to_string(c.integer);
    case Kind::Duration:
      return duration_text(c.integer);
    case Kind::String:
      return c.text;
    default:
      return std::nullopt;  // a float's text is the runtime's affair
  }
}

}  // namespace wakeful
