// Type annotations at run time, and the texts of durations and times.
#include <charconv>

#include "runtime/values/codec.h"

namespace wakeful {
namespace {

using Kind = TypeDesc::Kind;

const char* kind_text(Kind kind) {
  switch (kind) {
    case Kind::Any: return "any";
    case Kind::Null: return "null";
    case Kind::Bool: return "bool";
    case Kind::Int: return "int";
    case Kind::Float: return "float";
    case Kind::Number: return "number";
    case Kind::String: return "string";
    case Kind::List: return "list";
    case Kind::Map: return "map";
    case Kind::Duration: return "duration";
    case Kind::Time: return "time";
    case Kind::Fn: return "fn";
    case Kind::Handle: return "handle";
    case Kind::Error: return "error";
    case Kind::Record: return "record";
  }
  return "any";
}

bool kind_fits(Value v, Kind kind) {
  switch (kind) {
    case Kind::Any: return true;
    case Kind::Null: return v.is_null();
    case Kind::Bool: return v.is(Tag::Bool);
    case Kind::Int: return v.is(Tag::Int);
    case Kind::Float:
    case Kind::Number: return v.is_number();
    case Kind::String: return v.is(Tag::String);
    case Kind::List: return v.is(Tag::List) || v.is(Tag::Range);
    case Kind::Map:
    case Kind::Record: return v.is(Tag::Map);
    case Kind::Duration: return v.is(Tag::Duration);
    case Kind::Time: return v.is(Tag::Time);
    case Kind::Fn: return v.is_function();
    case Kind::Handle: return v.is(Tag::Handle);
    case Kind::Error: return v.is(Tag::Error);
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
  if (type.kind == Kind::Duration && v.is(Tag::String)) text += " (a duration is written like \"1h30m\")";
  if (type.kind == Kind::Time && v.is(Tag::String)) text += " (a time is written like \"2026-11-23T17:41:00Z\")";
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
      case Kind::List: return type.args.empty() ? std::nullopt : check_elements(v, type.args[0]);
      case Kind::Map: return type.args.empty() ? std::nullopt : check_values(v.map(), type.args[0]);
      case Kind::Record: return check_fields(v.map(), type);
      default: return std::nullopt;
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
      if (auto error = check(list.list()->begin()[i], type)) return at("[" + std::to_string(i) + "]", error);
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
        return CodecError{"." + type.names[i], "expected " + type_text(type.args[i]) + ", but it is missing"};
      }
      if (auto error = check(*field, type.args[i])) return at("." + type.names[i], error);
    }
    return std::nullopt;
  }

  static std::string member(std::string_view key) {
    for (char c : key) {
      const bool plain = c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
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

std::optional<CodecError> check_type(Heap& heap, Value& value, const TypeDesc& type, bool from_json) {
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

// --- durations -------------------------------------------------------------------------------------

namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

/// `text` is the digits of whole.fraction; adds them times the unit to ms, rounded to the nearest millisecond.
bool add_part(std::string_view whole, std::string_view fraction, int64_t unit, int64_t& ms) {
  int64_t n = 0, part = 0;
  auto [end, fault] = std::from_chars(whole.data(), whole.data() + whole.size(), n);
  if (fault != std::errc() || end != whole.data() + whole.size()) return false;
  if (__builtin_mul_overflow(n, unit, &part) || __builtin_add_overflow(ms, part, &ms)) return false;
  double rest = 0, scale = 1;
  for (char c : fraction.substr(0, 15)) rest += (c - '0') * (scale /= 10);
  const auto rounded = static_cast<int64_t>(rest * static_cast<double>(unit) + 0.5);
  return !__builtin_add_overflow(ms, rounded, &ms);
}

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  std::string_view taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool parse_duration(std::string_view text, int64_t& ms) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return false;
  int64_t total = 0;
  size_t next_unit = 0;             // units fall, each once
  while (!text.empty()) {
    const std::string_view whole = take_while(text, is_digit);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take_while(text, is_digit);
      if (fraction.empty()) return false;
    }
    const std::string_view name = take_while(text, is_letter);
    while (next_unit < std::size(kUnits) && kUnits[next_unit].name != name) ++next_unit;
    if (whole.empty() || next_unit == std::size(kUnits)) return false;
    if (!fraction.empty() && !text.empty()) return false;       // a fraction in the last part only
    if (!add_part(whole, fraction, kUnits[next_unit++].ms, total)) return false;
  }
  ms = negative ? -total : total;
  return true;
}

// --- times -----------------------------------------------------------------------------------------

namespace {

/// Days since 1970 of a date of the Gregorian calendar (H. Hinnant's days_from_civil).
int64_t days_from_civil(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int64_t days_in_month(int64_t year, int64_t month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Exactly `count` digits.
bool take_number(std::string_view& text, size_t count, int64_t low, int64_t high, int64_t& n) {
  if (text.size() < count) return false;
  n = 0;
  for (char c : text.substr(0, count)) {
    if (!is_digit(c)) return false;
    n = n * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return n >= low && n <= high;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text[0]) == one_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits beyond the millisecond are dropped.
bool take_fraction(std::string_view& text, int64_t& ms) {
  ms = 0;
  if (!take(text, ".")) return true;
  const std::string_view digits = take_while(text, is_digit);
  for (size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return !digits.empty();
}

bool take_offset(std::string_view& text, int64_t& minutes) {
  minutes = 0;
  if (take(text, "Zz")) return true;
  const bool west = text.starts_with('-');
  int64_t h, m;
  if (!take(text, "+-") || !take_number(text, 2, 0, 23, h) || !take(text, ":") || !take_number(text, 2, 0, 59, m)) {
    return false;
  }
  minutes = (h * 60 + m) * (west ? -1 : 1);
  return true;
}

}  // namespace

bool parse_time(std::string_view text, int64_t& ms) {
  int64_t year, month, day, hour, minute, second, fraction, offset;
  if (!take_number(text, 4, 0, 9999, year) || !take(text, "-") || !take_number(text, 2, 1, 12, month) ||
      !take(text, "-") || !take_number(text, 2, 1, days_in_month(year, month), day)) {
    return false;
  }
  if (!take(text, "Tt ") || !take_number(text, 2, 0, 23, hour) || !take(text, ":") ||
      !take_number(text, 2, 0, 59, minute) || !take(text, ":") || !take_number(text, 2, 0, 60, second)) {
    return false;
  }
  if (!take_fraction(text, fraction) || !take_offset(text, offset) || !text.empty()) return false;
  const int64_t minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset;
  ms = (minutes * 60 + second) * 1000 + fraction;
  return true;
}

}  // namespace wakeful
