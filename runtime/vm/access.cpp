// Elements, slices and members of values (vm/native.h).
#include <fmt/format.h>

#include <algorithm>

#include "runtime/vm/messages.h"
#include "runtime/vm/native.h"
#include "stdlib/builtins.h"

namespace wakeful {

namespace {

bool out_of_range(NativeContext& cx, int64_t index, int64_t count, const char* what,
                  const char* part) {
  const std::string valid =
      count == 0 ? "" : fmt::format(" (0 to {}, or -{} to -1)", count - 1, count);
  return cx.fail("IndexError", fmt::format("index {} is outside of a {} of {}{}", index, what,
                                           counted(count, part), valid));
}

/// An index as written to one from 0; false where it is outside.
bool resolve(int64_t& index, int64_t count) {
  if (index < 0) index += count;
  return index >= 0 && index < count;
}

bool int_index(NativeContext& cx, Value object, Value index) {
  if (index.is(Tag::Int)) return true;
  return cx.fail("TypeError", fmt::format("an index of {} must be an int, got {}", a_value(object),
                                          a_value(index)));
}

/// Byte offset of the code point number `index` (at most length).
uint32_t byte_offset(const String* string, int64_t index) {
  if (string->ascii()) return static_cast<uint32_t>(index);
  uint32_t at = 0;
  while (index > 0) {
    ++at;
    while (at < string->bytes && (static_cast<unsigned char>(string->data[at]) & 0xC0) == 0x80)
      ++at;
    --index;
  }
  return at;
}

Value part_of(Heap& heap, String* string, int64_t begin, int64_t end) {
  if (begin == 0 && end == int64_t{string->length}) return Value::of(string);
  const uint32_t from = byte_offset(string, begin);
  const uint32_t to = string->ascii()
                          ? static_cast<uint32_t>(end)
                          : from + byte_offset(string, end) - byte_offset(string, begin);
  if (to - from == 1) return Value::of(ascii_string(string->data[from]));
  return string_value(heap, string->view().substr(from, to - from));
}

std::string missing_key(Map* map, std::string_view key) {
  std::vector<std::string_view> keys;
  for (uint32_t i = 0; i < map->used && keys.size() < 1000; ++i) {
    if (map_entries(map)[i].key) keys.push_back(map_entries(map)[i].key->view());
  }
  std::string message = fmt::format("no key \"{}\" in the map", key);
  const std::string nearest = nearest_of(key, keys);
  if (find_method(Builtin::Receiver::Map, key)) {
    message += fmt::format("; to call the method write `.{}()`", key);
  } else if (!nearest.empty()) {
    message += fmt::format("; did you mean \"{}\"?", nearest);
  } else if (keys.empty()) {
    message += ", which is empty";
  } else if (keys.size() <= 10) {
    message += fmt::format("; it has {}", fmt::join(keys, ", "));
  }
  return message;
}

bool key_error(NativeContext& cx, Map* map, std::string_view key) {
  return cx.fail("KeyError", missing_key(map, key));
}

bool string_key(NativeContext& cx, Value key) {
  if (key.is(Tag::String)) return true;
  return cx.fail(
      "TypeError",
      fmt::format("the keys of a map are strings, got {}; use m[\"${{x}}\"]", a_value(key)));
}

bool frozen(NativeContext& cx, Value object) {
  return cx.fail("TypeError",
                 fmt::format("this {} is a constant and cannot be changed; `copy()` gives one "
                             "that can",
                             type_name(object)));
}

bool no_elements(NativeContext& cx, Value object) {
  if (object.is_null() || object.is_absent()) {
    return cx.fail("TypeError",
                   "null has no elements; use `?? []` or `?? {}` where it may be null");
  }
  return cx.fail("TypeError",
                 fmt::format("`[…]` takes an element of a list, map, range or string, got {}",
                             a_value(object)));
}

}  // namespace

bool op_get_index(NativeContext& cx, Value object, Value index, Value& result) {
  switch (object.tag) {
    case Tag::List: {
      if (!int_index(cx, object, index)) return false;
      const List* list = object.list();
      int64_t at = index.integer;
      if (!resolve(at, list->count)) {
        return out_of_range(cx, index.integer, list->count, "list", "element");
      }
      result = list->storage->items[at];
      return true;
    }
    case Tag::Range: {
      if (!int_index(cx, object, index)) return false;
      const auto* range = object.as<Range>();
      int64_t at = index.integer;
      if (!resolve(at, range->count())) {
        return out_of_range(cx, index.integer, range->count(), "range", "element");
      }
      result = Value::of(range->begin + range->step * at);
      return true;
    }
    case Tag::String: {
      if (!int_index(cx, object, index)) return false;
      String* string = object.string();
      int64_t at = index.integer;
      if (!resolve(at, string->length)) {
        return out_of_range(cx, index.integer, string->length, "string", "character");
      }
      result = part_of(cx.heap, string, at, at + 1);
      return true;
    }
    case Tag::Map: {
      if (!string_key(cx, index)) return false;
      const Value* found = map_find(object.map(), index.string());
      if (!found) return key_error(cx, object.map(), index.string()->view());
      result = *found;
      return true;
    }
    case Tag::Error:
      if (!string_key(cx, index)) return false;
      return op_get_member(cx, object, index.string(), nullptr, false, result);
    default:
      return no_elements(cx, object);
  }
}

bool op_set_index(NativeContext& cx, Value object, Value index, Value value) {
  if (object.is(Tag::List)) {
    if (!int_index(cx, object, index)) return false;
    List* list = object.list();
    if (list->frozen()) return frozen(cx, object);
    int64_t at = index.integer;
    if (!resolve(at, list->count)) {
      return out_of_range(cx, index.integer, list->count, "list", "element");
    }
    list->storage->items[at] = value;
    ++list->version;
    return true;
  }
  if (object.is(Tag::Map)) {
    if (!string_key(cx, index)) return false;
    if (object.map()->frozen()) return frozen(cx, object);
    map_set(cx.heap, object.map(), index.string(), value);
    return true;
  }
  if (object.is(Tag::String)) {
    return cx.fail("TypeError",
                   "a string cannot be changed; build a new one, for example with `replace`");
  }
  if (object.is(Tag::Range)) {
    return cx.fail("TypeError", "a range cannot be changed; `copy()` gives a list");
  }
  return no_elements(cx, object);
}

namespace {

bool slice_bound(NativeContext& cx, Value bound, int64_t open, int64_t count, int64_t& out) {
  if (bound.is_absent()) {
    out = open;
    return true;
  }
  if (!bound.is(Tag::Int)) {
    return cx.fail("TypeError",
                   fmt::format("the bounds of a slice must be ints, got {}", a_value(bound)));
  }
  out = bound.integer < 0 ? bound.integer + count : bound.integer;
  out = std::clamp<int64_t>(out, 0, count);
  return true;
}

bool sliceable_count(NativeContext& cx, Value object, int64_t& count) {
  switch (object.tag) {
    case Tag::List:
      count = object.list()->count;
      return true;
    case Tag::String:
      count = object.string()->length;
      return true;
    case Tag::Range:
      count = object.as<Range>()->count();
      return true;
    default:
      return cx.fail("TypeError", fmt::format("only a list, range or string can be sliced, got {}",
                                              a_value(object)));
  }
}

Value slice_list(Heap& heap, const List* list, int64_t from, int64_t to) {
  List* part = make_list(heap, static_cast<uint32_t>(to - from));
  for (int64_t i = from; i < to; ++i) list_push(heap, part, list->storage->items[i]);
  return Value::of(part);
}

}  // namespace

bool op_slice(NativeContext& cx, Value object, Value begin, Value end, Value& result) {
  int64_t count = 0, from = 0, to = 0;
  if (!sliceable_count(cx, object, count)) return false;
  if (!slice_bound(cx, begin, 0, count, from) || !slice_bound(cx, end, count, count, to))
    return false;
  to = std::max(from, to);
  if (object.is(Tag::List)) {
    result = slice_list(cx.heap, object.list(), from, to);
  } else if (object.is(Tag::String)) {
    result = part_of(cx.heap, object.string(), from, to);
  } else {
    const auto* range = object.as<Range>();
    // `to == count` keeps the range's own end: begin + step * count could overflow.
    const int64_t first = from == to ? range->begin : range->begin + range->step * from;
    const int64_t last = from == to    ? first
                         : to == count ? range->end
                                       : range->begin + range->step * to;
    result = Value::of(make_range(cx.heap, first, last, range->step));
  }
  return true;
}

namespace {

const Value* error_field(const ErrorObject* error, std::string_view name) {
  if (name == "kind") return &error->kind;
  if (name == "message") return &error->message;
  if (name == "data") return &error->data;
  if (name == "cause") return &error->cause;
  if (name == "workflow_id") return &error->workflow_id;
  if (name == "stack") return &error->stack;
  return nullptr;
}

bool no_such_field(NativeContext& cx, const char* what, std::string_view name,
                   const std::vector<std::string_view>& names) {
  return cx.fail("KeyError",
                 fmt::format("{} has no `{}`; it has {}", what, name, fmt::join(names, ", ")));
}

bool error_member(NativeContext& cx, const ErrorObject* error, const String* name, bool absent_ok,
                  Value& result) {
  const Value* field = error_field(error, name->view());
  if (field) {
    result = *field;
    return true;
  }
  if (absent_ok) {
    result = Value::absent();
    return true;
  }
  return no_such_field(cx, "an error", name->view(),
                       {"kind", "message", "data", "cause", "workflow_id", "stack"});
}

bool handle_member(NativeContext& cx, const Handle* handle, const String* name, bool absent_ok,
                   Value& result) {
  if (name->view() == "id") {
    result = handle->id;
  } else if (name->view() == "done") {
    result = Value::of(handle->finished());
  } else if (absent_ok) {
    result = Value::absent();
  } else {
    return cx.fail("KeyError",
                   fmt::format("a handle has no `{}`; it has id, done, cancel(), signal(). The "
                               "result is what `gather h` gives",
                               name->view()));
  }
  return true;
}

bool no_members(NativeContext& cx, Value object, std::string_view name) {
  if (object.is_null() || object.is_absent()) {
    return cx.fail("TypeError",
                   fmt::format("null has no `.{}`; use `?.{}` where it may be null", name, name));
  }
  if (!methods_named(name).empty()) {
    return cx.fail("TypeError", fmt::format("{} has no members; to call a method write `.{}(…)`",
                                            a_value(object), name));
  }
  return cx.fail("TypeError", fmt::format("`.{}` takes a map, got {}", name, a_value(object)));
}

}  // namespace

bool op_get_member(NativeContext& cx, Value object, const String* name, uint16_t* cache,
                   bool absent_ok, Value& result) {
  switch (object.tag) {
    case Tag::Map: {
      const Value* found = map_find(object.map(), name, cache);
      if (found) {
        result = *found;
        return true;
      }
      if (!absent_ok) return key_error(cx, object.map(), name->view());
      result = Value::absent();
      return true;
    }
    case Tag::Error:
      return error_member(cx, object.as<ErrorObject>(), name, absent_ok, result);
    case Tag::Handle:
      return handle_member(cx, object.as<Handle>(), name, absent_ok, result);
    default:
      return no_members(cx, object, name->view());
  }
}

bool op_set_member(NativeContext& cx, Value object, String* name, uint16_t* cache, Value value) {
  if (object.is(Tag::Map)) {
    Map* map = object.map();
    if (map->frozen()) return frozen(cx, object);
    Value* found = map_find(map, name, cache);
    if (found) {
      *found = value;
    } else {
      map_set(cx.heap, map, name, value);
    }
    return true;
  }
  if (object.is(Tag::Error)) {
    return cx.fail("TypeError",
                   "an error cannot be changed; make a new one with `error(kind, message, data)`");
  }
  return cx.fail("TypeError",
                 fmt::format("`.{} =` takes a map, got {}", name->view(), a_value(object)));
}

}  // namespace wakeful
