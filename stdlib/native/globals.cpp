// len, str, int, float, type, error, assert, range, abs.
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "lang/base/numbers.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {

bool len(NativeContext& cx, Value* args, Value& result) {
  switch (args[0].tag) {
    case Tag::String:
      result = Value::of(int64_t{args[0].string()->length});
      return true;
    case Tag::List:
      result = Value::of(int64_t{args[0].list()->count});
      return true;
    case Tag::Map:
      result = Value::of(int64_t{args[0].map()->count});
      return true;
    case Tag::Range:
      result = Value::of(args[0].as<Range>()->count());
      return true;
    default:
      return cx.fail("TypeError", fmt::format("len() takes a string, list, map or range, got {}",
                                              type_name(args[0])));
  }
}

bool str(NativeContext& cx, Value* args, Value& result) {
  if (args[0].is(Tag::String)) {
    result = args[0];
    return true;
  }
  std::string text;
  append_text(text, args[0]);
  return new_string(cx, "str()", text, result);
}

bool type_of(NativeContext& cx, Value* args, Value& result) {
  result = string_value(cx.heap, type_name(args[0]));
  return true;
}

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// For messages: the text, cut.
std::string quoted(std::string_view text) {
  const bool cut = text.size() > 40;
  size_t end = cut ? 40 : text.size();
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return fmt::format("\"{}{}\"", text.substr(0, end), cut ? "…" : "");
}

bool parse_int(NativeContext& cx, const String* s, Value& result) {
  std::string_view text = trimmed(s->view());
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t i = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), i);
  if (end != text.data() + text.size() || text.empty() || fault == std::errc::invalid_argument) {
    return cx.fail("ArgumentError",
                   fmt::format("int() cannot read {} as an int", quoted(s->view())));
  }
  if (fault != std::errc()) {
    return cx.fail("ArgumentError",
                   fmt::format("int() cannot hold {} in 64 bits", quoted(s->view())));
  }
  result = Value::of(i);
  return true;
}

bool parse_float(NativeContext& cx, const String* s, Value& result) {
  std::string_view text = trimmed(s->view());
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double d = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), d);
  const size_t first = text.find_first_not_of('-');
  const bool number =
      first != text.npos && ((text[first] >= '0' && text[first] <= '9') || text[first] == '.');
  if (!number || end != text.data() + text.size() || fault == std::errc::invalid_argument) {
    return cx.fail("ArgumentError",
                   fmt::format("float() cannot read {} as a number", quoted(s->view())));
  }
  if (fault != std::errc()) d = std::strtod(std::string(text).c_str(), nullptr);
  if (!std::isfinite(d)) {
    return cx.fail("ArgumentError",
                   fmt::format("float() cannot hold {}: it is too large", quoted(s->view())));
  }
  result = Value::of(d);
  return true;
}

}  // namespace

bool to_int(NativeContext& cx, Value* args, Value& result) {
  const Value x = args[0];
  switch (x.tag) {
    case Tag::Int:
      result = x;
      return true;
    case Tag::Bool:
      result = Value::of(int64_t{x.boolean});
      return true;
    case Tag::String:
      return parse_int(cx, x.string(), result);
    case Tag::Float:
      if (!(x.real >= -kTwoTo63 && x.real < kTwoTo63)) {
        return cx.fail("ArithmeticError", fmt::format("int() cannot hold {} in 64 bits", x.real));
      }
      result = Value::of(static_cast<int64_t>(x.real));
      return true;
    case Tag::Duration:
      return cx.fail(
          "TypeError",
          "int() takes a number or string, got duration; divide it by its unit: int(d / 1s)");
    default:
      return cx.fail("TypeError",
                     fmt::format("int() takes a number or string, got {}", type_name(x)));
  }
}

bool to_float(NativeContext& cx, Value* args, Value& result) {
  const Value x = args[0];
  switch (x.tag) {
    case Tag::Int:
      result = Value::of(static_cast<double>(x.integer));
      return true;
    case Tag::Float:
      result = x;
      return true;
    case Tag::Bool:
      result = Value::of(x.boolean ? 1.0 : 0.0);
      return true;
    case Tag::String:
      return parse_float(cx, x.string(), result);
    case Tag::Duration:
      return cx.fail(
          "TypeError",
          "float() takes a number or string, got duration; divide it by its unit: d / 1s");
    default:
      return cx.fail("TypeError",
                     fmt::format("float() takes a number or string, got {}", type_name(x)));
  }
}

bool new_error(NativeContext& cx, Value* args, Value& result) {
  String *kind, *message;
  if (!want_string(cx, args[0], "error()", "kind", kind)) return false;
  if (!want_string(cx, args[1], "error()", "message", message)) return false;
  const Value cause = args[3].is_absent() ? Value::null() : args[3];
  if (!cause.is_null() && !cause.is(Tag::Error)) {
    return cx.fail("TypeError", fmt::format("error() takes an error or null as cause, got {}",
                                            type_name(cause)));
  }
  if (kind->bytes == 0) return cx.fail("ArgumentError", "error() takes a kind that is not empty");
  ErrorObject* error = make_error(cx.heap, {}, {});
  error->kind = args[0];
  error->message = args[1];
  error->data = args[2].is_absent() ? Value::null() : args[2];
  error->cause = cause;
  result = Value::of(error);
  return true;
}

bool assert_that(NativeContext& cx, Value* args, Value& result) {
  if (!args[0].is(Tag::Bool)) {
    return cx.fail("TypeError",
                   fmt::format("assert() takes a bool as condition, got {}", type_name(args[0])));
  }
  result = Value::null();
  if (args[0].boolean) return true;
  std::string message = "assertion failed";
  if (!args[1].is_absent() && !args[1].is_null()) append_text(message = "", args[1]);
  return cx.fail("AssertionError", message);
}

bool new_range(NativeContext& cx, Value* args, Value& result) {
  int64_t begin = 0, end, step = 1;
  const bool one = args[1].is_absent() || args[1].is_null();
  if (!want_int(cx, args[0], "range()", one ? "its end" : "a", one ? end : begin)) return false;
  if (!one && !want_int(cx, args[1], "range()", "b", end)) return false;
  if (!args[2].is_absent() && !want_int(cx, args[2], "range()", "step", step)) return false;
  if (step == 0) return cx.fail("ArgumentError", "range() takes a step that is not 0");
  result = Value::of(make_range(cx.heap, begin, end, step));
  return true;
}

bool abs_of(NativeContext& cx, Value* args, Value& result) {
  result = args[0];
  switch (args[0].tag) {
    case Tag::Float:
      result.real = std::fabs(args[0].real);
      return true;
    case Tag::Int:
    case Tag::Duration:
      if (args[0].integer == INT64_MIN)
        return cx.fail("ArithmeticError", "abs() of the least int does not fit 64 bits");
      result.integer = args[0].integer < 0 ? -args[0].integer : args[0].integer;
      return true;
    default:
      return cx.fail("TypeError",
                     fmt::format("abs() takes a number or a duration, got {}", type_name(args[0])));
  }
}

}  // namespace wakeful::native
