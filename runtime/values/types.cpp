// Type annotations, checked at run time.
#include "runtime/values/codec.h"

namespace wakeful {
namespace {

using Kind = TypeDesc::Kind;

const char* kind_text(Kind kind) {
  switch (kind) {
    case Kind::Any:
      return "any";
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return "bool";
    case Kind::Int:
      return "int";
    case Kind::Float:
      return "float";
    case Kind::Number:
      return "number";
    case Kind::String:
      return "string";
    case Kind::List:
      return "list";
    case Kind::Map:
      return "map";
    case Kind::Duration:
      return "duration";
    case Kind::Time:
      return "time";
    case Kind::Fn:
      return "fn";
    case Kind::Handle:
      return "handle";
    case Kind::Error:
      return "error";
    case Kind::Record:
      return "record";
  }
  return "any";
}

bool kind_fits(Value v, Kind kind) {
  switch (kind) {
    case Kind::Any:
      return true;
    case Kind::Null:
      return v.is_null();
    case Kind::Bool:
      return v.is(Tag::Bool);
    case Kind::Int:
      return v.is(Tag::Int);
    case Kind::Float:
    case Kind::Number:
      return v.is_number();
    case Kind::String:
      return v.is(Tag::String);
    case Kind::List:
      return v.is(Tag::List) || v.is(Tag::Range);
    case Kind::Map:
    case Kind::Record:
      return v.is(Tag::Map);
    case Kind::Duration:
      return v.is(Tag::Duration);
    case Kind::Time:
      return v.is(Tag::Time);
    case Kind::Fn:
      return v.is_function();
    case Kind::Handle:
      return v.is(Tag::Handle);
    case Kind::Error:
      return v.is(Tag::Error);
  }
  return false;
}

/// A duration or time that came as text becomes one.
void read_text_back(Value& v, Kind kind) {
  if (!v.is(Tag::String)) return;
  int64_t ms;
  if (kind == Kind::Duration && parse_duration(v.string()->view(), ms)) v = Value::duration(ms);
  if (kind == Kind::Time && parse_time(v.string()->view(), ms)) v = Value::time(ms);
}

std::string got_text(Value v) {
  if (!v.is(Tag::String)) return type_name(v);
  const std::string_view text = v.string()->view();
  if (text.size() > 40 || v.string()->length != text.size()) return "string";
  std::string out = "string ";
  to_json(v, out, {.lossy = true});
  return out;
}

CodecError mismatch(const TypeDesc& type, Value v) {
  std::string text = "expected " + type_text(type) + ", got " + got_text(v);
  if (type.kind == Kind::Duration && v.is(Tag::String))
    text += " (a duration is written like \"1h30m\")";
  if (type.kind == Kind::Time && v.is(Tag::String))
    text += " (a time is written like \"2026-11-23T17:41:00Z\")";
  return {"", text};
}

/// Depth is that of the annotation, which the parser bounds.
struct Checker {
  Heap& heap;
  bool from_json;

  std::optional<CodecError> check(Value& v, const TypeDesc& type) {
    if (v.is_absent()) v = Value::null();
    if (v.is_null() && (type.optional || type.kind == Kind::Any)) return std::nullopt;
    if (from_json) read_text_back(v, type.kind);
    if (!kind_fits(v, type.kind)) return mismatch(type, v);
    switch (type.kind) {
      case Kind::List:
        return type.args.empty() ? std::nullopt : check_elements(v, type.args[0]);
      case Kind::Map:
        return type.args.empty() ? std::nullopt : check_values(v.map(), type.args[0]);
      case Kind::Record:
        return check_fields(v.map(), type);
      default:
        return std::nullopt;
    }
  }

  std::optional<CodecError> check_elements(Value list, const TypeDesc& type) {
    if (list.is(Tag::Range)) {
      const auto* range = list.as<Range>();
      if (range->count() == 0) return std::nullopt;
      Value first = Value::of(range->begin);
      return at("[0]", check(first, type));
    }
    for (uint32_t i = 0; i < list.list()->count; ++i) {
      if (auto error = check(list.list()->begin()[i], type))
        return at("[" + std::to_string(i) + "]", error);
    }
    return std::nullopt;
  }

  std::optional<CodecError> check_values(Map* map, const TypeDesc& type) {
    for (uint32_t i = 0; i < map->used; ++i) {
      Entry& entry = map_entries(map)[i];
      if (!entry.key) continue;
      if (auto error = check(entry.value, type)) return at(member(entry.key->view()), error);
    }
    return std::nullopt;
  }

  std::optional<CodecError> check_fields(Map* map, const TypeDesc& type) {
    for (size_t i = 0; i < type.names.size(); ++i) {
      Value* field = map_find(map, std::string_view(type.names[i]));
      if (!field) {
        if (type.args[i].optional) continue;
        return CodecError{"." + type.names[i],
                          "expected " + type_text(type.args[i]) + ", but it is missing"};
      }
      if (auto error = check(*field, type.args[i])) return at("." + type.names[i], error);
    }
    return std::nullopt;
  }

  static std::string member(std::string_view key) {
    for (char c : key) {
      const bool plain =
          c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!plain) return "[\"" + std::string(key) + "\"]";
    }
    return "." + std::string(key);
  }
  static std::optional<CodecError> at(const std::string& step, std::optional<CodecError> error) {
    if (error) error->path = step + error->path;
    return error;
  }
};

}  // namespace

std::optional<CodecError> check_type(Heap& heap, Value& value, const TypeDesc& type,
                                     bool from_json) {
  return Checker{heap, from_json}.check(value, type);
}

std::string type_text(const TypeDesc& type) {
  std::string out;
  if (type.kind == TypeDesc::Kind::Record) {
    out = "{";
    for (size_t i = 0; i < type.names.size(); ++i) {
      out += (i ? ", " : "") + type.names[i] + ": " + type_text(type.args[i]);
    }
    out += "}";
  } else {
    out = kind_text(type.kind);
    if (!type.args.empty()) out += "<" + type_text(type.args[0]) + ">";
  }
  return type.optional ? out + "?" : out;
}

}  // namespace wakeful
