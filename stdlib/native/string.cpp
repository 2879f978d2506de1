// Methods of strings: parts, search, padding. Cases and white space: unicode.h; matches():
// regex.cpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "runtime/values/utf8.h"
#include "stdlib/native/natives.h"
#include "stdlib/native/unicode.h"

namespace wakeful::native {
namespace {

std::string_view self(Value* args) { return args[0].as<String>()->view(); }

/// A string that is part of another: knows its length without counting where that is ASCII.
Value part(NativeContext& cx, const String* of, std::string_view text) {
  if (text.size() == of->bytes) return Value::of(const_cast<String*>(of));
  String* s = allocate_string(cx.heap, text.size());
  if (!text.empty()) std::memcpy(s->data, text.data(), text.size());
  if (of->ascii()) {
    seal_string(s, static_cast<uint32_t>(text.size()));
  } else {
    seal_string(s);
  }
  return Value::of(s);
}

/// Code points in valid UTF-8.
int64_t code_points(std::string_view text) {
  int64_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

/// Bytes of the first n code points.
size_t bytes_of(std::string_view text, int64_t n) {
  size_t at = 0;
  while (n-- > 0 && at < text.size()) at += utf8_width(text[at]);
  return at;
}

}  // namespace

bool string_trim(NativeContext& cx, Value* args, Value& result) {
  result = part(cx, args[0].string(), trim_spaces(self(args)));
  return true;
}

namespace {

bool split_words(NativeContext& cx, const String* s, List* out) {
  std::string_view rest = trim_spaces(s->view());
  while (!rest.empty()) {
    size_t end = 0;
    while (end < rest.size() && !space_at(rest, end)) end += utf8_width(rest[end]);
    if (!push_one(cx, "split()", out, part(cx, s, rest.substr(0, end)))) return false;
    while (end < rest.size()) {
      const size_t width = space_at(rest, end);
      if (width == 0) break;
      end += width;
    }
    rest.remove_prefix(end);
  }
  return true;
}

bool split_at(NativeContext& cx, const String* s, std::string_view sep, List* out) {
  std::string_view rest = s->view();
  for (;;) {
    const size_t at = rest.find(sep);
    if (!push_one(cx, "split()", out, part(cx, s, rest.substr(0, at)))) return false;
    if (at == rest.npos) return true;
    rest.remove_prefix(at + sep.size());
  }
}

bool split_chars(NativeContext& cx, const char* call, const String* s, Value& result) {
  List* out;
  if (!check_fits(cx, call, uint64_t{s->length} * (sizeof(Value) + sizeof(String)))) return false;
  if (!new_list(cx, call, s->length, out)) return false;
  std::array<String*, 128> seen{};  // each ASCII character once
  const std::string_view text = s->view();
  for (size_t at = 0; at < text.size();) {
    const size_t width = utf8_width(text[at]);
    if (width == 1) {
      String*& known = seen[static_cast<unsigned char>(text[at])];
      if (!known) known = make_string(cx.heap, text.substr(at, 1));
      list_push(cx.heap, out, Value::of(known));
    } else {
      list_push(cx.heap, out, string_value(cx.heap, text.substr(at, width)));
    }
    at += width;
  }
  result = Value::of(out);
  return true;
}

}  // namespace

bool string_chars(NativeContext& cx, Value* args, Value& result) {
  return split_chars(cx, "chars()", args[0].string(), result);
}

bool string_split(NativeContext& cx, Value* args, Value& result) {
  String* s = args[0].string();
  List* out = make_list(cx.heap);
  result = Value::of(out);
  if (args[1].is_absent() || args[1].is_null()) return split_words(cx, s, out);
  String* sep;
  if (!want_string(cx, args[1], "split()", "sep", sep)) return false;
  if (sep->bytes == 0) return split_chars(cx, "split()", s, result);
  return split_at(cx, s, sep->view(), out);
}

bool string_lines(NativeContext& cx, Value* args, Value& result) {
  const String* s = args[0].string();
  List* out = make_list(cx.heap);
  result = Value::of(out);
  std::string_view rest = s->view();
  while (!rest.empty()) {
    const size_t at = rest.find('\n');
    std::string_view line = rest.substr(0, at);
    if (at != rest.npos && line.ends_with('\r')) line.remove_suffix(1);
    if (!push_one(cx, "lines()", out, part(cx, s, line))) return false;
    rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
  }
  return true;
}

bool string_replace(NativeContext& cx, Value* args, Value& result) {
  String *old, *with;
  if (!want_string(cx, args[1], "replace()", "old", old) ||
      !want_string(cx, args[2], "replace()", "new", with)) {
    return false;
  }
  if (old->bytes == 0)
    return cx.fail("ArgumentError", "replace() takes an old text that is not empty");
  const std::string_view text = self(args);
  std::string out;
  size_t from = 0;
  for (size_t at; (at = text.find(old->view(), from)) != text.npos; from = at + old->bytes) {
    out.append(text, from, at - from);
    out += with->view();
    if (!cx.heap.fits(out.size())) return check_fits(cx, "replace()", out.size());
  }
  if (from == 0) {
    result = args[0];
    return true;
  }
  out.append(text, from, text.npos);
  return new_string(cx, "replace()", out, result);
}

bool string_contains(NativeContext& cx, Value* args, Value& result) {
  String* sub;
  if (!want_string(cx, args[1], "contains()", "sub", sub)) return false;
  result = Value::of(self(args).find(sub->view()) != std::string_view::npos);
  return true;
}

bool string_starts_with(NativeContext& cx, Value* args, Value& result) {
  String* prefix;
  if (!want_string(cx, args[1], "starts_with()", "prefix", prefix)) return false;
  result = Value::of(self(args).starts_with(prefix->view()));
  return true;
}

bool string_ends_with(NativeContext& cx, Value* args, Value& result) {
  String* suffix;
  if (!want_string(cx, args[1], "ends_with()", "suffix", suffix)) return false;
  result = Value::of(self(args).ends_with(suffix->view()));
  return true;
}

bool string_find(NativeContext& cx, Value* args, Value& result) {
  String* sub;
  if (!want_string(cx, args[1], "find()", "sub", sub)) return false;
  const size_t at = self(args).find(sub->view());
  if (at == std::string_view::npos) {
    result = Value::of(int64_t{-1});
  } else {
    result = Value::of(args[0].string()->ascii() ? static_cast<int64_t>(at)
                                                 : code_points(self(args).substr(0, at)));
  }
  return true;
}

bool string_repeat(NativeContext& cx, Value* args, Value& result) {
  int64_t n;
  const String* s = args[0].string();
  if (!want_count(cx, args[1], "repeat()", "n", 0, n)) return false;
  if (s->bytes == 0) n = 0;
  constexpr int64_t kTooMany = int64_t{1} << 31;  // keeps the product in 64 bits
  const uint64_t bytes = uint64_t{s->bytes} * static_cast<uint64_t>(std::min(n, kTooMany));
  if (!check_fits(cx, "repeat()", bytes + sizeof(String))) return false;
  String* out = allocate_string(cx.heap, bytes);
  if (s->bytes == 1) {
    std::memset(out->data, s->data[0], bytes);
  } else {
    for (uint64_t at = 0; at < bytes; at += s->bytes)
      std::memcpy(out->data + at, s->data, s->bytes);
  }
  seal_string(out, s->length * static_cast<uint32_t>(n));
  result = Value::of(out);
  return true;
}

namespace {

/// Fill on the left or right, up to `width` code points.
bool pad(NativeContext& cx, const char* call, Value* args, bool left, Value& result) {
  int64_t width;
  if (!want_int(cx, args[1], call, "width", width)) return false;
  std::string_view fill = " ";
  if (!args[2].is_absent()) {
    String* given;
    if (!want_string(cx, args[2], call, "fill", given)) return false;
    if (given->bytes == 0)
      return cx.fail("ArgumentError", fmt::format("{} takes a fill that is not empty", call));
    fill = given->view();
  }
  const String* s = args[0].string();
  result = args[0];
  if (width <= s->length) return true;
  const int64_t missing = width - s->length;
  if (!check_fits(cx, call, s->bytes + static_cast<uint64_t>(missing) + sizeof(String)))
    return false;
  const int64_t fill_length = code_points(fill);
  const auto whole = static_cast<uint64_t>(missing / fill_length);
  const size_t rest = bytes_of(fill, missing % fill_length);
  if (!check_fits(cx, call, s->bytes + whole * fill.size() + rest + sizeof(String))) return false;
  std::string filling;
  filling.reserve(whole * fill.size() + rest);
  for (uint64_t i = 0; i < whole; ++i) filling += fill;
  filling += fill.substr(0, rest);
  return new_string(cx, call, left ? filling.append(s->view()) : std::string(s->view()) + filling,
                    result);
}

}  // namespace

bool string_pad_left(NativeContext& cx, Value* args, Value& result) {
  return pad(cx, "pad_left()", args, true, result);
}
bool string_pad_right(NativeContext& cx, Value* args, Value& result) {
  return pad(cx, "pad_right()", args, false, result);
}

namespace {

bool append_element(NativeContext& cx, int64_t index, Value x, std::string& out) {
  char digits[24];
  switch (x.tag) {
    case Tag::String:
      out += x.string()->view();
      return true;
    case Tag::Int:
      out.append(digits, std::to_chars(digits, digits + sizeof digits, x.integer).ptr);
      return true;
    case Tag::Float:
      append_float(out, x.real);
      return true;
    default:
      return cx.fail("TypeError",
                     fmt::format("join() takes strings and numbers, but element {} is of type {}; "
                                 "map it first: xs.map(x => str(x)).join(…)",
                                 index, type_name(x)));
  }
}

bool join(NativeContext& cx, const Sequence& xs, std::string_view sep, Value& result) {
  std::string out;
  for (int64_t i = 0; i < xs.count; ++i) {
    if (i) out += sep;
    if (!append_element(cx, i, xs[i], out)) return false;
    if (!cx.heap.fits(out.size())) return check_fits(cx, "join()", out.size());
  }
  return new_string(cx, "join()", out, result);
}

}  // namespace

bool string_join(NativeContext& cx, Value* args, Value& result) {
  Sequence xs;
  return want_sequence(cx, args[1], "join()", "xs", xs) && join(cx, xs, self(args), result);
}

bool list_join(NativeContext& cx, Value* args, Value& result) {
  String* sep = nullptr;
  if (!args[1].is_absent() && !want_string(cx, args[1], "join()", "sep", sep)) return false;
  return join(cx, sequence_of(args[0]), sep ? sep->view() : "", result);
}

namespace {

/// Each code point mapped; ASCII in place.
bool map_case(NativeContext& cx, const char* call, const String* s, bool upper, Value& result) {
  if (s->ascii()) {
    String* out = allocate_string(cx.heap, s->bytes);
    const char first = upper ? 'a' : 'A';
    for (uint32_t i = 0; i < s->bytes; ++i) {
      const char c = s->data[i];
      out->data[i] = c >= first && c <= first + 25 ? static_cast<char>(c ^ 0x20) : c;
    }
    seal_string(out, s->bytes);
    result = Value::of(out);
    return true;
  }
  std::string out;
  out.reserve(s->bytes);
  for (size_t at = 0; at < s->bytes;) {
    const uint32_t c = next_code_point(s->view(), at);
    if (upper && c == 0xDF) {
      out += "SS";
    } else {
      append_utf8(out, upper ? upper_case(c) : lower_case(c));
    }
  }
  return new_string(cx, call, out, result);
}

}  // namespace

bool string_upper(NativeContext& cx, Value* args, Value& result) {
  return map_case(cx, "upper()", args[0].string(), true, result);
}
bool string_lower(NativeContext& cx, Value* args, Value& result) {
  return map_case(cx, "lower()", args[0].string(), false, result);
}

}  // namespace wakeful::native
