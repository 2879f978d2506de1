// What functions of one program share: constants, shapes of named arguments, inline-cache slots.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/bytecode/program.h"

namespace wakeful {

/// Equal constants and shapes get one place. Numbers are given in the order of first use.
class Pool {
 public:
  explicit Pool(Program& program) : program_(program) {}

  /// May exceed what an instruction can name; the caller checks (kConstantsMax).
  uint32_t constant(const Constant& constant);
  uint32_t string(std::string_view text);
  uint32_t shape(const std::vector<std::string>& names);
  /// A fresh cache slot. A program with more members than slots shares them: a cache is a hint.
  uint32_t cache();

 private:
  Program& program_;
  std::unordered_map<std::string, uint32_t> constants_;
  std::map<std::vector<std::string>, uint32_t> shapes_;
  uint32_t caches_ = 0;
};

Constant null_constant();
Constant bool_constant(bool value);
Constant int_constant(int64_t value);
Constant float_constant(double value);
Constant duration_constant(int64_t ms);
Constant string_constant(std::string text);
Constant callee_constant(CalleeKind kind, int64_t index);

}  // namespace wakeful
