// What needs an order: sorting, min and max; and sums.
#include <algorithm>
#include <numeric>
#include <vector>

#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

/// All of one kind that has an order, else a TypeError that names the first two that differ.
bool check_one_order(NativeContext& cx, const Sequence& xs, const char* call) {
  if (!xs.list) return true;
  const OrderClass first = xs.count ? order_class(xs[0]) : OrderClass::Number;
  for (int64_t i = 0; i < xs.count; ++i) {
    const OrderClass c = order_class(xs[i]);
    if (c != OrderClass::None && c == first) continue;
    if (c == OrderClass::None) {
      return cx.fail(
          "TypeError",
          fmt::format(
              "{} orders numbers, strings, durations or times, but element {} is of type {}; "
              "use sort_by(x => …) or sort((a, b) => …)",
              call, i, type_name(xs[i])));
    }
    return cx.fail("TypeError", fmt::format("{} cannot order {} and {} (elements 0 and {})", call,
                                            type_name(xs[0]), type_name(xs[i]), i));
  }
  return true;
}

bool all_are(const List* list, Tag tag) {
  return std::all_of(list->begin(), list->end(), [tag](Value v) { return v.is(tag); });
}

/// Ints that are equal cannot be told apart, so they need no stable sort.
void sort_values(List* list) {
  if (list->count < 2) return;
  if (all_are(list, Tag::Int) || list->begin()->is(Tag::Duration) || list->begin()->is(Tag::Time)) {
    std::sort(list->begin(), list->end(), [](Value a, Value b) { return a.integer < b.integer; });
  } else {
    std::stable_sort(list->begin(), list->end(),
                     [](Value a, Value b) { return compare(a, b) < 0; });
  }
}

bool copy_of(NativeContext& cx, const Sequence& xs, const char* call, List*& out) {
  if (!new_list(cx, call, static_cast<uint64_t>(xs.count), out)) return false;
  for (int64_t i = 0; i < xs.count; ++i) list_push(cx.heap, out, xs[i]);
  return true;
}

/// sign -1: the least, 1: the greatest; the first of equal ones.
bool extreme(NativeContext& cx, const Sequence& xs, const char* call, int sign, Value& result) {
  result = Value::null();
  if (xs.count == 0) return true;
  if (!xs.list) {
    result = xs[(xs.step > 0) == (sign > 0) ? xs.count - 1 : 0];
    return true;
  }
  if (!check_one_order(cx, xs, call)) return false;
  result = xs[0];
  for (int64_t i = 1; i < xs.count; ++i) {
    if (compare(xs[i], result) * sign > 0) result = xs[i];
  }
  return true;
}

bool extreme_of_values(NativeContext& cx, Value rest, const char* call, int sign, Value& result) {
  if (rest.is_absent() || rest.list()->count == 0) {
    return cx.fail("ArgumentError", fmt::format("{} takes values or one list, got nothing", call));
  }
  const Value first = rest.list()->begin()[0];
  const bool one_list = rest.list()->count == 1 && is_sequence(first);
  return extreme(cx, sequence_of(one_list ? first : rest), call, sign, result);
}

}  // namespace

bool sorted(NativeContext& cx, Value* args, Value& result) {
  Sequence xs;
  List* out;
  if (!want_sequence(cx, args[0], "sort()", "its list", xs) || !check_one_order(cx, xs, "sort()"))
    return false;
  if (!copy_of(cx, xs, "sort()", out)) return false;
  sort_values(out);
  result = Value::of(out);
  return true;
}

bool sorted_by_keys(NativeContext& cx, Value* args, Value& result) {
  Sequence xs, keys;
  if (!want_sequence(cx, args[0], "sort_by()", "its list", xs)) return false;
  if (!want_sequence(cx, args[1], "sort_by()", "its keys", keys)) return false;
  if (!check_one_order(cx, keys, "sort_by()")) return false;
  List* out;
  const int64_t count = std::min(xs.count, keys.count);
  if (!new_list(cx, "sort_by()", static_cast<uint64_t>(count), out)) return false;
  std::vector<std::pair<Value, Value>> pairs;
  pairs.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) pairs.emplace_back(keys[i], xs[i]);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return compare(a.first, b.first) < 0; });
  for (const auto& pair : pairs) list_push(cx.heap, out, pair.second);
  result = Value::of(out);
  return true;
}

bool comes_before(NativeContext& cx, Value* args, Value& result) {
  const Value answer = args[0];
  if (answer.is(Tag::Bool)) {
    result = answer;
  } else if (answer.is_number()) {
    result = Value::of(answer.number() < 0);
  } else {
    return cx.fail(
        "TypeError",
        fmt::format("the function given to sort() must give a number (negative: its first "
                    "argument comes first) or a bool (true: it comes first), got {}",
                    type_name(answer)));
  }
  return true;
}

bool list_min(NativeContext& cx, Value* args, Value& result) {
  return extreme(cx, sequence_of(args[0]), "min()", -1, result);
}
bool list_max(NativeContext& cx, Value* args, Value& result) {
  return extreme(cx, sequence_of(args[0]), "max()", 1, result);
}
bool min_of(NativeContext& cx, Value* args, Value& result) {
  return extreme_of_values(cx, args[0], "min()", -1, result);
}
bool max_of(NativeContext& cx, Value* args, Value& result) {
  return extreme_of_values(cx, args[0], "max()", 1, result);
}

namespace {

bool overflow(NativeContext& cx, const char* call) {
  return cx.fail("ArithmeticError", fmt::format("{} does not fit 64 bits", call));
}

/// Exact: a range can have 2^63 elements.
Wide sum_of_range(const Sequence& xs) {
  const Wide first = xs[0].integer, last = xs[xs.count - 1].integer, count = xs.count;
  return (first + last) % 2 == 0 ? (first + last) / 2 * count : (first + last) * (count / 2);
}

bool narrow(NativeContext& cx, const char* call, Wide wide, int64_t& out) {
  out = static_cast<int64_t>(wide);
  return out == wide || overflow(cx, call);
}

/// Adds up numbers, or durations; the sum as op_add would give it, from the left.
bool add_up(NativeContext& cx, const Sequence& xs, const char* call, Value& result) {
  result = Value::of(int64_t{0});
  if (xs.count == 0) return true;
  if (!xs.list) return narrow(cx, call, sum_of_range(xs), result.integer);
  if (xs[0].is(Tag::Duration)) result = Value::duration(0);
  for (int64_t i = 0; i < xs.count; ++i) {
    const Value x = xs[i];
    if (x.tag == result.tag && !x.is(Tag::Float)) {
      if (__builtin_add_overflow(result.integer, x.integer, &result.integer))
        return overflow(cx, call);
    } else if (x.is_number() && result.is_number()) {
      result = Value::of(result.number() + x.number());
    } else {
      return cx.fail(
          "TypeError",
          fmt::format("{} adds numbers or durations, but element {} is of type {}{}", call, i,
                      type_name(x), x.is(Tag::String) ? " (join() puts strings together)" : ""));
    }
  }
  return true;
}

}  // namespace

bool list_sum(NativeContext& cx, Value* args, Value& result) {
  return add_up(cx, sequence_of(args[0]), "sum()", result);
}

bool list_avg(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  result = Value::null();
  if (xs.count == 0) return true;
  const auto count = static_cast<double>(xs.count);
  if (!xs.list) {
    result = Value::of(static_cast<double>(sum_of_range(xs)) / count);
    return true;
  }
  if (all_are(xs.list, Tag::Int)) {  // their sum may be wider than 64 bits
    Wide sum = 0;
    for (int64_t i = 0; i < xs.count; ++i) sum += xs[i].integer;
    result = Value::of(static_cast<double>(sum) / count);
    return true;
  }
  Value sum;
  if (!add_up(cx, xs, "avg()", sum)) return false;
  if (sum.is(Tag::Duration)) {
    const int64_t half = sum.integer < 0 ? -(xs.count / 2) : xs.count / 2;
    const Wide rounded = (static_cast<Wide>(sum.integer) + half) / xs.count;
    result = Value::duration(static_cast<int64_t>(rounded));
  } else {
    result = Value::of(sum.number() / count);
  }
  return true;
}

}  // namespace wakeful::native
