#include "lang/bytecode/opcode_table.h"

#include <iterator>

namespace wakeful {
namespace {

constexpr OpcodeInfo kTable[] = {
#define WF_OP(name, number, shape, flags, text) {#name, shape, flags, text},
#include "lang/bytecode/opcodes.def"
};

// The table is indexed by the stored number: rows must be dense and in order.
constexpr uint32_t kNumbers[] = {
#define WF_OP(name, number, shape, flags, text) number,
#include "lang/bytecode/opcodes.def"
};
constexpr bool numbers_are_dense() {
  for (uint32_t i = 0; i < std::size(kNumbers); ++i) {
    if (kNumbers[i] != i) return false;
  }
  return true;
}
static_assert(numbers_are_dense());
static_assert(std::size(kTable) <= 256);

}  // namespace

const size_t kOpcodeCount = std::size(kTable);

const OpcodeInfo& opcode_info(uint8_t number) { return kTable[number]; }

int64_t jump_target(const std::vector<uint32_t>& code, uint32_t pc) {
  Instruction in{code[pc]};
  const OpcodeInfo& info = opcode_info(in.op());
  int64_t next = int64_t{pc} + (info.has_extra() ? 2 : 1);
  if (info.extra() == 'j') return next + static_cast<int32_t>(code[pc + 1]);
  if (info.shape == "J") return next + in.sj();
  if (info.operands().size() == 2 && info.operands()[1] == 'J') return next + in.sbx();
  return -1;
}

bool falls_through(Op op) {
  switch (op) {
    case Op::Jump:
    case Op::Loop:
    case Op::Return:
    case Op::ReturnNull:
    case Op::Throw:
    case Op::Rethrow:
      return false;
    default:
      return true;
  }
}

}  // namespace wakeful
