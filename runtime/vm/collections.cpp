// Building and taking apart: list and map literals, patterns, interpolation, ranges, closures; and
// the messages of the loop's own type errors.
#include <fmt/format.h>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/messages.h"

namespace wakeful {

bool Interpreter::list_extend(Value to, Value from) {
  List* list = to.list();
  if (from.is(Tag::List)) {
    const List* source = from.list();
    const uint32_t count = source->count;
    for (uint32_t i = 0; i < count; ++i) list_push(heap, list, source->storage->items[i]);
    return true;
  }
  if (!from.is(Tag::Range)) {
    return cx.fail("TypeError",
                   fmt::format("`...` in a list takes a list or a range, got {}", a_value(from)));
  }
  const auto* range = from.as<Range>();
  const int64_t count = range->count();
  if (!heap.fits(static_cast<uint64_t>(count) * sizeof(Value)) || count > INT32_MAX) {
    return cx.fail("ResourceExhausted", fmt::format("a list of {} is more than the heap limit",
                                                    counted(count, "element")));
  }
  list_grow(heap, list, list->count + static_cast<uint32_t>(count));
  for (int64_t i = 0; i < count; ++i)
    list_push(heap, list, Value::of(range->begin + range->step * i));
  return true;
}

bool Interpreter::map_merge(Value to, Value from) {
  if (!from.is(Tag::Map)) {
    return cx.fail("TypeError", fmt::format("`...` in a map takes a map, got {}{}", a_value(from),
                                            from.is_null() ? "; use `...(m ?? {})`" : ""));
  }
  Map* source = from.map();
  for (uint32_t i = 0; i < source->used; ++i) {
    const Entry entry = map_entries(source)[i];
    if (entry.key) map_set(heap, to.map(), entry.key, entry.value);
  }
  return true;
}

bool Interpreter::put_dynamic(Value map, Value key, Value value) {
  if (!key.is(Tag::String)) {
    return cx.fail(
        "TypeError",
        fmt::format("the keys of a map are strings, got {}; use [\"${{x}}\"]", a_value(key)));
  }
  map_set(heap, map.map(), key.string(), value);
  return true;
}

bool Interpreter::check_list(Value value, uint32_t count, bool at_least) {
  int64_t has = 0;
  if (value.is(Tag::List)) {
    has = value.list()->count;
  } else if (value.is(Tag::Range)) {
    has = value.as<Range>()->count();
  } else {
    return cx.fail("TypeError",
                   fmt::format("a pattern in `[…]` takes a list, got {}", a_value(value)));
  }
  if (has == count || (at_least && has > count)) return true;
  const bool extra = has > count;
  return cx.fail("IndexError", fmt::format("the pattern takes {}{}, the list has {}{}",
                                           at_least ? "at least " : "", counted(count, "element"),
                                           has, extra ? "; `...rest` takes the others" : ""));
}

bool Interpreter::check_map(Value value) {
  if (value.is(Tag::Map) || value.is(Tag::Error)) return true;
  return cx.fail("TypeError",
                 fmt::format("a pattern in `{{…}}` takes a map, got {}", a_value(value)));
}

bool Interpreter::map_rest(Value value, const Value* without, uint32_t count, Value& result) {
  if (!value.is(Tag::Map)) {
    return cx.fail("TypeError", fmt::format("`...rest` takes a map apart, got {}", a_value(value)));
  }
  Map* map = value.map();
  Map* rest = make_map(heap, map->count);
  for (uint32_t i = 0; i < map->used; ++i) {
    const Entry& entry = map_entries(map)[i];
    if (!entry.key) continue;
    bool taken = false;
    for (uint32_t k = 0; k < count && !taken; ++k)
      taken = strings_equal(entry.key, without[k].string());
    if (!taken) map_set(heap, rest, entry.key, entry.value);
  }
  result = Value::of(rest);
  return true;
}

bool Interpreter::concat(const Value* first, uint32_t count, Value& result) {
  std::string text;
  for (uint32_t i = 0; i < count; ++i) append_text(text, first[i]);
  if (!heap.fits(text.size())) {
    return cx.fail("ResourceExhausted",
                   fmt::format("a string of {} bytes is more than the heap limit of {} bytes",
                               text.size(), heap.limit_bytes()));
  }
  result = string_value(heap, text);
  return true;
}

bool Interpreter::not_ints(Value begin, Value end) {
  return cx.fail("TypeError",
                 fmt::format("`..` takes two ints, got {} and {}", a_value(begin), a_value(end)));
}

bool Interpreter::make_range_of(Value begin, Value end, Value& result) {
  if (!begin.is(Tag::Int) || !end.is(Tag::Int)) return not_ints(begin, end);
  result = Value::of(make_range(heap, begin.integer, end.integer));
  return true;
}

Value Interpreter::make_closure_of(uint32_t number, const Value* registers,
                                   const Closure* closure) {
  const Function& function = *image.functions()[number].function;
  Closure* made = make_closure(heap, number, static_cast<uint32_t>(function.captures.size()));
  for (uint32_t i = 0; i < made->upvalue_count; ++i) {
    const Capture& capture = function.captures[i];
    Value value = capture.from == Capture::From::Register ? registers[capture.index]
                                                          : closure->upvalues[capture.index];
    if (capture.unbox && value.is(Tag::Cell)) value = value.as<Cell>()->value;
    made->upvalues[i] = value;
  }
  return Value::of(made);
}

bool Interpreter::not_a_bool(Value value) { return cx.fail("TypeError", bool_wanted(value)); }

bool Interpreter::thrown(Value value) {
  if (value.is(Tag::String)) return cx.fail("Error", value.string()->view());
  if (value.is(Tag::Error)) {
    cx.error = value;
    return false;
  }
  return cx.fail("TypeError", fmt::format("`throw` takes a string or an error, got {}; use "
                                          "`throw error(\"Kind\", \"message\", data)`",
                                          a_value(value)));
}

}  // namespace wakeful
