#include "lang/compile/emitter.h"

#include <fmt/format.h>

#include "lang/bytecode/opcode_table.h"

namespace wakeful {
namespace {

/// Beyond it no jump of 16 bits would reach anyway; `finally` blocks nested in each other double
/// the code.
constexpr size_t kFunctionWordsMax = 1'000'000;

uint32_t encode(Op op, uint32_t a, uint32_t b, uint32_t c) {
  return static_cast<uint32_t>(op) | (a & 0xFF) << 8 | (b & 0xFF) << 16 | (c & 0xFF) << 24;
}

}  // namespace

void Emitter::mark(Span span) {
  if (!f_.places.empty() && f_.places.back().span == span) return;
  f_.places.push_back({here(), span});
}

uint32_t Emitter::emit(Span span, Op op, uint32_t a, uint32_t b, uint32_t c) {
  uint32_t at = here();
  if (!writing()) return at;
  if (f_.code.size() > kFunctionWordsMax) {
    fail("this function is too long");
    return at;
  }
  mark(span);
  f_.code.push_back(encode(op, a, b, c));
  reachable_ = falls_through(op);
  return at;
}

uint32_t Emitter::emit_wide(Span span, Op op, uint32_t a, int64_t bx) {
  return emit(span, op, a, static_cast<uint32_t>(bx) & 0xFF, static_cast<uint32_t>(bx) >> 8 & 0xFF);
}

uint32_t Emitter::emit_extra(Span span, Op op, uint32_t a, uint32_t b, uint32_t c, uint32_t extra) {
  bool written = writing();
  uint32_t at = emit(span, op, a, b, c);
  if (written && fault_.empty()) f_.code.push_back(extra);
  return at;
}

uint32_t Emitter::jump(Span span, Op op, Label& to, uint32_t a, uint32_t b, uint32_t c) {
  if (!writing()) return here();
  bool extra = opcode_info(op).has_extra();
  uint32_t at = extra ? emit_extra(span, op, a, b, c, 0) : emit(span, op, a, b, c);
  if (to.at >= 0) {
    patch(at, to.at);
  } else {
    to.jumps.push_back(at);
  }
  return at;
}

void Emitter::bind(Label& label) {
  label.at = here();
  if (!label.jumps.empty()) reachable_ = true;
  for (uint32_t pc : label.jumps) patch(pc, label.at);
  label.jumps.clear();
}

void Emitter::patch(uint32_t pc, int64_t target) {
  if (!fault_.empty()) return;
  uint32_t& word = f_.code[pc];
  const OpcodeInfo& info = opcode_info(Instruction{word}.op());
  int64_t offset = target - pc - (info.has_extra() ? 2 : 1);
  if (info.extra() == 'j') {
    f_.code[pc + 1] = static_cast<uint32_t>(static_cast<int32_t>(offset));
  } else if (info.shape == "J") {
    word = (word & 0xFF) | static_cast<uint32_t>(static_cast<int32_t>(offset)) << 8;
  } else if (offset < INT16_MIN || offset > INT16_MAX) {
    fail("a loop, condition or `try` in this function is too long");
  } else {
    word = (word & 0xFFFF) | static_cast<uint32_t>(static_cast<uint16_t>(offset)) << 16;
  }
}

Reg Emitter::take(uint32_t count) {
  uint32_t first = top_;
  if (top_ + count > kRegistersMax) {
    fail(fmt::format("this function needs more than {} variables and intermediate values at once",
                     kRegistersMax));
    return 0;
  }
  top_ += count;
  if (top_ > f_.registers) f_.registers = static_cast<uint8_t>(top_);
  return static_cast<Reg>(first);
}

}  // namespace wakeful
