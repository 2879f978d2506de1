// JSON text as values. Keeps its own stack, so that depth costs none of the caller's.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/values/codec.h"
#include "runtime/values/key_cache.h"
#include "runtime/values/utf8.h"
#include "runtime/values/walk.h"

namespace wakeful {

namespace {

/// Characters that end a stretch of a string: quote, backslash, control characters.
constexpr std::array<bool, 256> make_stops() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}
constexpr std::array<bool, 256> kStops = make_stops();

class JsonReader {
 public:
  JsonReader(Heap& heap, std::string_view text)
      : heap_(heap),
        keys_(heap),
        begin_(text.data()),
        p_(text.data()),
        end_(text.data() + text.size()),
        used_before_(heap.used_bytes()) {}

  bool read(Value& out) {
    Value v;
    for (;;) {
      bool opened = false;
      if (!read_value(v, opened)) return false;
      if (opened) continue;
      for (;;) {  // v is complete: put it into its container, which may be complete then
        if (stack_.empty()) {
          out = v;
          return skip_space() ? fail("expected the end of the text") : true;
        }
        bool closed = false;
        if (!add(v) || !after_element(closed)) return false;
        if (!closed) break;
        v = close();
      }
    }
  }
  const std::string& error() const { return error_; }

 private:
  struct Open {
    List* list;  // null: a map
    Map* map;
    String* key;
    size_t first;  // of a list: where its elements begin in elements_
  };

  bool fail(std::string_view expected) {
    uint32_t line = 1, column = 1;
    for (const char* q = begin_; q < p_; ++q) {
      if (*q == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(*q) & 0xC0) != 0x80) {
        ++column;
      }
    }
    error_ = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
    error_ += expected;
    error_ += got();
    return false;
  }

  std::string got() const {
    if (p_ == end_) return ", but the text ends here";
    const auto c = static_cast<unsigned char>(*p_);
    if (c < 0x20 || c == 0x7F) return ", got the control character " + std::to_string(c);
    if ((c >= '0' && c <= '9') || c == '-') {      // the whole number
      constexpr size_t kShown = 40;
      const std::string_view rest(p_, std::min<size_t>(kShown, static_cast<size_t>(end_ - p_)));
      return ", got `" + std::string(rest.substr(0, rest.find_first_not_of("0123456789+-.eE"))) + "`";
    }
    if (c < 0x80) return std::string(", got `") + *p_ + "`";
    std::string_view rest(p_, std::min<size_t>(4, static_cast<size_t>(end_ - p_)));
    const size_t width = utf8_width(*p_);
    if (width <= rest.size() && is_valid_utf8(rest.substr(0, width))) {
      return ", got `" + std::string(rest.substr(0, width)) + "`";
    }
    return ", got a byte that is not UTF-8";
  }

  /// Whether anything is left.
  bool skip_space() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
    return p_ < end_;
  }

  bool read_value(Value& v, bool& opened) {
    if (!skip_space()) return fail("expected a value");
    switch (*p_) {
      case '{':
        return open_map(v, opened);
      case '[':
        return open_list(v, opened);
      case '"':
        return read_string(v);
      case 't':
        v = Value::of(true);
        return read_word("true");
      case 'f':
        v = Value::of(false);
        return read_word("false");
      case 'n':
        v = Value::null();
        return read_word("null");
      default:
        return read_number(v);
    }
  }

  bool read_word(std::string_view word) {
    if (static_cast<size_t>(end_ - p_) < word.size() ||
        std::memcmp(p_, word.data(), word.size()) != 0) {
      return fail("expected a value (words are true, false, null)");
    }
    p_ += word.size();
    return true;
  }

  bool check_open() {
    if (stack_.size() == kMaxDepth) return fail("expected no more than 1000 levels of nesting");
    if (heap_.used_bytes() - used_before_ > heap_.limit_bytes()) return fail(kTooLargeForHeap);
    ++p_;
    return true;
  }

  bool open_list(Value& v, bool& opened) {
    if (!check_open()) return false;
    if (skip_space() && *p_ == ']') {
      ++p_;
      v = Value::of(make_list(heap_));
      return true;
    }
    opened = true;
    stack_.push_back({make_list(heap_), nullptr, nullptr, elements_.size()});
    return true;
  }

  bool open_map(Value& v, bool& opened) {
    if (!check_open()) return false;
    Map* map = make_map(heap_);
    if (skip_space() && *p_ == '}') {
      ++p_;
      v = Value::of(map);
      return true;
    }
    opened = true;
    stack_.push_back({nullptr, map, nullptr, 0});
    return read_key();
  }

  bool read_key() {
    if (!skip_space() || *p_ != '"') return fail("expected a key in double quotes");
    std::string_view text;
    bool ascii;
    if (!read_text(text, ascii)) return false;
    stack_.back().key = keys_.get(text);
    if (!skip_space() || *p_ != ':') return fail("expected `:` behind the key");
    ++p_;
    return true;
  }

  bool add(Value v) {
    Open& open = stack_.back();
    if (open.list) {
      elements_.push_back(v);
    } else {
      if (!heap_.fits((size_t{open.map->used} + 1) * 3 * sizeof(Entry)))
        return fail(kTooLargeForHeap);
      map_set(heap_, open.map, open.key, v);
    }
    return true;
  }

  bool after_element(bool& closed) {
    const bool list = stack_.back().list;
    const char end = list ? ']' : '}';
    if (!skip_space() || (*p_ != ',' && *p_ != end)) {
      return fail(list ? "expected `,` or `]`" : "expected `,` or `}`");
    }
    closed = *p_++ == end;
    if (closed) return !list || room_for_list();
    if (!list) return read_key();
    if (skip_space() && *p_ == ']') return fail("expected another element behind `,`");
    return true;
  }

  bool room_for_list() {
    const size_t count = elements_.size() - stack_.back().first;
    return heap_.fits(count * sizeof(Value) + 64) || fail(kTooLargeForHeap);
  }

  Value close() {
    const Open open = stack_.back();
    stack_.pop_back();
    if (open.map) return Value::of(open.map);
    const size_t count = elements_.size() - open.first;
    list_grow(heap_, open.list, static_cast<uint32_t>(count));
    for (size_t i = open.first; i < elements_.size(); ++i)
      list_push(heap_, open.list, elements_[i]);
    elements_.resize(open.first);
    return Value::of(open.list);
  }

  bool read_string(Value& v) {
    std::string_view text;
    bool ascii;
    if (!read_text(text, ascii)) return false;
    if (!heap_.fits(text.size() + sizeof(String))) return fail(kTooLargeForHeap);
    if (!ascii) {
      v = string_value(heap_, text);
      return true;
    }
    String* s = allocate_string(heap_, text.size());
    std::memcpy(s->data, text.data(), text.size());
    seal_string(s, static_cast<uint32_t>(text.size()));
    v = Value::of(s);
    return true;
  }

  /// At a quote. The text lies in the input, or in unescaped_ where there were escapes.
  bool read_text(std::string_view& text, bool& ascii) {
    const char* start = ++p_;
    unsigned char seen = 0;
    bool escaped = false;
    for (;;) {
      const char* stretch = p_;
      while (p_ < end_ && !kStops[static_cast<unsigned char>(*p_)])
        seen |= static_cast<unsigned char>(*p_++);
      if (p_ == end_) return fail("expected `\"` at the end of the string");
      if (escaped) unescaped_.append(stretch, p_);
      if (*p_ == '"') break;
      if (*p_ != '\\')
        return fail("expected no control character within a string (use \\n, \\t, \\u…)");
      if (!escaped) unescaped_.assign(start, p_);
      escaped = true;
      if (!read_escape()) return false;
    }
    text = escaped ? std::string_view(unescaped_)
                   : std::string_view(start, static_cast<size_t>(p_ - start));
    ascii = seen < 0x80 && !escaped;
    if (seen >= 0x80) {
      const size_t good = valid_utf8_prefix(text);
      if (good != text.size()) {
        if (!escaped) p_ = start + good;
        return fail("expected UTF-8 in the string");
      }
    }
    ++p_;
    return true;
  }

  bool read_escape() {
    if (++p_ == end_) return fail("expected a character behind `\\`");
    switch (*p_) {
      case '"':
        unescaped_ += '"';
        break;
      case '\\':
        unescaped_ += '\\';
        break;
      case '/':
        unescaped_ += '/';
        break;
      case 'b':
        unescaped_ += '\b';
        break;
      case 'f':
        unescaped_ += '\f';
        break;
      case 'n':
        unescaped_ += '\n';
        break;
      case 'r':
        unescaped_ += '\r';
        break;
      case 't':
        unescaped_ += '\t';
        break;
      case 'u':
        return read_unicode();
      default:
        return fail("expected one of \" \\ / b f n r t u behind `\\`");
    }
    ++p_;
    return true;
  }

  bool read_unicode() {
    uint32_t c, low;
    if (!read_hex(c)) return false;
    if (c >= 0xD800 && c < 0xDC00) {
      if (end_ - p_ < 2 || p_[0] != '\\' || p_[1] != 'u')
        return fail("expected the second half of a surrogate pair");
      ++p_;
      if (!read_hex(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF)
        return fail("expected the second half of a surrogate pair before this");
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c <= 0xDFFF) {
      return fail("expected the first half of a surrogate pair before this");
    }
    append_utf8(unescaped_, c);
    return true;
  }

  /// At the `u`.
  bool read_hex(uint32_t& c) {
    c = 0;
    ++p_;
    for (int i = 0; i < 4; ++i, ++p_) {
      if (p_ == end_) return fail("expected four hexadecimal digits behind `\\u`");
      const char d = *p_;
      const int digit = d >= '0' && d <= '9'   ? d - '0'
                        : d >= 'a' && d <= 'f' ? d - 'a' + 10
                        : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("expected four hexadecimal digits behind `\\u`");
      c = c << 4 | static_cast<uint32_t>(digit);
    }
    return true;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  bool skip_digits() {
    const char* start = p_;
    while (p_ < end_ && is_digit(*p_)) ++p_;
    return p_ > start;
  }

  bool read_number(Value& v) {
    const char* start = p_;
    if (*p_ == '-') ++p_;
    if (p_ == end_ || !is_digit(*p_)) {
      return fail(p_ == start ? "expected a value" : "expected a digit behind `-`");
    }
    const bool zero = *p_ == '0';
    const char* digits = p_;
    skip_digits();
    if (zero && p_ - digits > 1) {
      p_ = digits + 1;
      return fail("expected a number without leading zeros");
    }
    if (p_ == end_ || (*p_ != '.' && *p_ != 'e' && *p_ != 'E')) return make_int(start, v);
    if (*p_ == '.') {
      ++p_;
      if (!skip_digits()) return fail("expected a digit behind the point");
    }
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
      ++p_;
      if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      if (!skip_digits()) return fail("expected a digit in the exponent");
    }
    return make_float(start, v);
  }

  bool make_int(const char* start, Value& v) {
    int64_t i;
    if (std::from_chars(start, p_, i).ec != std::errc()) {
      p_ = start;
      return fail("expected an int of 64 bits (send larger numbers as strings)");
    }
    v = Value::of(i);
    return true;
  }

  bool make_float(const char* start, Value& v) {
    double d;
    if (std::from_chars(start, p_, d).ec != std::errc()) {  // out of range: 0 or infinity
      d = std::strtod(std::string(start, p_).c_str(), nullptr);
      if (!std::isfinite(d)) {
        p_ = start;
        return fail("expected a number that a float can hold");
      }
    }
    v = Value::of(d);
    return true;
  }

  Heap& heap_;
  KeyCache keys_;
  const char* begin_;
  const char* p_;
  const char* end_;
  size_t used_before_;
  std::vector<Open> stack_;
  std::vector<Value> elements_;  // of the lists that are open
  std::string unescaped_;
  std::string error_;
};

}  // namespace

bool from_json(Heap& heap, std::string_view text, Value& out, std::string& error) {
  JsonReader reader(heap, text);
  if (reader.read(out)) return true;
  error = reader.error();
  return false;
}

}  // namespace wakeful
