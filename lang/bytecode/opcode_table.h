// opcodes.def as data: names, operand shapes and flags, by opcode number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lang/bytecode/program.h"

namespace wakeful {

inline constexpr uint32_t kTrap = 1;
inline constexpr uint32_t kTick = 2;

/// One row of opcodes.def, its shape taken apart.
struct OpcodeInfo {
  std::string_view name;
  std::string_view shape;
  uint32_t flags = 0;
  std::string_view text;

  bool has_extra() const { return shape.back() == 'W'; }
  /// What the extra word holds: k, i, f, b, j or n; 0 where there is none.
  char extra() const { return has_extra() ? shape[shape.size() - 2] : '\0'; }
  /// The letters of A, B and C, or A and Bx, or J alone.
  std::string_view operands() const {
    return has_extra() ? shape.substr(0, shape.size() - 2) : shape;
  }
};

/// How many opcodes there are; numbers run from 0 without a gap.
extern const size_t kOpcodeCount;

/// REQUIRES: number < kOpcodeCount.
const OpcodeInfo& opcode_info(uint8_t number);
inline const OpcodeInfo& opcode_info(Op op) { return opcode_info(static_cast<uint8_t>(op)); }

/// Words of an instruction: 1, or 2 with its extra word.
inline uint32_t instruction_words(Op op) { return opcode_info(op).has_extra() ? 2 : 1; }

/// Where the jump of the instruction at `pc` leads, as an index into the code; -1 for one that has
/// none. May lie outside the code of a program that was not verified.
int64_t jump_target(const std::vector<uint32_t>& code, uint32_t pc);

/// Whether control can go on behind the instruction (not after Return, Jump, Throw …).
bool falls_through(Op op);

}  // namespace wakeful
