// Instructions and registers of the function that is being compiled: encoding, jumps, places.
#pragma once

#include <string>
#include <vector>

#include "lang/bytecode/limits.h"
#include "lang/bytecode/program.h"

namespace wakeful {

/// A register number.
using Reg = uint8_t;

/// A place that jumps lead to: they are patched when it is bound. Every label that was jumped to
/// must be bound; jumps to a bound label are backwards.
struct Label {
  std::vector<uint32_t> jumps;  // instructions that wait for it
  int64_t at = -1;
};

/// Writes one Function. Faults that the code's author caused (too many registers, jumps too far)
/// are kept in `fault()`; from then on the code is of no use, but nothing breaks. Instructions that
/// control cannot reach are dropped.
class Emitter {
 public:
  explicit Emitter(Function& function) : f_(function) {}

  // --- instructions; each returns where it stands
  uint32_t emit(Span span, Op op, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0);
  uint32_t emit_wide(Span span, Op op, uint32_t a, int64_t bx);
  uint32_t emit_extra(Span span, Op op, uint32_t a, uint32_t b, uint32_t c, uint32_t extra);
  /// A jump of any shape; a, b, c as far as the shape has them.
  uint32_t jump(Span span, Op op, Label& to, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0);
  void bind(Label& label);

  /// Whether control can come to the next instruction.
  bool reachable() const { return reachable_; }
  uint32_t here() const { return static_cast<uint32_t>(f_.code.size()); }

  // --- registers: a stack; locals and temporaries are taken from the top
  Reg take(uint32_t count = 1);
  void release_to(uint32_t top) { top_ = top; }
  uint32_t top() const { return top_; }

  const std::string& fault() const { return fault_; }
  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

 private:
  bool writing() const { return reachable_ && fault_.empty(); }
  void patch(uint32_t pc, int64_t target);
  void mark(Span span);

  Function& f_;
  uint32_t top_ = 0;
  bool reachable_ = true;
  std::string fault_;
};

}  // namespace wakeful
