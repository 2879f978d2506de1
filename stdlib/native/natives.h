// The natives of builtins.def, and what they share. A native's contract: runtime/vm/native.h.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "runtime/vm/native.h"

namespace wakeful::native {

#define WF_NATIVE_Pure(symbol) bool symbol(NativeContext& cx, Value* args, Value& result);
#define WF_NATIVE_Prelude(symbol)
#define WF_NATIVE_Host(symbol)
#define WF_NATIVE_Wait(symbol)
#define WF_NATIVE_Effect(symbol)
#define WF_GLOBAL(number, name, kind, symbol, params, doc) WF_NATIVE_##kind(symbol)
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_NATIVE_##kind(symbol)
#define WF_METHOD(number, type, name, kind, symbol, params, doc) WF_NATIVE_##kind(symbol)
#include "stdlib/builtins.def"
#undef WF_NATIVE_Pure

__extension__ typedef __int128 Wide;  // sums and distances that may not fit 64 bits

/// The elements of a list or range, by index. Good until the list changes.
struct Sequence {
  const List* list = nullptr;  // null: a range
  int64_t begin = 0;
  int64_t step = 1;
  int64_t count = 0;
  Value operator[](int64_t i) const {
    if (list) return list->storage->items[i];
    return Value::of(static_cast<int64_t>(static_cast<uint64_t>(begin) +
                                          static_cast<uint64_t>(i) * static_cast<uint64_t>(step)));
  }
};

inline bool is_sequence(Value v) { return v.is(Tag::List) || v.is(Tag::Range); }
Sequence sequence_of(Value v);

// What a parameter must be; else a TypeError or ArgumentError naming function and parameter.
// `call`: "split()".
bool want_sequence(NativeContext& cx, Value v, const char* call, const char* param, Sequence& out);
bool want_string(NativeContext& cx, Value v, const char* call, const char* param, String*& out);
bool want_int(NativeContext& cx, Value v, const char* call, const char* param, int64_t& out);
bool want_number(NativeContext& cx, Value v, const char* call, const char* param, double& out);
/// An int of at least `least`.
bool want_count(NativeContext& cx, Value v, const char* call, const char* param, int64_t least,
                int64_t& out);
bool want_map(NativeContext& cx, Value v, const char* call, const char* param, Map*& out);
/// A list that may be changed: no range, not frozen.
bool want_changeable_list(NativeContext& cx, Value v, const char* call, List*& out);

/// ResourceExhausted unless an object of so many bytes may exist.
bool check_fits(NativeContext& cx, const char* call, uint64_t bytes);
/// An empty list with room for `count` elements, or ResourceExhausted.
bool new_list(NativeContext& cx, const char* call, uint64_t count, List*& out);
/// A list that has grown by one, or ResourceExhausted.
bool push_one(NativeContext& cx, const char* call, List* list, Value v);
bool new_string(NativeContext& cx, const char* call, std::string_view text, Value& result);

/// Negative: less, 0: equal, positive: greater, in the order of sort(): numbers (NaN last), strings
/// by code point, durations, times, bools not. Both must be of one order_class().
int compare(Value a, Value b);
enum class OrderClass : uint8_t { None, Number, String, Duration, Time };
OrderClass order_class(Value v);

}  // namespace wakeful::native
