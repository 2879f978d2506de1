// The keys that a reader has just seen: a list of records then holds each key once, not once a
// record.
#pragma once

#include <array>
#include <string_view>

#include "runtime/values/heap.h"

namespace wakeful {

class KeyCache {
 public:
  explicit KeyCache(Heap& heap) : heap_(heap) {}
  /// The string of that text, which is valid UTF-8.
  String* get(std::string_view text) {
    if (text.empty() || text.size() > kLongest) return make_string(heap_, text);
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    String*& slot =
        slots_[(byte(0) * 7 + byte(text.size() - 1) * 31 + byte(text.size() / 2) + text.size()) %
               kSlots];
    if (!slot || slot->view() != text) slot = make_string(heap_, text);
    return slot;
  }

 private:
  static constexpr size_t kLongest = 64;
  static constexpr size_t kSlots = 128;
  Heap& heap_;
  std::array<String*, kSlots> slots_{};
};

}  // namespace wakeful
