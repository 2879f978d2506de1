// Methods of lists and ranges that do not call back, and the helpers of those that do.
#include <algorithm>
#include <cstring>

#include "lang/base/numbers.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

bool push_all(NativeContext& cx, const char* call, List* list, const Sequence& xs) {
  const uint64_t count = uint64_t{list->count} + static_cast<uint64_t>(xs.count);
  if (!check_fits(cx, call, xs.count > UINT32_MAX ? UINT64_MAX : 2 * count * sizeof(Value)))
    return false;
  list_grow(cx.heap, list, static_cast<uint32_t>(count));
  for (int64_t i = 0; i < xs.count; ++i) list_push(cx.heap, list, xs[i]);
  return true;
}

/// Elements [from, to) of xs as a new list.
bool part_of(NativeContext& cx, const char* call, const Sequence& xs, int64_t from, int64_t to,
             Value& result) {
  List* out;
  if (!new_list(cx, call, static_cast<uint64_t>(to - from), out)) return false;
  for (int64_t i = from; i < to; ++i) list_push(cx.heap, out, xs[i]);
  result = Value::of(out);
  return true;
}

Value pair(NativeContext& cx, Value a, Value b) {
  List* list = make_list(cx.heap, 2);
  list_push(cx.heap, list, a);
  list_push(cx.heap, list, b);
  return Value::of(list);
}

/// Negative indexes count from the end; IndexError outside 0 … limit.
bool want_index(NativeContext& cx, Value v, const char* call, int64_t count, int64_t limit,
                int64_t& index) {
  if (!want_int(cx, v, call, "index", index)) return false;
  const int64_t given = index;
  if (index < 0) index += count;
  if (index >= 0 && index <= limit) return true;
  if (count == 0)
    return cx.fail("IndexError",
                   fmt::format("{}: there is no index {} in an empty list", call, given));
  return cx.fail(
      "IndexError",
      fmt::format("{}: there is no index {} in a list of {} elements (0 to {}, or -1 to -{})", call,
                  given, count, limit, count));
}

void remove_at(List* list, int64_t index) {
  Value* at = list->begin() + index;
  std::memmove(static_cast<void*>(at), at + 1,
               sizeof(Value) * static_cast<size_t>(list->end() - at - 1));
  --list->count;
  ++list->version;
}

}  // namespace

bool append(NativeContext& cx, Value* args, Value& result) {
  result = Value::null();
  return push_one(cx, "a list", args[0].as<List>(), args[1]);
}

/// What flat_map adds: the elements of a list, else the value itself.
bool extend(NativeContext& cx, Value* args, Value& result) {
  result = Value::null();
  if (is_sequence(args[1]))
    return push_all(cx, "flat_map()", args[0].as<List>(), sequence_of(args[1]));
  return push_one(cx, "flat_map()", args[0].as<List>(), args[1]);
}

bool elements(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  return part_of(cx, "a copy", xs, 0, xs.count, result);
}

bool group_add(NativeContext& cx, Value* args, Value& result) {
  result = Value::null();
  String* key = args[1].is(Tag::String) ? args[1].string() : nullptr;
  if (!key) {
    std::string text;
    append_text(text, args[1]);
    key = make_string(cx.heap, text);
  }
  Map* groups = args[0].as<Map>();
  if (Value* group = map_find(groups, key))
    return push_one(cx, "group_by()", group->as<List>(), args[2]);
  if (!check_fits(cx, "group_by()", uint64_t{groups->used} * 3 * sizeof(Entry))) return false;
  List* group = make_list(cx.heap, 1);
  list_push(cx.heap, group, args[2]);
  map_set(cx.heap, groups, key, Value::of(group));
  return true;
}

bool list_push_all(NativeContext& cx, Value* args, Value& result) {
  List* list;
  result = Value::null();
  if (!want_changeable_list(cx, args[0], "push()", list) || !push_one(cx, "push()", list, args[1]))
    return false;
  return !args[2].is(Tag::List) || args[2].list()->count == 0 ||
         push_all(cx, "push()", list, sequence_of(args[2]));
}

bool list_pop(NativeContext& cx, Value* args, Value& result) {
  List* list;
  if (!want_changeable_list(cx, args[0], "pop()", list)) return false;
  if (list->count == 0) return cx.fail("IndexError", "pop() of an empty list");
  result = list->begin()[--list->count];
  ++list->version;
  return true;
}

bool list_insert(NativeContext& cx, Value* args, Value& result) {
  List* list;
  int64_t index;
  if (!want_changeable_list(cx, args[0], "insert()", list)) return false;
  if (!want_index(cx, args[1], "insert()", list->count, list->count, index)) return false;
  if (!push_one(cx, "insert()", list, Value::null())) return false;
  Value* at = list->begin() + index;
  std::memmove(static_cast<void*>(at + 1), at,
               sizeof(Value) * static_cast<size_t>(list->end() - at - 1));
  *at = args[2];
  if (at + 1 != list->end()) ++list->version;
  result = Value::null();
  return true;
}

bool list_remove(NativeContext& cx, Value* args, Value& result) {
  List* list;
  int64_t index;
  if (!want_changeable_list(cx, args[0], "remove()", list)) return false;
  if (!want_index(cx, args[1], "remove()", list->count, int64_t{list->count} - 1, index))
    return false;
  result = list->begin()[index];
  remove_at(list, index);
  return true;
}

bool list_reverse(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  List* out;
  if (!new_list(cx, "reverse()", static_cast<uint64_t>(xs.count), out)) return false;
  for (int64_t i = xs.count; i-- > 0;) list_push(cx.heap, out, xs[i]);
  result = Value::of(out);
  return true;
}

bool list_first(NativeContext&, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  result = xs.count ? xs[0] : Value::null();
  return true;
}

bool list_last(NativeContext&, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  result = xs.count ? xs[xs.count - 1] : Value::null();
  return true;
}

namespace {

int64_t find_in_range(const Sequence& xs, Value x) {
  if (!x.is_number() || xs.count == 0) return -1;
  if (x.is(Tag::Float)) {
    if (!(x.real >= -kTwoTo63 && x.real < kTwoTo63)) return -1;
    const auto whole = static_cast<int64_t>(x.real);
    if (!int_equals_float(whole, x.real)) return -1;
    x = Value::of(whole);
  }
  const Wide distance = static_cast<Wide>(x.integer) - xs.begin;
  if (distance % xs.step != 0) return -1;
  const Wide index = distance / xs.step;
  return index >= 0 && index < xs.count ? static_cast<int64_t>(index) : -1;
}

int64_t index_of_value(const Sequence& xs, Value x) {
  if (!xs.list) return find_in_range(xs, x);
  for (int64_t i = 0; i < xs.count; ++i) {
    if (equals(xs[i], x)) return i;
  }
  return -1;
}

}  // namespace

bool list_contains(NativeContext&, Value* args, Value& result) {
  result = Value::of(index_of_value(sequence_of(args[0]), args[1]) >= 0);
  return true;
}

bool list_index_of(NativeContext&, Value* args, Value& result) {
  result = Value::of(index_of_value(sequence_of(args[0]), args[1]));
  return true;
}

bool list_flatten(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  List* out;
  if (!new_list(cx, "flatten()", static_cast<uint64_t>(xs.count), out)) return false;
  for (int64_t i = 0; i < xs.count; ++i) {
    const Value x = xs[i];
    const bool ok = is_sequence(x) ? push_all(cx, "flatten()", out, sequence_of(x))
                                   : push_one(cx, "flatten()", out, x);
    if (!ok) return false;
  }
  result = Value::of(out);
  return true;
}

bool list_zip(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  Sequence ys;
  List* out;
  if (!want_sequence(cx, args[1], "zip()", "ys", ys)) return false;
  const int64_t count = std::min(xs.count, ys.count);
  if (!new_list(cx, "zip()", static_cast<uint64_t>(count), out)) return false;
  for (int64_t i = 0; i < count; ++i) list_push(cx.heap, out, pair(cx, xs[i], ys[i]));
  result = Value::of(out);
  return true;
}

bool list_enumerate(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  List* out;
  if (!new_list(cx, "enumerate()", static_cast<uint64_t>(xs.count), out)) return false;
  for (int64_t i = 0; i < xs.count; ++i) list_push(cx.heap, out, pair(cx, Value::of(i), xs[i]));
  result = Value::of(out);
  return true;
}

bool list_chunk(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  int64_t n;
  List* out;
  if (!want_count(cx, args[1], "chunk()", "n", 1, n)) return false;
  const int64_t chunks = xs.count / n + (xs.count % n != 0);
  if (!new_list(cx, "chunk()", static_cast<uint64_t>(chunks), out)) return false;
  if (!check_fits(cx, "chunk()", static_cast<uint64_t>(xs.count) * sizeof(Value))) return false;
  for (int64_t i = 0; i < chunks; ++i) {
    Value part;
    const int64_t from = i * n;
    if (!part_of(cx, "chunk()", xs, from, from + std::min(n, xs.count - from), part)) return false;
    list_push(cx.heap, out, part);
  }
  result = Value::of(out);
  return true;
}

bool list_take(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  int64_t n;
  return want_count(cx, args[1], "take()", "n", 0, n) &&
         part_of(cx, "take()", xs, 0, std::min(n, xs.count), result);
}

bool list_drop(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  int64_t n;
  return want_count(cx, args[1], "drop()", "n", 0, n) &&
         part_of(cx, "drop()", xs, std::min(n, xs.count), xs.count, result);
}

bool list_copy(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  return part_of(cx, "copy()", xs, 0, xs.count, result);
}

}  // namespace wakeful::native
