// A walk over a value for the writers of CBOR and JSON: the containers that are open, as a stack of
// its own, and the path to where the walk stands. Not recursive: runs live on small stacks.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "runtime/values/heap.h"

namespace wakeful {

inline constexpr const char* kTooDeepMessage =
    "nested deeper than 1000 levels (or a list or map that contains itself)";
inline constexpr const char* kTooLargeMessage = "takes more than 64 MB";
inline constexpr const char* kTooLargeForHeap = "the value takes more memory than the heap's limit";
inline constexpr uint32_t kErrorFields = 6;  // kind, message, data, cause, workflow_id, stack

/// Null where a value (not looking into containers) may leave the run.
inline const char* why_not_writable(Value v) {
  switch (v.tag) {
    case Tag::Float:
      return std::isfinite(v.real) ? nullptr : "NaN and infinities cannot leave the run";
    case Tag::Callee:
    case Tag::Closure:
      return "a function cannot leave the run";
    case Tag::Handle:
      return "a handle cannot leave the run";
    case Tag::Cell:
    case Tag::Stream:
      return "this value cannot leave the run";
    default:
      return nullptr;
  }
}

class ValueWalk {
 public:
  ValueWalk() { stack_.reserve(16); }
  bool empty() const { return stack_.empty(); }
  int depth() const { return static_cast<int>(stack_.size()); }
  /// `container` is a List, Map, Range or Error; `fields`: how many fields of an error are visited.
  void enter(Value container, uint32_t fields = kErrorFields) {
    const uint64_t count = container.is(Tag::List)    ? container.list()->count
                           : container.is(Tag::Map)   ? container.map()->used
                           : container.is(Tag::Range) ? container.as<Range>()->count()
                                                      : fields;
    stack_.push_back({container, 0, count, nullptr});
  }
  void leave() { stack_.pop_back(); }

  /// The next element of the innermost container; false at its end.
  bool next(Value& v) {
    Open& open = stack_.back();
    if (open.container.is(Tag::List)) {
      if (open.next == open.count) return false;
      v = open.container.list()->storage->items[open.next++];
      return true;
    }
    if (open.container.is(Tag::Map)) return next_entry(open, v);
    if (open.next == open.count) return false;
    v = open.container.is(Tag::Range) ? range_element(open) : error_field(open);
    ++open.next;
    return true;
  }
  /// Of the entry that next() gave; null unless the innermost container is a map.
  const String* key() const { return stack_.back().key; }
  Value container() const { return stack_.back().container; }
  /// 1 for the element that next() gave first (of a map: its place, which may skip numbers).
  uint64_t number() const { return stack_.back().next; }

  /// `.items[3].callback`, to the element that next() gave last.
  std::string path() const {
    std::string out;
    for (const Open& open : stack_) append_step(out, open);
    return out;
  }

  static constexpr const char* kFieldNames[kErrorFields] = {"kind",  "message",     "data",
                                                            "cause", "workflow_id", "stack"};

 private:
  struct Open {
    Value container;
    uint64_t next;
    uint64_t count;
    const String* key;
  };

  static bool next_entry(Open& open, Value& v) {
    while (open.next < open.count) {
      const Entry& entry = open.container.map()->entries->items[open.next++];
      if (!entry.key) continue;
      open.key = entry.key;
      v = entry.value;
      return true;
    }
    return false;
  }
  static Value range_element(const Open& open) {
    const auto* range = open.container.as<Range>();
    return Value::of(static_cast<int64_t>(static_cast<uint64_t>(range->begin) +
                                          open.next * static_cast<uint64_t>(range->step)));
  }
  static Value error_field(const Open& open) {
    const auto* e = open.container.as<ErrorObject>();
    const Value fields[kErrorFields] = {e->kind,  e->message,     e->data,
                                        e->cause, e->workflow_id, e->stack};
    return fields[open.next];
  }
  static bool is_name(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    for (char c : text) {
      if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
        return false;
    }
    return true;
  }
  static void append_step(std::string& out, const Open& open) {
    if (open.next == 0) return;
    if (open.container.is(Tag::Map)) {
      const bool plain = is_name(open.key->view());
      out += plain ? "." : "[\"";
      out += open.key->view();
      if (!plain) out += "\"]";
    } else if (open.container.is(Tag::Error)) {
      out += std::string(".") + kFieldNames[open.next - 1];
    } else {
      out += "[" + std::to_string(open.next - 1) + "]";
    }
  }

  std::vector<Open> stack_;
};

}  // namespace wakeful
