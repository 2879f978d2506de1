// The program in which a test's mocks are in force.
//
// A mocked activity loses its body, a mocked workflow gets one that is only a step; whoever runs
// the test answers those steps, and effects, by the mock's handler. A mock of a function that is no
// step is called in its place, everywhere but in the mock itself and in the library.
#include "lang/base/check.h"
#include "lang/bytecode/opcode_table.h"
#include "lang/compile/emitter.h"
#include "lang/compile/pool.h"
#include "lang/compile/tests.h"

namespace wakeful {

namespace {

/// `workflow Child(a, b) { «mock Child»(a, b) }`
Function call_through(const CallableDecl& decl, size_t activity, Program& program) {
  Function f;
  f.name = decl.name;
  f.params = decl.params;
  f.span = decl.span;
  for (Parameter& param : f.params) param.required = false;
  Emitter out(f);
  const uint32_t count = static_cast<uint32_t>(f.params.size());
  out.take(count);
  const Reg base = out.take(1 + count);
  program.constants.push_back(
      callee_constant(CalleeKind::Activity, static_cast<int64_t>(activity)));
  out.emit_wide(decl.span, Op::LoadConst, base, static_cast<int64_t>(program.constants.size() - 1));
  for (uint32_t i = 0; i < count; ++i) out.emit(decl.span, Op::Move, base + 1 + i, i);
  out.emit(decl.span, Op::Call, base, count);
  out.emit(decl.span, Op::Return, base);
  return f;
}

/// The parameters of the library's function, those of the mock among them handed on by name; null
/// where one that the mock needs was not given.
Function adapter(const TestCase::Mock& mock, const Builtin& builtin) {
  Function f;
  f.name = mock.name;
  f.prelude = true;  // not a place in a stack
  f.span = mock.span;
  for (const Builtin::Param& param : builtin.params) f.params.push_back({param.name, false, {}});
  Emitter out(f);
  const uint32_t given = static_cast<uint32_t>(f.params.size());
  const uint32_t count = static_cast<uint32_t>(mock.params.size());
  out.take(given);
  const Reg base = out.take(1 + count);
  for (uint32_t i = 0; i < count; ++i) {
    const Reg to = static_cast<Reg>(base + 1 + i);
    for (uint32_t from = 0; from < given; ++from) {
      if (f.params[from].name == mock.params[i].name) out.emit(mock.span, Op::Move, to, from);
    }
    if (!mock.params[i].required) continue;
    Label is_given;
    out.jump(mock.span, Op::JumpIfPresent, is_given, to);
    out.emit(mock.span, Op::LoadNull, to);
    out.bind(is_given);
  }
  out.emit_extra(mock.span, Op::CallFunction, base, count, 0, static_cast<uint32_t>(mock.function));
  out.emit(mock.span, Op::Return, base);
  return f;
}

/// CallBuiltin and CallFunction have one shape: the arguments are bound already.
void call_instead(Function& f, uint32_t builtin, uint32_t function) {
  for (size_t pc = 0; pc < f.code.size();) {
    const Instruction in{f.code[pc]};
    const size_t words = instruction_words(in.op());
    if (in.op() == Op::CallBuiltin && f.code[pc + 1] == builtin) {
      f.code[pc] = (in.word & ~0xFFu) | static_cast<uint32_t>(Op::CallFunction);
      f.code[pc + 1] = function;
    }
    pc += words;
  }
}

void mock_function(Program& program, const TestCase::Mock& mock, const Builtin& builtin) {
  const uint32_t number = static_cast<uint32_t>(program.functions.size());
  const uint32_t prelude = program.functions.front().span.file;
  for (size_t i = 0; i < program.functions.size(); ++i) {
    const bool own = static_cast<int32_t>(i) == mock.function;
    if (own || program.functions[i].span.file == prelude) continue;
    call_instead(program.functions[i], builtin.number, number);
  }
  for (Constant& constant : program.constants) {
    if (constant == callee_constant(CalleeKind::Builtin, builtin.number)) {
      constant = callee_constant(CalleeKind::Function, number);
    }
  }
  program.functions.push_back(adapter(mock, builtin));
}

void mock_workflow(Program& program, const TestCase::Mock& mock) {
  CallableDecl& decl = program.workflows[static_cast<size_t>(program.find_workflow(mock.name))];
  CallableDecl step;
  step.name = mock_handler(mock.name);
  step.params = decl.params;
  for (Parameter& param : step.params) param.required = false;
  step.span = decl.span;
  Function through = call_through(decl, program.activities.size(), program);
  decl.function = static_cast<int32_t>(program.functions.size());
  program.functions.push_back(std::move(through));
  program.activities.push_back(std::move(step));
}

}  // namespace

Program program_for(const Compiled& compiled, const TestCase& test) {
  Program program = *compiled.program;
  for (const TestCase::Mock& mock : test.mocks) {
    switch (mock.kind) {
      case TestCase::Mock::Kind::Activity:
        program.activities[static_cast<size_t>(program.find_activity(mock.name))].function = -1;
        break;
      case TestCase::Mock::Kind::Workflow:
        mock_workflow(program, mock);
        break;
      case TestCase::Mock::Kind::Function:
        mock_function(program, mock, *find_named(mock.name));
        break;
      case TestCase::Mock::Kind::Effect:
        break;  // a step already
    }
  }
  WF_CHECK(verify(program));
  seal(program);
  return program;
}

}  // namespace wakeful
