// Values as JSON text. Keeps its own stack (walk.h): runs live on small ones.
#include <array>
#include <charconv>

#include "runtime/values/codec.h"
#include "runtime/values/walk.h"

namespace wakeful {
namespace {

/// 0: stands for itself in a string; 'u': \u00xx; else the letter behind the backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  for (int c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

void put_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // where the stretch that stands for itself begins
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[c];
    if (!escape) continue;
    out.append(text.data() + plain, i - plain);
    plain = i + 1;
    out += '\\';
    out += escape;
    if (escape != 'u') continue;
    out += "00";
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  out.append(text.data() + plain, text.size() - plain);
  out += '"';
}

void put_int(std::string& out, int64_t i) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, i).ptr);
}

class JsonWriter {
 public:
  JsonWriter(std::string& out, JsonOptions options)
      : out_(out), options_(options), begin_(out.size()) {}

  std::optional<CodecError> write(Value v) {
    for (;;) {
      if (const char* why = why_not_writable(v)) {
        if (!options_.lossy) return CodecError{walk_.path(), why};
        put_unwritable(v);
      } else if (!put_scalar(v)) {
        if (!enter(v)) return CodecError{walk_.path(), kTooDeepMessage};
      }
      if (out_.size() - begin_ > kMaxBytes) {
        if (!options_.lossy) return CodecError{walk_.path(), kTooLargeMessage};
        full_ = true;
      }
      if (!next(v)) return std::nullopt;
    }
  }

 private:
  // the fields of an error that JSON shows: all but the stack
  static constexpr uint32_t kErrorFieldsShown = kErrorFields - 1;

  bool put_scalar(Value v) {
    switch (v.tag) {
      case Tag::Null:
      case Tag::Absent:
        out_ += "null";
        return true;
      case Tag::Bool:
        out_ += v.boolean ? "true" : "false";
        return true;
      case Tag::Int:
        put_int(out_, v.integer);
        return true;
      case Tag::Float:
        append_float(out_, v.real);
        return true;
      case Tag::Duration:
      case Tag::Time:
        put_quoted(v);
        return true;
      case Tag::String:
        put_string(out_, v.string()->view());
        return true;
      default:
        return false;
    }
  }

  void put_quoted(Value v) {
    out_ += '"';
    if (v.is(Tag::Time)) {
      append_time(out_, v.integer);
    } else {
      append_duration(out_, v.integer);
    }
    out_ += '"';
  }

  /// For display only: functions, handles, NaN.
  void put_unwritable(Value v) {
    std::string text;
    append_text(text, v);
    put_string(out_, text);
  }

  bool enter(Value v) {
    if (walk_.depth() == kMaxDepth || full_) {
      if (!options_.lossy) return false;
      out_ += "\"…\"";
      return true;
    }
    out_ += is_list(v) ? '[' : '{';
    walk_.enter(v, kErrorFieldsShown);
    first_ = true;
    return true;
  }

  static bool is_list(Value v) { return v.is(Tag::List) || v.is(Tag::Range); }

  /// Goes to the next element, closing what ends; false at the end of all.
  bool next(Value& v) {
    while (!walk_.empty() && (full_ || !walk_.next(v))) {
      const bool list = is_list(walk_.container());
      walk_.leave();
      if (!first_) break_line();
      out_ += list ? ']' : '}';
      first_ = false;
    }
    if (walk_.empty()) return false;
    if (!first_) out_ += ',';
    first_ = false;
    break_line();
    put_key();
    return true;
  }

  void put_key() {
    if (is_list(walk_.container())) return;
    const String* key = walk_.key();
    put_string(out_, key ? key->view() : ValueWalk::kFieldNames[walk_.number() - 1]);
    out_ += options_.pretty ? ": " : ":";
  }

  void break_line() {
    if (!options_.pretty) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(walk_.depth()) * 2, ' ');
  }

  std::string& out_;
  JsonOptions options_;
  size_t begin_;
  ValueWalk walk_;
  bool first_ = false;  // nothing was written yet in the innermost container
  bool full_ = false;   // lossy, and beyond kMaxBytes: close everything
};

}  // namespace

std::optional<CodecError> to_json(Value value, std::string& out, JsonOptions options) {
  return JsonWriter(out, options).write(value);
}

}  // namespace wakeful
