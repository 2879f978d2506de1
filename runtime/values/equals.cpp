// Deep equality, without recursion: a list of pairs that must be equal.
//
// Cycles: once kPairsUnnoted containers were compared, every further pair is remembered and taken
// for equal when it comes again. If the whole can be refuted at all, the pair's first visit finds
// the difference.
#include <cstring>
#include <unordered_set>
#include <vector>

#include "runtime/values/heap.h"
#include "lang/base/numbers.h"

namespace wakeful {

bool strings_equal(const String* a, const String* b) {
  return a == b || (a->bytes == b->bytes && std::memcmp(a->data, b->data, a->bytes) == 0);
}

namespace {

constexpr size_t kPairsUnnoted = 256;

struct Pair {
  Value a;
  Value b;
};

struct ObjectPair {
  const Object* a;
  const Object* b;
  bool operator==(const ObjectPair&) const = default;
};
struct ObjectPairHash {
  size_t operator()(const ObjectPair& pair) const {
    return reinterpret_cast<uintptr_t>(pair.a) * 31 + reinterpret_cast<uintptr_t>(pair.b);
  }
};

bool numbers_equal(Value a, Value b) {
  if (a.tag == b.tag) return a.tag == Tag::Int ? a.integer == b.integer : a.real == b.real;
  return a.tag == Tag::Int ? int_equals_float(a.integer, b.real)
                           : int_equals_float(b.integer, a.real);
}

bool ranges_equal(const Range* a, const Range* b) {
  const int64_t count = a->count();
  if (count != b->count()) return false;
  return count == 0 || (a->begin == b->begin && (count == 1 || a->step == b->step));
}

bool range_equals_list(const Range* range, const List* list) {
  if (range->count() != list->count) return false;
  for (uint32_t i = 0; i < list->count; ++i) {
    const Value element = Value::of(range->begin + range->step * int64_t{i});
    const Value other = list->storage->items[i];
    if (!other.is_number() || !numbers_equal(element, other)) return false;
  }
  return true;
}

class Comparison {
 public:
  bool run(Value a, Value b) {
    if (!step(a, b)) return false;
    while (!open_.empty()) {
      const Pair pair = open_.back();
      open_.pop_back();
      if (!step(pair.a, pair.b)) return false;
    }
    return true;
  }

 private:
  /// Compares what can be compared at once and opens the rest.
  bool step(Value a, Value b) {
    if (a.is_number() && b.is_number()) return numbers_equal(a, b);
    if (a.tag != b.tag) return different_tags(a, b);
    switch (a.tag) {
      case Tag::Null:
      case Tag::Absent:
        return true;
      case Tag::Bool:
        return a.boolean == b.boolean;
      case Tag::Int:
      case Tag::Float:
      case Tag::Duration:
      case Tag::Time:
        return a.integer == b.integer;
      case Tag::Callee:
        return a.callee_kind == b.callee_kind && a.integer == b.integer;
      case Tag::String:
        return strings_equal(a.string(), b.string());
      case Tag::Range:
        return ranges_equal(a.as<Range>(), b.as<Range>());
      case Tag::List:
        return known(a, b) || lists(a.list(), b.list());
      case Tag::Map:
        return known(a, b) || maps(a.map(), b.map());
      case Tag::Error:
        return known(a, b) || errors(a.as<ErrorObject>(), b.as<ErrorObject>());
      case Tag::Closure:
      case Tag::Handle:
      case Tag::Cell:
      case Tag::Stream:
        return a.object == b.object;
    }
    return false;
  }

  static bool different_tags(Value a, Value b) {
    if (a.is(Tag::Range) && b.is(Tag::List)) return range_equals_list(a.as<Range>(), b.list());
    if (a.is(Tag::List) && b.is(Tag::Range)) return range_equals_list(b.as<Range>(), a.list());
    return false;
  }

  bool known(Value a, Value b) {
    if (a.object == b.object) return true;
    if (++pairs_ <= kPairsUnnoted) return false;
    return !noted_.insert(ObjectPair{a.object, b.object}).second;
  }

  bool lists(const List* a, const List* b) {
    if (a->count != b->count) return false;
    // Plain elements are compared here, so that a difference near the front is found early.
    for (uint32_t i = 0; i < a->count; ++i) {
      if (!quick(a->storage->items[i], b->storage->items[i])) return false;
    }
    return true;
  }

  bool quick(Value a, Value b) {
    const bool container =
        a.tag == b.tag && (a.is(Tag::List) || a.is(Tag::Map) || a.is(Tag::Error));
    if (!container) return step(a, b);
    open_.push_back(Pair{a, b});
    return true;
  }

  bool maps(Map* a, Map* b) {
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->used; ++i) {
      const Entry& entry = a->entries->items[i];
      if (!entry.key) continue;
      const Value* other = map_find(b, entry.key);
      if (!other || !quick(entry.value, *other)) return false;
    }
    return true;
  }

  bool errors(const ErrorObject* a, const ErrorObject* b) {
    return quick(a->kind, b->kind) && quick(a->message, b->message) && quick(a->data, b->data) &&
           quick(a->cause, b->cause) && quick(a->workflow_id, b->workflow_id);
  }

  std::vector<Pair> open_;
  std::unordered_set<ObjectPair, ObjectPairHash> noted_;
  size_t pairs_ = 0;
};

}  // namespace

bool equals(Value a, Value b) {
  if (a.is_number() && b.is_number()) return numbers_equal(a, b);
  if (a.is(Tag::String) && b.is(Tag::String)) return strings_equal(a.string(), b.string());
  return Comparison().run(a, b);
}

}  // namespace wakeful
