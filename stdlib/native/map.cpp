// Methods of maps that do not call back; json.parse and json.stringify.
#include "runtime/values/codec.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

bool want_key(NativeContext& cx, Value v, const char* call, String*& key) {
  return want_string(cx, v, call, "key", key);
}

bool put(NativeContext& cx, const char* call, Map* map, String* key, Value value) {
  if (map->used == map->capacity &&
      !check_fits(cx, call, (uint64_t{map->used} + 4) * 3 * sizeof(Entry)))
    return false;
  map_set(cx.heap, map, key, value);
  return true;
}

bool put_all(NativeContext& cx, const char* call, Map* to, Map* from) {
  for (uint32_t i = 0; i < from->used; ++i) {
    const Entry& entry = map_entries(from)[i];
    if (entry.key && !put(cx, call, to, entry.key, entry.value)) return false;
  }
  return true;
}

}  // namespace

bool map_keys(NativeContext& cx, Value* args, Value& result) {
  Map* map = args[0].as<Map>();
  List* out;
  if (!new_list(cx, "keys()", map->count, out)) return false;
  for (uint32_t i = 0; i < map->used; ++i) {
    if (String* key = map_entries(map)[i].key) list_push(cx.heap, out, Value::of(key));
  }
  result = Value::of(out);
  return true;
}

bool map_values(NativeContext& cx, Value* args, Value& result) {
  Map* map = args[0].as<Map>();
  List* out;
  if (!new_list(cx, "values()", map->count, out)) return false;
  for (uint32_t i = 0; i < map->used; ++i) {
    if (map_entries(map)[i].key) list_push(cx.heap, out, map_entries(map)[i].value);
  }
  result = Value::of(out);
  return true;
}

bool map_entries_list(NativeContext& cx, Value* args, Value& result) {
  Map* map = args[0].as<Map>();
  List* out;
  if (!new_list(cx, "entries()", map->count, out)) return false;
  for (uint32_t i = 0; i < map->used; ++i) {
    const Entry& entry = map_entries(map)[i];
    if (!entry.key) continue;
    List* pair = make_list(cx.heap, 2);
    list_push(cx.heap, pair, Value::of(entry.key));
    list_push(cx.heap, pair, entry.value);
    list_push(cx.heap, out, Value::of(pair));
  }
  result = Value::of(out);
  return true;
}

bool map_get(NativeContext& cx, Value* args, Value& result) {
  String* key;
  if (!want_key(cx, args[1], "get()", key)) return false;
  if (const Value* found = map_find(args[0].as<Map>(), key)) {
    result = *found;
  } else {
    result = args[2].is_absent() ? Value::null() : args[2];
  }
  return true;
}

bool map_has(NativeContext& cx, Value* args, Value& result) {
  String* key;
  if (!want_key(cx, args[1], "has()", key)) return false;
  result = Value::of(map_find(args[0].as<Map>(), key) != nullptr);
  return true;
}

bool map_remove_key(NativeContext& cx, Value* args, Value& result) {
  String* key;
  Map* map = args[0].as<Map>();
  if (!want_key(cx, args[1], "remove()", key)) return false;
  if (map->frozen())
    return cx.fail("TypeError", "remove() cannot change a constant map; copy() gives a fresh one");
  if (map_remove(map, key, &result)) return true;
  return cx.fail("KeyError",
                 fmt::format("remove(): there is no key \"{}\" in the map", key->view()));
}

bool map_merge(NativeContext& cx, Value* args, Value& result) {
  Map* other;
  if (!want_map(cx, args[1], "merge()", "other", other)) return false;
  Map* map = args[0].as<Map>();
  if (!check_fits(cx, "merge()", uint64_t{map->count} * 3 * sizeof(Entry))) return false;
  Map* out = make_map(cx.heap, map->count);
  result = Value::of(out);
  return put_all(cx, "merge()", out, map) && put_all(cx, "merge()", out, other);
}

bool map_copy(NativeContext& cx, Value* args, Value& result) {
  Map* map = args[0].as<Map>();
  if (!check_fits(cx, "copy()", uint64_t{map->count} * 3 * sizeof(Entry))) return false;
  Map* out = make_map(cx.heap, map->count);
  result = Value::of(out);
  return put_all(cx, "copy()", out, map);
}

namespace {

bool parse(NativeContext& cx, const char* call, const String* text, Value& result) {
  std::string error;
  if (from_json(cx.heap, text->view(), result, error)) return true;
  return cx.fail("JsonError", fmt::format("{}: {}", call, error));
}

}  // namespace

bool map_json(NativeContext& cx, Value* args, Value& result) {
  const Value* body = map_find(args[0].as<Map>(), std::string_view("body"));
  if (!body)
    return cx.fail("KeyError", "json() parses the text under `body`, but the map has no such key");
  String* text;
  return want_string(cx, *body, "json()", "the map's `body`", text) &&
         parse(cx, "json()", text, result);
}

bool json_parse(NativeContext& cx, Value* args, Value& result) {
  String* text;
  return want_string(cx, args[0], "json.parse()", "text", text) &&
         parse(cx, "json.parse()", text, result);
}

bool json_stringify(NativeContext& cx, Value* args, Value& result) {
  JsonOptions options;
  if (args[1].is(Tag::Bool)) {
    options.pretty = args[1].boolean;
  } else if (!args[1].is_absent() && !args[1].is_null()) {
    return cx.fail("TypeError", fmt::format("json.stringify() takes a bool as pretty, got {}",
                                            type_name(args[1])));
  }
  std::string text;
  if (auto error = to_json(args[0], text, options)) {
    return cx.fail("TypeError",
                   fmt::format("json.stringify(): value{}: {}", error->path, error->message));
  }
  return new_string(cx, "json.stringify()", text, result);
}

}  // namespace wakeful::native
