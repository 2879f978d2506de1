#include "runtime/run/draws.h"

#include <fmt/format.h>

#include <unordered_map>

namespace wakeful {

namespace {

using Args = std::vector<Value>;

bool draw_uuid(NativeContext& cx, Random& random, Args&, Value& result) {
  const uint64_t high = (random.next() & ~uint64_t{0xF000}) | 0x4000;                 // version 4
  const uint64_t low = (random.next() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // variant 1
  result = string_value(
      cx.heap, fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                           high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFF));
  return true;
}

bool draw_int(NativeContext& cx, Random& random, Args& args, Value& result) {
  if (!args[0].is(Tag::Int) || !args[1].is(Tag::Int)) {
    return cx.fail("TypeError", fmt::format("random.int needs two ints, got {} and {}",
                                            type_name(args[0]), type_name(args[1])));
  }
  if (args[0].integer > args[1].integer) {
    return cx.fail("ArgumentError", "random.int(a, b) needs a <= b");
  }
  const auto a = static_cast<uint64_t>(args[0].integer);
  const uint64_t span = static_cast<uint64_t>(args[1].integer) - a + 1;
  const uint64_t drawn = span == 0 ? random.next() : random.below(span);
  result = Value::of(static_cast<int64_t>(a + drawn));
  return true;
}

bool draw_float(NativeContext&, Random& random, Args&, Value& result) {
  result = Value::of(random.real());
  return true;
}

/// The elements of a list or range as a fresh list; null with the error set.
List* elements(NativeContext& cx, const char* callee, Value v) {
  if (!v.is(Tag::List) && !v.is(Tag::Range)) {
    cx.fail("TypeError", fmt::format("{} needs a list, got {}", callee, type_name(v)));
    return nullptr;
  }
  const int64_t count = v.is(Tag::List) ? v.list()->count : v.as<Range>()->count();
  if (count > INT32_MAX || !cx.heap.fits(static_cast<size_t>(count) * sizeof(Value))) {
    cx.fail("ResourceExhausted", fmt::format("{}: {} elements are too many", callee, count));
    return nullptr;
  }
  List* list = make_list(cx.heap, static_cast<uint32_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    list_push(cx.heap, list,
              v.is(Tag::List) ? v.list()->begin()[i]
                              : Value::of(v.as<Range>()->begin + i * v.as<Range>()->step));
  }
  return list;
}

bool draw_choice(NativeContext& cx, Random& random, Args& args, Value& result) {
  List* list = elements(cx, "random.choice", args[0]);
  if (list == nullptr) return false;
  if (list->count == 0) {
    return cx.fail("ArgumentError", "random.choice needs a list that is not empty");
  }
  result = list->begin()[random.below(list->count)];
  return true;
}

bool draw_shuffle(NativeContext& cx, Random& random, Args& args, Value& result) {
  List* list = elements(cx, "random.shuffle", args[0]);
  if (list == nullptr) return false;
  for (uint32_t i = list->count; i > 1; --i) {
    std::swap(list->begin()[i - 1], list->begin()[random.below(i)]);
  }
  result = Value::of(list);
  return true;
}

}  // namespace

Draw find_draw(std::string_view symbol) {
  static const std::unordered_map<std::string_view, Draw> table = {
      {"uuid", draw_uuid},
      {"random_int", draw_int},
      {"random_float", draw_float},
      {"random_choice", draw_choice},
      {"random_shuffle", draw_shuffle},
  };
  auto found = table.find(symbol);
  return found == table.end() ? nullptr : found->second;
}

std::string printed_text(Value values) {
  std::string text;
  if (!values.is(Tag::List)) return text;
  for (uint32_t i = 0; i < values.list()->count; ++i) {
    if (i > 0) text += ' ';
    append_text(text, values.list()->begin()[i]);
  }
  return text;
}

}  // namespace wakeful
