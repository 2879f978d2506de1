// unique(): by hash, so that a long list stays cheap.
#include <bit>
#include <vector>

#include "lang/base/numbers.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15u;
  return x ^ (x >> 29);
}

/// Equal scalars have equal hashes, whatever their type: 1 and 1.0. Containers: only their kind.
uint64_t hash_scalar(Value v) {
  switch (v.tag) {
    case Tag::Int:
      return mix(static_cast<uint64_t>(v.integer));
    case Tag::Float:
      if (v.real >= -kTwoTo63 && v.real < kTwoTo63 &&
          int_equals_float(static_cast<int64_t>(v.real), v.real)) {
        return mix(static_cast<uint64_t>(static_cast<int64_t>(v.real)));
      }
      return mix(std::bit_cast<uint64_t>(v.real) + 1);
    case Tag::Bool:
      return v.boolean ? 3 : 5;
    case Tag::Duration:
      return mix(static_cast<uint64_t>(v.integer) + 7);
    case Tag::Time:
      return mix(static_cast<uint64_t>(v.integer) + 11);
    case Tag::String:
      return mix(v.string()->hash());
    case Tag::List:
    case Tag::Range:
      return 13;
    case Tag::Map:
      return 17;
    case Tag::Error:
      return 19;
    default:
      return 23;
  }
}

/// Looks one level into lists and maps: enough to tell the records of a list apart. A map's hash
/// does not depend on the order of its keys, since its equality does not.
uint64_t hash_value(Value v) {
  constexpr int64_t kElements = 16;
  if (is_sequence(v)) {
    const Sequence xs = sequence_of(v);
    uint64_t hash = mix(static_cast<uint64_t>(xs.count) + 29);
    for (int64_t i = 0; i < xs.count && i < kElements; ++i) hash = mix(hash ^ hash_scalar(xs[i]));
    return hash;
  }
  if (v.is(Tag::Map)) {
    uint64_t hash = v.map()->count;
    for (uint32_t i = 0; i < v.map()->used; ++i) {
      const Entry& entry = map_entries(v.map())[i];
      if (entry.key) hash += mix(entry.key->hash() ^ hash_scalar(entry.value));
    }
    return mix(hash + 31);
  }
  return hash_scalar(v);
}

/// Indexes into `items` + 1 by hash, 0: free; open addressing.
class Seen {
 public:
  explicit Seen(uint32_t count) : slots_(std::bit_ceil(size_t{count} * 2 + 2)) {}
  /// Whether v is new; then it is remembered as the next element of `items`.
  bool add(const List* items, Value v) {
    const size_t mask = slots_.size() - 1;
    size_t slot = hash_value(v) & mask;
    for (; slots_[slot]; slot = (slot + 1) & mask) {
      if (equals(items->begin()[slots_[slot] - 1], v)) return false;
    }
    slots_[slot] = items->count + 1;
    return true;
  }

 private:
  std::vector<uint32_t> slots_;
};

}  // namespace

bool list_unique(NativeContext& cx, Value* args, Value& result) {
  const Sequence xs = sequence_of(args[0]);
  List* out;
  if (!new_list(cx, "unique()", static_cast<uint64_t>(xs.count), out)) return false;
  Seen seen(static_cast<uint32_t>(xs.count));
  for (int64_t i = 0; i < xs.count; ++i) {
    const Value x = xs[i];
    if (seen.add(out, x)) list_push(cx.heap, out, x);
  }
  result = Value::of(out);
  return true;
}

}  // namespace wakeful::native
