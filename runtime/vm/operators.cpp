// Arithmetic, comparison and `in` on any two values (vm/native.h). The machine's loop handles pairs
// of ints and of floats itself and comes here for the rest.
#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "lang/base/numbers.h"
#include "runtime/vm/messages.h"
#include "runtime/vm/native.h"

namespace wakeful {

bool NativeContext::fail(std::string_view kind, std::string_view message) {
  error = Value::of(make_error(heap, kind, message));
  return false;
}

namespace {

bool overflow(NativeContext& cx, const char* op, Value a, Value b) {
  std::string left, right;
  append_text(left, a);
  append_text(right, b);
  return cx.fail("ArithmeticError",
                 fmt::format("{} {} {} is outside the range of {}", left, op, right,
                             a.is(Tag::Int) ? "64-bit ints" : "durations and times"));
}

bool by_zero(NativeContext& cx, const char* op) {
  return cx.fail("ArithmeticError", fmt::format("division by zero with `{}`", op));
}

bool mismatch(NativeContext& cx, const char* op, const char* takes, Value a, Value b,
              std::string_view remedy = "") {
  return cx.fail("TypeError", fmt::format("`{}` takes {}, got {} and {}{}{}", op, takes, a_value(a),
                                          a_value(b), remedy.empty() ? "" : "; ", remedy));
}

bool too_large(NativeContext& cx, const char* what, uint64_t bytes) {
  return cx.fail("ResourceExhausted",
                 fmt::format("a {} of {} bytes is more than the heap limit of {} bytes", what,
                             bytes, cx.heap.limit_bytes()));
}

bool both(Value a, Value b, Tag tag) { return a.is(tag) && b.is(tag); }
bool numbers(Value a, Value b) { return a.is_number() && b.is_number(); }
bool is_sequence(Value v) { return v.is(Tag::List) || v.is(Tag::Range); }

Value like(Value model, int64_t ms) {
  return model.is(Tag::Time) ? Value::time(ms) : Value::duration(ms);
}

bool sum_ms(NativeContext& cx, Value a, Value b, Value model, Value& result) {
  int64_t sum;
  if (__builtin_add_overflow(a.integer, b.integer, &sum)) return overflow(cx, "+", a, b);
  result = like(model, sum);
  return true;
}

bool difference_ms(NativeContext& cx, Value a, Value b, Value model, Value& result) {
  int64_t difference;
  if (__builtin_sub_overflow(a.integer, b.integer, &difference)) return overflow(cx, "-", a, b);
  result = like(model, difference);
  return true;
}

/// A duration from a float of milliseconds, rounded to the nearest one.
bool rounded_ms(NativeContext& cx, double ms, const char* op, Value a, Value b, Value& result) {
  const double rounded = std::round(ms);
  if (!(rounded >= -kTwoTo63 && rounded < kTwoTo63)) return overflow(cx, op, a, b);
  result = Value::duration(static_cast<int64_t>(rounded));
  return true;
}

void append_elements(Heap& heap, List* to, Value sequence) {
  if (sequence.is(Tag::List)) {
    const List* from = sequence.list();
    for (uint32_t i = 0; i < from->count; ++i) list_push(heap, to, from->storage->items[i]);
    return;
  }
  const auto* range = sequence.as<Range>();
  const int64_t count = range->count();
  for (int64_t i = 0; i < count; ++i) {
    list_push(heap, to, Value::of(range->begin + range->step * i));
  }
}

uint64_t sequence_count(Value v) {
  return v.is(Tag::List) ? v.list()->count : static_cast<uint64_t>(v.as<Range>()->count());
}

bool join_lists(NativeContext& cx, Value a, Value b, Value& result) {
  const uint64_t first = sequence_count(a);
  const uint64_t second = sequence_count(b);
  const uint64_t limit = cx.heap.limit_bytes() / sizeof(Value);
  if (first > limit || second > limit || !cx.heap.fits((first + second) * sizeof(Value))) {
    return too_large(cx, "list", (first / 2 + second / 2) * 2 * sizeof(Value));
  }
  List* joined = make_list(cx.heap, static_cast<uint32_t>(first + second));
  append_elements(cx.heap, joined, a);
  append_elements(cx.heap, joined, b);
  result = Value::of(joined);
  return true;
}

bool join_strings(NativeContext& cx, String* a, String* b, Value& result) {
  const size_t bytes = size_t{a->bytes} + b->bytes;
  if (!cx.heap.fits(bytes)) return too_large(cx, "string", bytes);
  if (a->bytes == 0) {
    result = Value::of(b);
  } else if (b->bytes == 0) {
    result = Value::of(a);
  } else {
    result = Value::of(concat_strings(cx.heap, a, b));
  }
  return true;
}

bool cannot_add(NativeContext& cx, Value a, Value b) {
  std::string_view remedy;
  if (a.is(Tag::String) || b.is(Tag::String)) {
    remedy = "to put a value into a string use \"${x}\"";
  } else if (is_sequence(a)) {
    remedy = "to add one element use `[...xs, x]` or `xs.push(x)`";
  } else if (both(a, b, Tag::Time)) {
    remedy = "`-` gives the duration between two times";
  } else if (both(a, b, Tag::Map)) {
    remedy = "to join maps use `{...a, ...b}`";
  }
  return mismatch(cx, "+", "two numbers, strings, lists or durations, or a time and a duration", a,
                  b, remedy);
}

}  // namespace

bool op_add(NativeContext& cx, Value a, Value b, Value& result) {
  if (both(a, b, Tag::Int)) {
    int64_t sum;
    if (__builtin_add_overflow(a.integer, b.integer, &sum)) return overflow(cx, "+", a, b);
    result = Value::of(sum);
    return true;
  }
  if (numbers(a, b)) {
    result = Value::of(a.number() + b.number());
    return true;
  }
  if (both(a, b, Tag::String)) return join_strings(cx, a.string(), b.string(), result);
  if (is_sequence(a) && is_sequence(b)) return join_lists(cx, a, b, result);
  if (both(a, b, Tag::Duration)) return sum_ms(cx, a, b, a, result);
  if (a.is(Tag::Time) && b.is(Tag::Duration)) return sum_ms(cx, a, b, a, result);
  if (a.is(Tag::Duration) && b.is(Tag::Time)) return sum_ms(cx, a, b, b, result);
  return cannot_add(cx, a, b);
}

bool op_sub(NativeContext& cx, Value a, Value b, Value& result) {
  if (both(a, b, Tag::Int)) {
    int64_t difference;
    if (__builtin_sub_overflow(a.integer, b.integer, &difference)) return overflow(cx, "-", a, b);
    result = Value::of(difference);
    return true;
  }
  if (numbers(a, b)) {
    result = Value::of(a.number() - b.number());
    return true;
  }
  if (both(a, b, Tag::Duration) || both(a, b, Tag::Time)) {
    return difference_ms(cx, a, b, Value::duration(0), result);
  }
  if (a.is(Tag::Time) && b.is(Tag::Duration)) return difference_ms(cx, a, b, a, result);
  return mismatch(cx, "-", "two numbers, durations or times, or a time and a duration", a, b);
}

bool op_mul(NativeContext& cx, Value a, Value b, Value& result) {
  if (both(a, b, Tag::Int)) {
    int64_t product;
    if (__builtin_mul_overflow(a.integer, b.integer, &product)) return overflow(cx, "*", a, b);
    result = Value::of(product);
    return true;
  }
  if (numbers(a, b)) {
    result = Value::of(a.number() * b.number());
    return true;
  }
  if (a.is_number() && b.is(Tag::Duration)) std::swap(a, b);
  if (a.is(Tag::Duration) && b.is(Tag::Int)) {
    int64_t product;
    if (__builtin_mul_overflow(a.integer, b.integer, &product)) return overflow(cx, "*", a, b);
    result = Value::duration(product);
    return true;
  }
  if (a.is(Tag::Duration) && b.is(Tag::Float)) {
    return rounded_ms(cx, static_cast<double>(a.integer) * b.real, "*", a, b, result);
  }
  const bool text = a.is(Tag::String) || b.is(Tag::String);
  return mismatch(cx, "*", "two numbers, or a duration and a number", a, b,
                  text ? "to repeat a string use `s.repeat(n)`" : "");
}

namespace {

/// Integer division, rounded to the nearest, halves away from zero. b is not 0.
bool divide_ms(NativeContext& cx, Value a, Value b, Value& result) {
  if (b.integer == -1 && a.integer == INT64_MIN) return overflow(cx, "/", a, b);
  int64_t quotient = a.integer / b.integer;
  const int64_t rest = a.integer % b.integer;
  const uint64_t rest_size =
      rest < 0 ? 0 - static_cast<uint64_t>(rest) : static_cast<uint64_t>(rest);
  const uint64_t size =
      b.integer < 0 ? 0 - static_cast<uint64_t>(b.integer) : static_cast<uint64_t>(b.integer);
  if (rest_size >= size - rest_size) quotient += (a.integer < 0) == (b.integer < 0) ? 1 : -1;
  result = Value::duration(quotient);
  return true;
}

}  // namespace

bool op_div(NativeContext& cx, Value a, Value b, Value& result) {
  if (numbers(a, b)) {
    if (both(a, b, Tag::Int) && b.integer == 0) return by_zero(cx, "/");
    result = Value::of(a.number() / b.number());
    return true;
  }
  if (both(a, b, Tag::Duration)) {
    if (b.integer == 0) return by_zero(cx, "/");
    result = Value::of(static_cast<double>(a.integer) / static_cast<double>(b.integer));
    return true;
  }
  if (a.is(Tag::Duration) && b.is_number()) {
    if (b.number() == 0) return by_zero(cx, "/");
    if (b.is(Tag::Int)) return divide_ms(cx, a, b, result);
    return rounded_ms(cx, static_cast<double>(a.integer) / b.real, "/", a, b, result);
  }
  return mismatch(cx, "/", "two numbers, two durations, or a duration and a number", a, b);
}

namespace {

/// The quotient that goes with the remainder of `%`: a == b * (a // b) + a % b, up to rounding. floor(a / b) would not
/// do: 1.0 / 0.1 is rounded up to 10.0, although 0.1 is a little more than a tenth and `1.0 % 0.1` is 0.0999….
double floor_divide(double a, double b) {
  if (b == 0 || !std::isfinite(a)) return std::floor(a / b);
  const double rest = std::fmod(a, b);
  const double quotient = std::round((a - rest) / b);
  if (quotient == 0 && (rest == 0 || (rest < 0) == (b < 0))) return std::copysign(0.0, a / b);
  return rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient;
}

}  // namespace

bool op_floor_div(NativeContext& cx, Value a, Value b, Value& result) {
  if (both(a, b, Tag::Int)) {
    if (b.integer == 0) return by_zero(cx, "//");
    if (b.integer == -1) {
      if (a.integer == INT64_MIN) return overflow(cx, "//", a, b);
      result = Value::of(-a.integer);
      return true;
    }
    const int64_t quotient = a.integer / b.integer;
    const bool inexact = a.integer % b.integer != 0;
    result = Value::of(quotient - (inexact && (a.integer < 0) != (b.integer < 0)));
    return true;
  }
  if (numbers(a, b)) {
    result = Value::of(floor_divide(a.number(), b.number()));
    return true;
  }
  return mismatch(cx, "//", "two numbers", a, b);
}

bool op_mod(NativeContext& cx, Value a, Value b, Value& result) {
  if (both(a, b, Tag::Int)) {
    if (b.integer == 0) return by_zero(cx, "%");
    int64_t rest = b.integer == -1 ? 0 : a.integer % b.integer;
    if (rest != 0 && (rest < 0) != (b.integer < 0)) rest += b.integer;
    result = Value::of(rest);
    return true;
  }
  if (numbers(a, b)) {
    const double divisor = b.number();
    double rest = std::fmod(a.number(), divisor);
    if (rest != 0 && (rest < 0) != (divisor < 0)) rest += divisor;
    if (rest == 0) rest = std::copysign(0.0, divisor);
    result = Value::of(rest);
    return true;
  }
  return mismatch(cx, "%", "two numbers", a, b);
}

bool op_negate(NativeContext& cx, Value a, Value& result) {
  if (a.is(Tag::Float)) {
    result = Value::of(-a.real);
    return true;
  }
  if (a.is(Tag::Int) || a.is(Tag::Duration)) {
    if (a.integer == INT64_MIN) {
      return cx.fail("ArithmeticError",
                     fmt::format("-({}) is outside the range of 64-bit ints", a.integer));
    }
    result = a;
    result.integer = -a.integer;
    return true;
  }
  return cx.fail("TypeError",
                 fmt::format("unary `-` takes a number or a duration, got {}", a_value(a)));
}

namespace {

constexpr int kUnordered = 2;

/// -1, 0, 1, or kUnordered where a NaN is in it.
int compare_numbers(Value a, Value b) {
  if (both(a, b, Tag::Int)) return a.integer < b.integer ? -1 : a.integer > b.integer;
  if (a.is(Tag::Int)) return compare_int_float(a.integer, b.real);
  if (b.is(Tag::Int)) {
    const int reversed = compare_int_float(b.integer, a.real);
    return reversed == kUnordered ? kUnordered : -reversed;
  }
  return a.real < b.real ? -1 : a.real > b.real ? 1 : a.real == b.real ? 0 : kUnordered;
}

/// UTF-8 keeps the order of code points.
int compare_strings(const String* a, const String* b) {
  const int order = std::memcmp(a->data, b->data, std::min(a->bytes, b->bytes));
  if (order != 0) return order < 0 ? -1 : 1;
  return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

bool compare(NativeContext& cx, const char* op, Value a, Value b, int& order) {
  if (numbers(a, b)) {
    order = compare_numbers(a, b);
  } else if (both(a, b, Tag::String)) {
    order = compare_strings(a.string(), b.string());
  } else if (both(a, b, Tag::Duration) || both(a, b, Tag::Time)) {
    order = a.integer < b.integer ? -1 : a.integer > b.integer;
  } else {
    return mismatch(cx, op, "two numbers, strings, durations or times", a, b);
  }
  return true;
}

}  // namespace

bool op_less(NativeContext& cx, Value a, Value b, bool& result) {
  int order = 0;
  if (!compare(cx, "<", a, b, order)) return false;
  result = order == -1;
  return true;
}

bool op_less_equal(NativeContext& cx, Value a, Value b, bool& result) {
  int order = 0;
  if (!compare(cx, "<=", a, b, order)) return false;
  result = order == -1 || order == 0;
  return true;
}

namespace {

bool range_contains(const Range* range, Value x) {
  int64_t wanted = x.integer;
  if (x.is(Tag::Float)) {
    if (!(x.real >= -kTwoTo63 && x.real < kTwoTo63)) return false;
    wanted = static_cast<int64_t>(x.real);
    if (static_cast<double>(wanted) != x.real) return false;
  } else if (!x.is(Tag::Int)) {
    return false;
  }
  const bool inside = range->step > 0 ? wanted >= range->begin && wanted < range->end
                                      : wanted <= range->begin && wanted > range->end;
  if (!inside) return false;
  const auto distance = range->step > 0
                            ? static_cast<uint64_t>(wanted) - static_cast<uint64_t>(range->begin)
                            : static_cast<uint64_t>(range->begin) - static_cast<uint64_t>(wanted);
  const auto stride =
      range->step > 0 ? static_cast<uint64_t>(range->step) : 0 - static_cast<uint64_t>(range->step);
  return distance % stride == 0;
}

bool list_contains(const List* list, Value x) {
  for (uint32_t i = 0; i < list->count; ++i) {
    if (equals(list->storage->items[i], x)) return true;
  }
  return false;
}

}  // namespace

bool op_in(NativeContext& cx, Value a, Value b, bool& result) {
  switch (b.tag) {
    case Tag::List:
      result = list_contains(b.list(), a);
      return true;
    case Tag::Range:
      result = range_contains(b.as<Range>(), a);
      return true;
    case Tag::Map:
      if (!a.is(Tag::String)) {
        return cx.fail(
            "TypeError",
            fmt::format("the keys of a map are strings: `in` got {} on its left; use \"${{x}}\"",
                        a_value(a)));
      }
      result = map_find(b.map(), a.string()) != nullptr;
      return true;
    case Tag::String:
      if (!a.is(Tag::String)) {
        return cx.fail(
            "TypeError",
            fmt::format("`in` looks for a string in a string, got {} on its left", a_value(a)));
      }
      result = b.string()->view().find(a.string()->view()) != std::string_view::npos;
      return true;
    default:
      return cx.fail(
          "TypeError",
          fmt::format("`in` looks into a list, a range, a map or a string, got {}", a_value(b)));
  }
}

}  // namespace wakeful
