// `random` and `uuid()`: what they draw from a generator. A run's generator is seeded by its history, an activity's by
// the system; the functions are the same.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/run/random.h"
#include "runtime/vm/native.h"

namespace wakeful {

/// args: the parameters in their order, Absent where not given. False: cx.error is set.
using Draw = bool (*)(NativeContext& cx, Random& random, std::vector<Value>& args, Value& result);

/// By the symbol of a row of builtins.def; null where it draws nothing.
Draw find_draw(std::string_view symbol);

/// The values of print(…): their texts, a space between.
std::string printed_text(Value values);

}  // namespace wakeful
