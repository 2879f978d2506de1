// What `expect` compiles to: the AssertionErrors of tests.
#include "stdlib/native/natives.h"

namespace wakeful::native {

namespace {

/// The value as text, cut: the whole is in the error's data.
std::string shown(Value v) {
  constexpr size_t kShown = 120;
  std::string text;
  append_text(text, v);
  if (v.is(Tag::String)) text = '"' + text + '"';
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

bool throw_failed(NativeContext& cx, const std::string& message, Map* data, Value cause) {
  ErrorObject* error = make_error(cx.heap, "AssertionError", message);
  error->data = Value::of(data);
  error->cause = cause;
  cx.error = Value::of(error);
  return false;
}

bool is_kind(Value error, std::string_view kind) {
  Value found = error.as<ErrorObject>()->kind;
  return found.is(Tag::String) && found.string()->view() == kind;
}

/// The kind of the error, or of what it wraps: the failure of a child or an activity is that of its
/// cause.
bool has_kind(Value error, std::string_view kind) {
  while (error.is(Tag::Error)) {
    if (is_kind(error, kind)) return true;
    if (!is_kind(error, "ChildFailed") && !is_kind(error, "ActivityFailed")) return false;
    error = error.as<ErrorObject>()->cause;
  }
  return false;
}

}  // namespace

bool expect_failed(NativeContext& cx, Value* args, Value&) {
  Map* data = make_map(cx.heap, 4);
  map_set(cx.heap, data, "source", args[0]);
  const std::string source(args[0].string()->view());
  if (args[1].is_absent()) return throw_failed(cx, "expect " + source + ": it is false", data, {});
  map_set(cx.heap, data, "op", args[1]);
  map_set(cx.heap, data, "left", args[2]);
  map_set(cx.heap, data, "right", args[3]);
  const std::string op(args[1].string()->view());
  return throw_failed(
      cx, fmt::format("expect {}: {} {} {} is false", source, shown(args[2]), op, shown(args[3])),
      data, Value::null());
}

bool expect_thrown(NativeContext& cx, Value* args, Value& result) {
  String* kind;
  if (!want_string(cx, args[0], "expect throws()", "kind", kind)) return false;
  const std::string wanted(kind->view());
  Map* data = make_map(cx.heap, 1);
  map_set(cx.heap, data, "expected", args[0]);
  if (args[1].is_absent()) {
    return throw_failed(cx, fmt::format("expect throws(\"{}\"): nothing was thrown", wanted), data,
                        Value::null());
  }
  result = Value::null();
  if (has_kind(args[1], wanted)) return true;
  return throw_failed(
      cx, fmt::format("expect throws(\"{}\"): what was thrown is {}", wanted, shown(args[1])), data,
      args[1]);
}

}  // namespace wakeful::native
