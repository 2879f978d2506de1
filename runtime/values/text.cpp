// Values as text for people: str(x), "${x}", print. (For bytes and strict JSON: codec.h.)
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "runtime/values/heap.h"

namespace wakeful {

void append_float(std::string& out, double d) {
  if (std::isnan(d)) {
    out += "nan";
    return;
  }
  if (std::isinf(d)) {
    out += d < 0 ? "-inf" : "inf";
    return;
  }
  char buffer[64];
  const double size = std::fabs(d);
  const bool plain = d == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, d,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  out.append(buffer, end);
  if (plain && !std::memchr(buffer, '.', static_cast<size_t>(end - buffer))) out += ".0";
}

void append_duration(std::string& out, int64_t ms) {
  if (ms == 0) {
    out += "0s";
    return;
  }
  uint64_t rest = static_cast<uint64_t>(ms);
  if (ms < 0) {
    out += '-';
    rest = 0 - rest;
  }
  struct Unit {
    uint64_t ms;
    const char* name;
  };
  static constexpr Unit kUnits[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}};
  for (const Unit& unit : kUnits) {
    if (rest < unit.ms) continue;
    out += std::to_string(rest / unit.ms);
    out += unit.name;
    rest %= unit.ms;
  }
}

namespace {

struct Date {
  int64_t year;
  unsigned month;
  unsigned day;
};

/// Days since 1970-01-01 to a date of the proleptic Gregorian calendar; years are counted from
/// March.
Date date_of(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2), month,
          day_of_year - (153 * shifted + 2) / 5 + 1};
}

void append_padded(std::string& out, uint64_t number, size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

void append_time(std::string& out, int64_t ms) {
  constexpr int64_t kDay = 86'400'000;
  const int64_t days = ms / kDay - (ms % kDay < 0);
  const auto of_day = static_cast<uint64_t>(ms - days * kDay);
  const Date date = date_of(days);
  if (date.year < 0) out += '-';
  append_padded(out, static_cast<uint64_t>(date.year < 0 ? -date.year : date.year), 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
  out += 'T';
  append_padded(out, of_day / 3'600'000, 2);
  out += ':';
  append_padded(out, of_day / 60'000 % 60, 2);
  out += ':';
  append_padded(out, of_day / 1'000 % 60, 2);
  if (of_day % 1'000) {
    out += '.';
    append_padded(out, of_day % 1'000, 3);
  }
  out += 'Z';
}

namespace {

constexpr size_t kTextDepthMax = 1000;
constexpr size_t kTextBytesMax = size_t{64} << 20;
constexpr const char* kElided = "\"…\"";

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, begin, i - begin);
    begin = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default: {
        const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
        out.append(escape, sizeof escape);
      }
    }
  }
  out.append(text, begin);
  out += '"';
}

void append_handle(std::string& out, const Handle* handle) {
  out += "<handle";
  if (handle->id.is(Tag::String)) {
    out += ' ';
    out += handle->id.string()->view();
  }
  out += '>';
}

const char* callee_text(Value v) {
  if (v.is(Tag::Closure)) return "<fn>";
  switch (v.callee_kind) {
    case CalleeKind::Workflow:
      return "<workflow>";
    case CalleeKind::Activity:
      return "<activity>";
    default:
      return "<fn>";
  }
}

/// A value that is not a string and has no parts; without quotes. False for containers.
bool append_plain(std::string& out, Value v) {
  switch (v.tag) {
    case Tag::Null:
      out += "null";
      return true;
    case Tag::Absent:
      out += "null";
      return true;
    case Tag::Bool:
      out += v.boolean ? "true" : "false";
      return true;
    case Tag::Int: {
      char buffer[24];
      out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, v.integer).ptr);
      return true;
    }
    case Tag::Float:
      append_float(out, v.real);
      return true;
    case Tag::Duration:
      append_duration(out, v.integer);
      return true;
    case Tag::Time:
      append_time(out, v.integer);
      return true;
    case Tag::Callee:
    case Tag::Closure:
      out += callee_text(v);
      return true;
    case Tag::Handle:
      append_handle(out, v.as<Handle>());
      return true;
    case Tag::Cell:
    case Tag::Stream:
      out += '<';
      out += type_name(v);
      out += '>';
      return true;
    case Tag::String:
      out += v.string()->view();
      return true;
    case Tag::List:
    case Tag::Map:
    case Tag::Range:
    case Tag::Error:
      return false;
  }
  return false;
}

bool bare_in_json(Value v) {
  return v.is(Tag::Null) || v.is(Tag::Absent) || v.is(Tag::Bool) || v.is(Tag::Int) ||
         (v.is(Tag::Float) && std::isfinite(v.real));
}

/// Writes nested values; the containers that are open are a list, not the C++ stack.
class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  void run(Value root) {
    value(root);
    while (!open_.empty()) {
      if (out_.size() > kTextBytesMax) {
        out_ += "…";
        return;
      }
      advance();
    }
  }

 private:
  struct Level {
    Value value;
    int64_t next = 0;
    bool first = true;
  };

  void value(Value v) {
    if (v.is(Tag::String)) return append_quoted(out_, v.string()->view());
    if (bare_in_json(v)) {
      append_plain(out_, v);
      return;
    }
    if (!v.is(Tag::List) && !v.is(Tag::Map) && !v.is(Tag::Range) && !v.is(Tag::Error)) {
      std::string text;
      append_plain(text, v);
      return append_quoted(out_, text);
    }
    if (open_.size() >= kTextDepthMax || is_open(v)) {
      out_ += kElided;
      return;
    }
    out_ += v.is(Tag::List) || v.is(Tag::Range) ? '[' : '{';
    open_.push_back(Level{v});
  }

  bool is_open(Value v) const {
    for (const Level& level : open_) {
      if (level.value.object == v.object) return true;
    }
    return false;
  }

  /// The next part of the innermost open container, or its end.
  void advance() {
    Level& level = open_.back();
    switch (level.value.tag) {
      case Tag::List: {
        const List* list = level.value.list();
        if (level.next >= list->count) return close(']');
        comma(level);
        return value(list->storage->items[level.next++]);  // `level` may dangle from here on
      }
      case Tag::Range: {
        const auto* range = level.value.as<Range>();
        if (level.next >= range->count()) return close(']');
        comma(level);
        return value(Value::of(range->begin + range->step * level.next++));
      }
      case Tag::Map:
        return next_entry(level);
      default:
        return next_field(level);
    }
  }

  void next_entry(Level& level) {
    const Map* map = level.value.map();
    while (level.next < map->used && !map->entries->items[level.next].key) ++level.next;
    if (level.next >= map->used) return close('}');
    comma(level);
    const Entry& entry = map->entries->items[level.next++];
    append_quoted(out_, entry.key->view());
    out_ += ':';
    value(entry.value);
  }

  void next_field(Level& level) {
    const auto* error = level.value.as<ErrorObject>();
    struct Field {
      const char* name;
      Value value;
    };
    const Field fields[] = {{"kind", error->kind},
                            {"message", error->message},
                            {"data", error->data},
                            {"cause", error->cause},
                            {"workflow_id", error->workflow_id}};
    if (level.next >= 5) return close('}');
    comma(level);
    const Field& field = fields[level.next++];
    append_quoted(out_, field.name);
    out_ += ':';
    value(field.value);
  }

  void comma(Level& level) {
    if (!level.first) out_ += ',';
    level.first = false;
  }

  void close(char bracket) {
    out_ += bracket;
    open_.pop_back();
  }

  std::string& out_;
  std::vector<Level> open_;
};

}  // namespace

void append_text(std::string& out, Value v) {
  if (append_plain(out, v)) return;
  if (v.is(Tag::Error)) {
    append_text(out, v.as<ErrorObject>()->kind);
    out += ": ";
    append_text(out, v.as<ErrorObject>()->message);
    return;
  }
  JsonText(out).run(v);
}

}  // namespace wakeful
