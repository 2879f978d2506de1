// CBOR as values: ours, and plain CBOR of others. Never reads out of bounds, whatever the bytes.
#include <bit>
#include <cmath>
#include <vector>

#include "runtime/values/cbor_format.h"
#include "runtime/values/codec.h"
#include "runtime/values/key_cache.h"
#include "runtime/values/utf8.h"
#include "runtime/values/walk.h"

namespace wakeful {

namespace {

using namespace cbor;

/// Reads one item; the containers that are open are a stack of its own.
class CborReader {
 public:
  CborReader(Heap& heap, std::string_view bytes)
      : heap_(heap), keys_(heap), text_(bytes), used_before_(heap.used_bytes()) {}

  bool read(Value& out) {
    for (;;) {
      Value v;
      bool opened = false;
      if (ends_here()) {
        if (!close(v)) return false;
      } else {
        if (wants_key()) {
          if (!read_key()) return false;
        }
        if (!read_item(v, opened)) return false;
        if (opened) continue;
      }
      if (stack_.empty()) {
        out = v;
        if (at_ != text_.size()) return fail("bytes behind the end of the value");
        return true;
      }
      if (!add(v)) return false;
    }
  }
  const std::string& error() const { return error_; }

 private:
  enum class Shape : uint8_t { List, Map, Error, Range };
  struct Open {
    Shape shape;
    bool indefinite;
    uint64_t left;  // elements (entries of a map) still to come
    List* list;     // of all shapes but Map
    Map* map;
    String* key;
  };
  struct Head {
    uint8_t major;
    uint8_t info;
    uint64_t n;
  };

  bool fail(const char* what) {
    error_ = std::string(what) + " at byte " + std::to_string(at_);
    return false;
  }

  bool take(size_t count, const char*& p) {
    if (text_.size() - at_ < count) return fail("the bytes end in the middle of a value");
    p = text_.data() + at_;
    at_ += count;
    return true;
  }

  bool read_head(Head& head) {
    const char* p;
    if (!take(1, p)) return false;
    const auto first = static_cast<uint8_t>(*p);
    head = {static_cast<uint8_t>(first >> 5), static_cast<uint8_t>(first & 31), 0};
    if (head.info < 24) {
      head.n = head.info;
      return true;
    }
    if (head.info == 31) return true;
    if (head.info > 27) return fail("not CBOR: reserved length");
    const int count = 1 << (head.info - 24);
    if (!take(count, p)) return false;
    for (int i = 0; i < count; ++i) head.n = head.n << 8 | static_cast<uint8_t>(p[i]);
    return true;
  }

  bool ends_here() {
    if (stack_.empty()) return false;
    const Open& open = stack_.back();
    if (!open.indefinite) return open.left == 0;
    if (at_ < text_.size() && static_cast<uint8_t>(text_[at_]) == kBreak) {
      ++at_;
      return true;
    }
    return false;
  }

  bool wants_key() const { return !stack_.empty() && stack_.back().shape == Shape::Map; }

  bool read_key() {
    Head head;
    if (!read_head(head)) return false;
    if (head.major != kText) return fail("a key of a map must be text");
    std::string_view text;
    std::string chunks;
    if (!read_text_bytes(head, text, chunks)) return false;
    stack_.back().key = keys_.get(text);
    return true;
  }

  bool read_text(const Head& head, Value& v) {
    std::string_view text;
    std::string chunks;
    if (!read_text_bytes(head, text, chunks)) return false;
    v = string_value(heap_, text);
    return true;
  }

  /// `chunks` holds the text where it came in several.
  bool read_text_bytes(const Head& head, std::string_view& text, std::string& chunks) {
    if (head.info == 31) {
      if (!read_chunks(chunks)) return false;
      text = chunks;
    } else {
      if (!take_text(head.n, text)) return false;
    }
    if (!is_valid_utf8(text)) return fail("a text that is not UTF-8");
    if (!heap_.fits(text.size() + sizeof(String))) return fail(kTooLargeForHeap);
    return true;
  }

  bool take_text(uint64_t bytes, std::string_view& text) {
    if (bytes > text_.size() - at_) return fail("the bytes end in the middle of a text");
    text = text_.substr(at_, bytes);
    at_ += bytes;
    return true;
  }

  bool read_chunks(std::string& all) {
    while (at_ == text_.size() || static_cast<uint8_t>(text_[at_]) != kBreak) {
      Head head;
      std::string_view chunk;
      if (!read_head(head)) return false;
      if (head.major != kText || head.info == 31) return fail("not CBOR: wrong chunk of a text");
      if (!take_text(head.n, chunk)) return false;
      all += chunk;
    }
    ++at_;
    return true;
  }

  bool read_item(Value& v, bool& opened) {
    Head head;
    if (!read_head(head)) return false;
    return head.major == kTag ? read_tagged(head, v, opened) : read_untagged(head, v, opened);
  }

  bool read_untagged(const Head& head, Value& v, bool& opened) {
    switch (head.major) {
      case kUint:
      case kNegative:
        return read_int(head, v);
      case kBytes:
        return fail("a byte string, which the language does not have; send text");
      case kText:
        return read_text(head, v);
      case kArray:
        opened = true;
        return open(Shape::List, head);
      case kMap:
        opened = true;
        return open(Shape::Map, head);
      default:
        return read_simple(head, v);
    }
  }

  bool read_int(const Head& head, Value& v) {
    if (head.info == 31) return fail("not CBOR: an int of indefinite length");
    if (head.n > static_cast<uint64_t>(INT64_MAX)) return fail("an int outside 64 bits");
    const auto n = static_cast<int64_t>(head.n);
    v = Value::of(head.major == kUint ? n : ~n);
    return true;
  }

  bool read_simple(const Head& head, Value& v) {
    switch (head.info) {
      case 20:
        v = Value::of(false);
        return true;
      case 21:
        v = Value::of(true);
        return true;
      case 22:
        v = Value::null();
        return true;
      case 23:
        v = Value::absent();
        return true;
      case 25:
        return make_float(half(static_cast<uint16_t>(head.n)), v);
      case 26:
        return make_float(std::bit_cast<float>(static_cast<uint32_t>(head.n)), v);
      case 27:
        return make_float(std::bit_cast<double>(head.n), v);
      default:
        return fail("not CBOR that a value can come from: unknown simple value");
    }
  }

  static double half(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    const double size = exponent == 0    ? std::ldexp(mantissa, -24)
                        : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                         : std::ldexp(mantissa + 1024, exponent - 25);
    return bits & 0x8000 ? -size : size;
  }

  bool make_float(double d, Value& v) {
    if (!std::isfinite(d)) return fail("NaN or an infinity");
    v = Value::of(d);
    return true;
  }

  bool read_tagged(Head tag, Value& v, bool& opened) {
    if (tag.info == 31) return fail("not CBOR: a tag of indefinite length");
    Head head;
    for (;;) {  // tags that we don't know are dropped: their content speaks for itself
      if (!read_head(head)) return false;
      if (tag.n >= kDurationTag && tag.n <= kErrorTag) break;
      if (head.major != kTag) return read_untagged(head, v, opened);
      tag = head;
    }
    if (tag.n == kDurationTag || tag.n == kTimeTag) {
      if (head.major > kNegative || !read_int(head, v))
        return fail("a duration or time must be an int");
      v.tag = tag.n == kTimeTag ? Tag::Time : Tag::Duration;
      return true;
    }
    const uint64_t fields = tag.n == kErrorTag ? kErrorFields : 3;
    if (head.major != kArray || head.info == 31 || head.n != fields) {
      return fail("a range or error with a wrong number of fields");
    }
    opened = true;
    return open(tag.n == kErrorTag ? Shape::Error : Shape::Range, head);
  }

  bool open(Shape shape, const Head& head) {
    if (stack_.size() == kMaxDepth) return fail(kTooDeepMessage);
    const bool indefinite = head.info == 31;
    const uint64_t left = indefinite ? 0 : head.n;
    const uint64_t least = shape == Shape::Map ? 2 : 1;  // bytes of an element
    if (left > (text_.size() - at_) / least)
      return fail("the bytes end in the middle of a list or map");
    if (!room_for(left, shape == Shape::Map ? 2 * sizeof(Entry) : sizeof(Value))) return false;
    Open o{shape, indefinite, left, nullptr, nullptr, nullptr};
    if (shape == Shape::Map) {
      o.map = make_map(heap_, static_cast<uint32_t>(left));
    } else {
      o.list = make_list(heap_, static_cast<uint32_t>(left));
    }
    stack_.push_back(o);
    return true;
  }

  bool room_for(uint64_t count, size_t each) {
    if (!heap_.fits(count * each + 64)) return fail(kTooLargeForHeap);
    if (heap_.used_bytes() - used_before_ > heap_.limit_bytes()) return fail(kTooLargeForHeap);
    return true;
  }

  bool add(Value v) {
    Open& open = stack_.back();
    if (!open.indefinite) {
      --open.left;
    } else {
      const uint32_t count = open.map ? open.map->used : open.list->count;
      if ((count & (count - 1)) == 0 && !room_for(uint64_t{count} * 2, 2 * sizeof(Entry)))
        return false;
    }
    if (open.map) {
      map_set(heap_, open.map, open.key, v);
    } else {
      list_push(heap_, open.list, v);
    }
    return true;
  }

  bool close(Value& v) {
    const Open open = stack_.back();
    stack_.pop_back();
    switch (open.shape) {
      case Shape::List:
        v = Value::of(open.list);
        return true;
      case Shape::Map:
        v = Value::of(open.map);
        return true;
      case Shape::Range:
        return make_range_value(open.list->begin(), v);
      case Shape::Error:
        return make_error_value(open.list->begin(), v);
    }
    return false;
  }

  bool make_range_value(const Value* f, Value& v) {
    if (!f[0].is(Tag::Int) || !f[1].is(Tag::Int) || !f[2].is(Tag::Int) || f[2].integer == 0) {
      return fail("a range must be three ints, the last not 0");
    }
    v = Value::of(make_range(heap_, f[0].integer, f[1].integer, f[2].integer));
    return true;
  }

  bool make_error_value(const Value* f, Value& v) {
    const auto text_or_null = [](Value x) { return x.is(Tag::String) || x.is_null(); };
    if (!f[0].is(Tag::String) || !f[1].is(Tag::String) ||
        !(f[3].is(Tag::Error) || f[3].is_null()) || !text_or_null(f[4]) ||
        !(f[5].is(Tag::List) || f[5].is_null())) {
      return fail("an error with fields of wrong types");
    }
    ErrorObject* error = make_error(heap_, f[0].string()->view(), f[1].string()->view());
    error->data = f[2];
    error->cause = f[3];
    error->workflow_id = f[4];
    error->stack = f[5];
    v = Value::of(error);
    return true;
  }

  Heap& heap_;
  KeyCache keys_;
  std::string_view text_;
  size_t used_before_;
  size_t at_ = 0;
  std::vector<Open> stack_;
  std::string error_;
};

}  // namespace

bool from_cbor(Heap& heap, std::string_view bytes, Value& out, std::string& error) {
  CborReader reader(heap, bytes);
  if (reader.read(out)) return true;
  error = reader.error();
  return false;
}

std::string cbor_to_json(std::string_view bytes, JsonOptions options) {
  Heap heap(size_t{1} << 30);
  Value value;
  std::string out;
  if (!from_cbor(heap, bytes, value, out)) return "<unreadable value: " + out + ">";
  out.clear();
  if (auto error = to_json(value, out, options))
    return "<unreadable value: " + error->message + ">";
  return out;
}

}  // namespace wakeful
