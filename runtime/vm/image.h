// A Program made ready to run: constants as permanent values, method tables, inline caches.
// One image a program, shared by all its runs. Threads: one at a time (the caches are written).
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/bytecode/program.h"
#include "runtime/values/heap.h"
#include "stdlib/builtins.h"

namespace wakeful {

/// What `xs.name(…)` calls: a native (Pure), a function of the program (Prelude) or a host builtin.
struct MethodTarget {
  const Builtin* builtin = nullptr; // null: the type has no such method
  int32_t function = -1;            // of a Prelude builtin
};

class Image {
 public:
  explicit Image(Program program);
  const Program& program() const { return program_; }
  Value constant(uint32_t index) const { return constants_[index]; }
  /// The method `name` (a constant's string) of values with that tag.
  const MethodTarget& method(uint32_t constant_index, Tag receiver) const;
  /// The prelude function behind a Prelude builtin.
  int32_t prelude_function(uint16_t builtin_number) const;
  uint16_t* caches() { return caches_.data(); }
  /// A constant (declared options, defaults) as a permanent value.
  Value materialise(const Constant& constant);

 private:
  Program program_;
  Heap permanent_;
  std::vector<Value> constants_;
  std::vector<uint16_t> caches_;
  // per constant that is used as a method name: targets by tag
  std::unordered_map<uint32_t, std::vector<MethodTarget>> methods_;
  std::unordered_map<uint16_t, int32_t> prelude_;
};

}  // namespace wakeful
