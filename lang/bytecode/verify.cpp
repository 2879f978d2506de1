// The check of a program's code before it runs. Operand letters come from opcodes.def; what a shape
// cannot say (windows of several registers, kinds of constants, counts of arguments) stands in
// check_window().
#include <fmt/format.h>

#include "lang/bytecode/limits.h"
#include "lang/bytecode/opcode_table.h"
#include "lang/bytecode/program.h"
#include "stdlib/builtins.h"

namespace wakeful {
namespace {

constexpr uint32_t kNoShape = UINT32_MAX;

class FunctionVerifier {
 public:
  FunctionVerifier(const Program& program, const Function& function)
      : program_(program), f_(function) {}

  /// The first fault, or "".
  std::string run() {
    if (f_.registers > kRegistersMax) return fmt::format("{} registers", f_.registers);
    if (f_.params.size() > f_.registers) return "more parameters than registers";
    if (f_.code.empty()) return "no code";
    if (!mark_starts()) return fault_;
    for (pc_ = 0; pc_ < f_.code.size() && fault_.empty(); pc_ += instruction_words(in_.op())) {
      in_ = Instruction{f_.code[pc_]};
      check_instruction();
    }
    return fault_;
  }

 private:
  void fail(std::string what) {
    if (fault_.empty()) fault_ = fmt::format("{} at instruction {}", what, pc_);
  }

  bool mark_starts() {
    starts_.assign(f_.code.size(), false);
    for (pc_ = 0; pc_ < f_.code.size();) {
      uint8_t number = static_cast<uint8_t>(f_.code[pc_]);
      if (number >= kOpcodeCount) fail(fmt::format("unknown opcode {}", number));
      if (!fault_.empty()) return false;
      starts_[pc_] = true;
      pc_ += instruction_words(static_cast<Op>(number));
    }
    if (pc_ != f_.code.size()) fail("the last instruction lacks its extra word");
    return fault_.empty();
  }

  uint32_t extra() const { return f_.code[pc_ + 1]; }

  void check_instruction() {
    const OpcodeInfo& info = opcode_info(in_.op());
    std::string_view operands = info.operands();
    if (operands.size() == 3) {
      const uint8_t values[] = {in_.a(), in_.b(), in_.c()};
      for (int i = 0; i < 3; ++i) check_operand(operands[i], values[i]);
    } else if (operands.size() == 2) {
      check_operand(operands[0], in_.a());
      if (operands[1] == 'K') check_constant(in_.bx());
      if (operands[1] == 'F') check_index(in_.bx(), program_.functions.size(), "function");
    }
    if (info.extra() == 'k' || in_.op() == Op::CallMethodNamed) check_member_word();
    check_jump();
    if (falls_through(in_.op()) && pc_ + instruction_words(in_.op()) >= f_.code.size()) {
      fail("the code ends without a return");
    }
    if (fault_.empty()) check_window();
  }

  void check_operand(char letter, uint8_t value) {
    if (letter == 'r' || letter == 'w' || letter == 'm') check_registers(value, 1);
    if (letter == 'k') check_constant(value);
  }
  void check_registers(uint32_t first, uint32_t count) {
    if (first + count > f_.registers) {
      fail(fmt::format("register {} of {}", first + count - 1, f_.registers));
    }
  }
  void check_index(uint64_t index, size_t size, std::string_view what) {
    if (index >= size) fail(fmt::format("{} {} of {}", what, index, size));
  }
  void check_constant(uint32_t index) { check_index(index, program_.constants.size(), "constant"); }
  void check_upvalue(uint32_t index) { check_index(index, f_.captures.size(), "upvalue"); }

  void check_member_word() {
    uint32_t index = extra() & 0xFFFF;
    check_constant(index);
    check_index(extra() >> 16, program_.caches, "cache");
    if (fault_.empty() && program_.constants[index].kind != Constant::Kind::String) {
      fail("the name of a member is not a string");
    }
  }

  void check_jump() {
    int64_t target = jump_target(f_.code, pc_);
    bool jumps = opcode_info(in_.op()).shape.find_first_of("Jj") != std::string_view::npos;
    if (!jumps) return;
    if (target < 0 || target >= static_cast<int64_t>(f_.code.size()) || !starts_[target]) {
      fail(fmt::format("a jump to {}", target));
    }
  }

  void check_shape(uint32_t shape, uint32_t args) {
    check_index(shape, program_.shapes.size(), "shape");
    if (fault_.empty() && program_.shapes[shape].size() > args) fail("more names than arguments");
  }

  void check_call_function() {
    check_index(extra(), program_.functions.size(), "function");
    if (!fault_.empty()) return;
    const Function& callee = program_.functions[extra()];
    if (callee.params.size() != in_.b()) fail("the callee takes another number of arguments");
    if (!callee.captures.empty()) fail("a closure is called as a function");
  }

  void check_call_builtin() {
    const Builtin* builtin =
        extra() <= UINT16_MAX ? builtin_by_number(static_cast<uint16_t>(extra())) : nullptr;
    if (builtin == nullptr) return fail(fmt::format("unknown builtin {}", extra()));
    size_t receiver = builtin->place == Builtin::Place::Method ? 1 : 0;
    if (builtin->params.size() + receiver != in_.b()) {
      fail(fmt::format("{} takes another number of arguments", builtin->qualified()));
    }
  }

  void check_closure() {
    if (!fault_.empty()) return;
    for (const Capture& c : program_.functions[in_.bx()].captures) {
      if (c.from == Capture::From::Register) check_registers(c.index, 1);
      if (c.from == Capture::From::Upvalue) check_upvalue(c.index);
    }
  }

  void check_start() {
    bool bound = in_.c() & 2;
    check_registers(in_.a(), 1u + in_.b() + (bound ? 3 : 2));
    if (extra() != kNoShape) check_shape(extra(), in_.b());
  }

  void check_window() {
    const uint32_t a = in_.a(), b = in_.b(), c = in_.c();
    switch (in_.op()) {
      case Op::Closure:
        return check_closure();
      case Op::UpGet:
      case Op::UpCellGet:
        return check_upvalue(b);
      case Op::UpCellSet:
        return check_upvalue(a);
      case Op::Concat:
        if (c == 0) fail("a text of no parts");
        return check_registers(b, c);
      case Op::RangePrep:
      case Op::RangeLoop:
      case Op::ForNext:
        return check_registers(a, 3);
      case Op::ForNext2:
        return check_registers(a, 4);
      case Op::ForPrep:
      case Op::StreamNext:
      case Op::Gather:
      case Op::WaitAny:
      case Op::Race:
        return check_registers(a, 2);
      case Op::Batch:
        return check_registers(a, 5);
      case Op::Slice:
        return check_registers(c, 2);
      case Op::MapRest:
        return check_registers(a, 1 + c);
      case Op::Call:
        return check_registers(a, 1 + b);
      case Op::CallNamed:
        check_shape(extra(), b);
        return check_registers(a, 1 + b);
      case Op::CallFunction:
        check_call_function();
        return check_registers(a, 1 + b);
      case Op::CallBuiltin:
        check_call_builtin();
        return check_registers(a, 1 + b);
      case Op::CallMethodNamed:
        if (b > 0) check_shape(c, b - 1);
        [[fallthrough]];
      case Op::CallMethod:
        if (b == 0) fail("a method without its receiver");
        return check_registers(a, 1 + b);
      case Op::Start:
        return check_start();
      default:
        return;
    }
  }

  const Program& program_;
  const Function& f_;
  std::vector<bool> starts_;
  uint32_t pc_ = 0;
  Instruction in_;
  std::string fault_;
};

/// A function that is called by number gets no upvalues.
bool plain_function(const Program& program, int64_t index) {
  return index >= 0 && index < static_cast<int64_t>(program.functions.size()) &&
         program.functions[index].captures.empty();
}

std::string check_callee(const Program& program, const Constant& c) {
  auto within = [&](size_t size) {
    return c.integer >= 0 && c.integer < static_cast<int64_t>(size);
  };
  bool good = false;
  switch (c.callee) {
    case CalleeKind::Function:
      good = plain_function(program, c.integer);
      break;
    case CalleeKind::Workflow:
      good = within(program.workflows.size());
      break;
    case CalleeKind::Activity:
      good = within(program.activities.size());
      break;
    case CalleeKind::Builtin:
      good = within(UINT16_MAX + 1) && builtin_by_number(static_cast<uint16_t>(c.integer));
      break;
  }
  return good ? "" : fmt::format("a callee with the unknown number {}", c.integer);
}

/// Depth is bounded by the reader of the bytes and by the compiler (kConstantDepthMax).
std::string check_constant(const Program& program, const Constant& c, uint32_t depth = 0) {
  if (depth > kConstantDepthMax) return "a constant that nests too deep";
  if (c.kind == Constant::Kind::Callee) return check_callee(program, c);
  if (c.kind == Constant::Kind::Map && c.keys.size() != c.items.size()) return "a map without keys";
  for (const Constant& item : c.items) {
    if (std::string fault = check_constant(program, item, depth + 1); !fault.empty()) return fault;
  }
  return "";
}

std::string check_declaration(const Program& program, const CallableDecl& decl, bool activity) {
  if (decl.function == -1 && activity) return "";
  if (!plain_function(program, decl.function)) return "no function of its own";
  if (program.functions[decl.function].params.size() != decl.params.size()) {
    return "a function with other parameters";
  }
  return "";
}

std::string first_fault(const Program& program) {
  if (program.constants.size() > kConstantsMax) return "too many constants";
  if (program.functions.size() > kFunctionsMax) return "too many functions";
  for (const Constant& c : program.constants) {
    if (std::string fault = check_constant(program, c); !fault.empty()) return fault;
  }
  for (const Function& f : program.functions) {
    std::string fault = FunctionVerifier(program, f).run();
    if (!fault.empty()) return fmt::format("{} in `{}`", fault, f.name);
  }
  for (const auto* list : {&program.workflows, &program.activities}) {
    for (const CallableDecl& decl : *list) {
      std::string fault = check_constant(program, decl.options);
      if (fault.empty()) fault = check_declaration(program, decl, list == &program.activities);
      if (!fault.empty()) return fmt::format("{} for `{}`", fault, decl.name);
    }
  }
  return "";
}

}  // namespace

Result<void> verify(const Program& program) {
  std::string fault = first_fault(program);
  if (fault.empty()) return {};
  return fail(Fault::Store, "the program's code is not valid: " + fault);
}

}  // namespace wakeful
