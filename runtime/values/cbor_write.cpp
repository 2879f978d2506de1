// Values as CBOR: what the journal holds and what goes from run to run. The tags are listed in
// codec.h. Keeps its own stack (walk.h): runs live on small ones.
#include <bit>

#include "runtime/values/cbor_format.h"
#include "runtime/values/codec.h"
#include "runtime/values/walk.h"

namespace wakeful {
namespace {

using namespace cbor;


void put_head(std::string& out, Major major, uint64_t n) {
  char bytes[9];
  const auto big_endian = [&](int count) {
    for (int i = 0; i < count; ++i) bytes[1 + i] = static_cast<char>(n >> (8 * (count - 1 - i)));
    out.append(bytes, 1 + count);
  };
  const auto first = [&](unsigned low) { bytes[0] = static_cast<char>(major << 5 | low); };
  if (n < 24) {
    first(static_cast<unsigned>(n));
    out += bytes[0];
  } else if (n <= 0xFF) {
    first(24);
    big_endian(1);
  } else if (n <= 0xFFFF) {
    first(25);
    big_endian(2);
  } else if (n <= 0xFFFFFFFF) {
    first(26);
    big_endian(4);
  } else {
    first(27);
    big_endian(8);
  }
}

void put_int(std::string& out, int64_t i) {
  if (i >= 0) {
    put_head(out, kUint, static_cast<uint64_t>(i));
  } else {
    put_head(out, kNegative, ~static_cast<uint64_t>(i));
  }
}

void put_tagged_int(std::string& out, OurTag tag, int64_t i) {
  put_head(out, kTag, tag);
  put_int(out, i);
}

/// Four bytes where they hold the number exactly, else eight.
void put_float(std::string& out, double d) {
  const auto narrow = static_cast<float>(d);
  char bytes[9];
  if (static_cast<double>(narrow) == d) {
    bytes[0] = static_cast<char>(0xFA);
    const auto bits = std::bit_cast<uint32_t>(narrow);
    for (int i = 0; i < 4; ++i) bytes[1 + i] = static_cast<char>(bits >> (24 - 8 * i));
    out.append(bytes, 5);
  } else {
    bytes[0] = static_cast<char>(0xFB);
    const auto bits = std::bit_cast<uint64_t>(d);
    for (int i = 0; i < 8; ++i) bytes[1 + i] = static_cast<char>(bits >> (56 - 8 * i));
    out.append(bytes, 9);
  }
}

void put_text(std::string& out, const String* s) {
  put_head(out, kText, s->bytes);
  out.append(s->data, s->bytes);
}

void put_range(std::string& out, const Range* range) {
  put_head(out, kTag, kRangeTag);
  put_head(out, kArray, 3);
  put_int(out, range->begin);
  put_int(out, range->end);
  put_int(out, range->step);
}

/// The part of a value that is not a container; false for containers.
bool put_scalar(std::string& out, Value v) {
  switch (v.tag) {
    case Tag::Null:
      out += static_cast<char>(0xF6);
      return true;
    case Tag::Bool:
      out += static_cast<char>(v.boolean ? 0xF5 : 0xF4);
      return true;
    case Tag::Int:
      put_int(out, v.integer);
      return true;
    case Tag::Float:
      put_float(out, v.real);
      return true;
    case Tag::Duration:
      put_tagged_int(out, kDurationTag, v.integer);
      return true;
    case Tag::Time:
      put_tagged_int(out, kTimeTag, v.integer);
      return true;
    case Tag::Absent:
      out += static_cast<char>(kUndefined);
      return true;
    case Tag::String:
      put_text(out, v.string());
      return true;
    case Tag::Range:
      put_range(out, v.as<Range>());
      return true;
    default:
      return false;
  }
}

void put_container_head(std::string& out, Value v) {
  if (v.is(Tag::List)) {
    put_head(out, kArray, v.list()->count);
  } else if (v.is(Tag::Map)) {
    put_head(out, kMap, v.map()->count);
  } else {
    put_head(out, kTag, kErrorTag);
    put_head(out, kArray, kErrorFields);
  }
}

}  // namespace

std::optional<CodecError> to_cbor(Value value, std::string& out) {
  const size_t begin = out.size();
  ValueWalk walk;
  Value v = value;
  for (;;) {
    if (const char* why = why_not_writable(v)) return CodecError{walk.path(), why};
    if (!put_scalar(out, v)) {
      if (walk.depth() == kMaxDepth) return CodecError{walk.path(), kTooDeepMessage};
      put_container_head(out, v);
      walk.enter(v);
    }
    if (out.size() - begin > kMaxBytes) return CodecError{walk.path(), kTooLargeMessage};
    while (!walk.empty() && !walk.next(v)) walk.leave();
    if (walk.empty()) return std::nullopt;
    if (const String* key = walk.key()) put_text(out, key);
  }
}

}  // namespace wakeful
