// What a native function of the library is, and what it gets. The functions themselves are in stdlib/.
#pragma once

#include <string>
#include <string_view>

#include "runtime/values/heap.h"

namespace wakeful {

/// A native's surroundings. Natives are pure: same arguments, same result; no clock, no I/O.
struct NativeContext {
  Heap& heap;
  Value error;                      // an ErrorObject after a failure; the machine adds the stack

  /// Sets the error and gives false: `return cx.fail("TypeError", "sum() adds numbers, got a string")`.
  bool fail(std::string_view kind, std::string_view message);
};

/// args: the receiver of a method first, then the parameters in their order, Absent where not given.
/// True: `result` is set. False: cx.error is. May allocate; nothing moves meanwhile. May write args.
using Native = bool (*)(NativeContext& cx, Value* args, Value& result);

/// The native behind a Pure builtin's number; never null for those. (stdlib/natives.cpp)
Native native_of(uint16_t builtin_number);

// Operators on values, shared by the machine's slow paths and by natives (runtime/vm/operators.cpp).
bool op_add(NativeContext& cx, Value a, Value b, Value& result);
bool op_sub(NativeContext& cx, Value a, Value b, Value& result);
bool op_mul(NativeContext& cx, Value a, Value b, Value& result);
bool op_div(NativeContext& cx, Value a, Value b, Value& result);
bool op_floor_div(NativeContext& cx, Value a, Value b, Value& result);
bool op_mod(NativeContext& cx, Value a, Value b, Value& result);
bool op_negate(NativeContext& cx, Value a, Value& result);
bool op_less(NativeContext& cx, Value a, Value b, bool& result);        // two numbers, strings, durations, times
bool op_less_equal(NativeContext& cx, Value a, Value b, bool& result);
bool op_in(NativeContext& cx, Value a, Value b, bool& result);
bool op_get_index(NativeContext& cx, Value object, Value index, Value& result);
bool op_set_index(NativeContext& cx, Value object, Value index, Value value);
bool op_slice(NativeContext& cx, Value object, Value begin, Value end, Value& result);
bool op_get_member(NativeContext& cx, Value object, const String* name, uint16_t* cache, bool absent_ok, Value& result);
bool op_set_member(NativeContext& cx, Value object, String* name, uint16_t* cache, Value value);

}  // namespace wakeful
