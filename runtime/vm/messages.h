// Words of the runtime's messages: how a value is called, the nearest name, how a callee is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/bytecode/program.h"
#include "runtime/values/value.h"

namespace wakeful {

/// `an int`, `a string`, `null`: for "expected …, got …".
std::string a_value(Value v);
/// "1 element", "3 elements".
std::string counted(int64_t count, const char* noun);
/// The nearest of the names by edit distance (case and `_` count little), or "" where none is near.
std::string nearest_of(std::string_view name, const std::vector<std::string_view>& names);
/// The word of the language behind an instruction that traps: `gather`, `spawn`.
const char* word_of(Op op);
/// What to write instead of a value where a bool is wanted.
std::string bool_wanted(Value v);

}  // namespace wakeful
