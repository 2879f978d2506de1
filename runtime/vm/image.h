// A Program made ready to run: constants as permanent values, method tables, inline caches.
// One image a program, shared by all its runs. Threads: one at a time (the caches are written).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lang/bytecode/program.h"
#include "runtime/values/heap.h"
#include "runtime/vm/native.h"
#include "stdlib/builtins.h"

namespace wakeful {

/// What a builtin is to the machine.
struct BuiltinTarget {
  const Builtin* builtin = nullptr; // null: there is no such builtin (method)
  Native native = nullptr;          // of a Pure builtin
  int32_t function = -1;            // of a Prelude builtin: the function of the program
  uint8_t count = 0;                // parameters, a method's receiver included
  // With so many arguments by position (receiver included) they need no binding, only absents behind them.
  uint8_t least = 0;
  uint8_t most = 0;                 // 0 where the last ones do not fit in kArgumentSlack
};

/// So many registers behind a frame may always be written: arguments of a native that were not given.
inline constexpr uint32_t kArgumentSlack = 4;

/// What `xs.name(…)` calls.
using MethodTarget = BuiltinTarget;

/// What the machine needs to enter a function.
struct CallTarget {
  const uint32_t* code;
  const Function* function;
  uint32_t registers;
  uint32_t params;
};

class Image {
 public:
  explicit Image(Program program);
  const Program& program() const { return program_; }
  Value constant(uint32_t index) const { return constants_[index]; }
  const Value* constants() const { return constants_.data(); }
  const CallTarget* functions() const { return functions_.data(); }
  /// The method `name` (a constant's string) of values with that tag.
  const MethodTarget& method(uint32_t constant_index, Tag receiver) const {
    const uint32_t table = method_tables_[constant_index];
    return methods_[table * kTags + static_cast<uint32_t>(receiver)];
  }
  /// A builtin by its number; `builtin` is null where there is none.
  const BuiltinTarget& builtin(uint32_t number) const {
    return builtins_[number < builtins_.size() ? number : builtins_.size() - 1];
  }
  /// The prelude function behind a Prelude builtin, or -1.
  int32_t prelude_function(uint16_t builtin_number) const { return builtin(builtin_number).function; }
  uint16_t* caches() { return caches_.data(); }
  /// Whether any code reads `self`: a run of a program that does not need not make one.
  bool uses_self() const { return uses_self_; }
  /// A constant (declared options, defaults) as a permanent value; lists and maps are frozen.
  Value materialise(const Constant& constant);

 private:
  static constexpr uint32_t kTags = static_cast<uint32_t>(Tag::Stream) + 1;
  void resolve_builtins();
  void resolve_methods();
  String* intern(const std::string& text);
  Value materialise_list(const Constant& constant);
  Value materialise_map(const Constant& constant);

  Program program_;
  Heap permanent_;
  std::unordered_map<std::string_view, String*> interned_;
  std::vector<Value> constants_;
  std::vector<CallTarget> functions_;
  std::vector<uint16_t> caches_;
  bool uses_self_ = false;
  std::vector<BuiltinTarget> builtins_;       // by number; the last one is empty
  std::vector<uint32_t> method_tables_;       // by constant: number of its table, 0 where it names no method
  std::vector<MethodTarget> methods_;         // kTags for each table; table 0 is empty
};

}  // namespace wakeful
