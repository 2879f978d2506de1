// The machine on code assembled by hand: the protocol with its host. What instructions do for
// scripts is tested with compiled sources in interpreter_test.cpp.
#include "runtime/vm/machine.h"

#include <catch2/catch.hpp>
#include <string>

using namespace wakeful;

namespace {

uint32_t abc(Op op, int a = 0, int b = 0, int c = 0) {
  return static_cast<uint32_t>(op) | uint32_t{static_cast<uint8_t>(a)} << 8 |
         uint32_t{static_cast<uint8_t>(b)} << 16 | uint32_t{static_cast<uint8_t>(c)} << 24;
}
uint32_t abx(Op op, int a, int bx) {
  return static_cast<uint32_t>(op) | uint32_t{static_cast<uint8_t>(a)} << 8 |
         uint32_t{static_cast<uint16_t>(bx)} << 16;
}
uint32_t jump(Op op, int offset) {
  return static_cast<uint32_t>(op) | static_cast<uint32_t>(offset) << 8;
}

Function function(const char* name, std::vector<std::string> params, uint8_t registers,
                  std::vector<uint32_t> code) {
  Function f;
  f.name = name;
  for (std::string& param : params) f.params.push_back({param, true, {}});
  f.registers = registers;
  f.code = std::move(code);
  f.places = {{0, Span{0, 0, 1}}};
  return f;
}

Constant text_constant(const char* text) {
  Constant constant;
  constant.kind = Constant::Kind::String;
  constant.text = text;
  return constant;
}

Program program_of(std::vector<Function> functions, std::vector<Constant> constants = {}) {
  Program program;
  program.sources.files.push_back(std::make_shared<SourceFile>("test.wf", "main\n"));
  program.functions = std::move(functions);
  program.constants = std::move(constants);
  program.caches = 4;
  return program;
}

struct Runner final : RootSource {
  Image image;
  Heap heap;
  Machine machine{heap, image};
  Strand strand;

  explicit Runner(Program program) : image(std::move(program)) {}
  void visit_roots(RootVisitor& visitor) override {
    strand.visit_roots(visitor);
    machine.visit_roots(visitor);
  }
  void start(std::vector<Value> args = {}) {
    machine.start(strand, Value::callee(CalleeKind::Function, 0), args.data(),
                  static_cast<uint32_t>(args.size()));
  }
  std::string shown(Value v) {
    std::string out;
    append_text(out, v);
    return out;
  }
};

// fn sum(n) { let i = 0, total = 0; while i < n { i += 1; total += i }; total }
Program counting() {
  return program_of({function(
      "sum", {"n"}, 3,
      {abx(Op::LoadInt, 1, 0), abx(Op::LoadInt, 2, 0), abc(Op::JumpLess, 1, 0, 0), 3,  // to Return
       abc(Op::AddI, 1, 1, 1), abc(Op::Add, 2, 2, 1), jump(Op::Loop, -5), abc(Op::Return, 2)})});
}

}  // namespace

TEST_CASE("a loop runs to its end and is counted in ticks") {
  Runner run(counting());
  run.start({Value::of(int64_t{1000})});
  CHECK(run.machine.run(run.strand) == Machine::Exit::Finished);
  CHECK(run.strand.result.integer == 500'500);
  CHECK(run.machine.ticks == 1000);
  CHECK(run.strand.frames.empty());
}

TEST_CASE("budget: every tick is counted once, wherever the run is cut") {
  for (uint64_t slice : {1, 3, 7, 100}) {
    Runner run(counting());
    run.start({Value::of(int64_t{100})});
    run.machine.tick_limit = slice;
    int turns = 0;
    Machine::Exit exit;
    while ((exit = run.machine.run(run.strand)) == Machine::Exit::Budget) {
      CHECK(run.machine.ticks == run.machine.tick_limit);
      run.machine.tick_limit += slice;
      run.heap.collect(run);
      REQUIRE(++turns <= 101);
    }
    CHECK(exit == Machine::Exit::Finished);
    CHECK(run.strand.result.integer == 5'050);
    CHECK(run.machine.ticks == 100);
  }
}

TEST_CASE("a due collection stops the machine at a tick; collecting changes nothing else") {
  // while true { [[], []]… } for n turns, keeping one list in R2
  Runner run(program_of(
      {function("main", {"n"}, 5,
                {abx(Op::LoadInt, 1, 0), abx(Op::NewList, 2, 0), abc(Op::JumpLess, 1, 0, 0), 5,
                 abx(Op::NewList, 3, 10), abc(Op::ListAppend, 2, 1), abc(Op::AddI, 1, 1, 1),
                 abc(Op::Move, 4, 3), jump(Op::Loop, -7), abc(Op::Return, 2)})}));
  run.start({Value::of(int64_t{20'000})});
  int collections = 0;
  Machine::Exit exit;
  while ((exit = run.machine.run(run.strand)) == Machine::Exit::Budget) {
    REQUIRE(run.heap.wants_collection());
    run.heap.collect(run);
    ++collections;
  }
  CHECK(exit == Machine::Exit::Finished);
  CHECK(collections > 2);
  CHECK(run.machine.ticks == 20'000);
  const List* list = run.strand.result.list();
  REQUIRE(list->count == 20'000);
  CHECK(list->storage->items[19'999].integer == 19'999);
}

TEST_CASE("endless recursion ends in ResourceExhausted, and its stack is short") {
  Runner run(
      program_of({function("down", {}, 1, {abc(Op::CallFunction, 0, 0), 0, abc(Op::Return, 0)})}));
  run.start();
  CHECK(run.machine.run(run.strand) == Machine::Exit::Threw);
  CHECK(run.shown(run.strand.error).find("ResourceExhausted: call depth") == 0);
  CHECK(run.strand.frames.size() == kCallDepthMax);
  const List* stack = run.strand.error.as<ErrorObject>()->stack.list();
  CHECK(stack->count <= kStackPlacesMax + 1);
  CHECK(stack->storage->items[0].string()->view() == "down at test.wf:1:1");
}

TEST_CASE("a trap hands over what is wanted, and the answer goes on") {
  Runner run(program_of({function("main", {}, 3,
                                  {abx(Op::LoadInt, 1, 5), abc(Op::LoadAbsent, 2),
                                   abc(Op::Gather, 1, 1), abc(Op::Return, 1)})}));
  run.start();
  CHECK(run.machine.run(run.strand) == Machine::Exit::Trap);
  const Machine::Trap& trap = run.machine.trap();
  CHECK(trap.instruction.op() == Op::Gather);
  CHECK(trap.instruction.b() == 1);
  CHECK(trap.result == 1);
  CHECK(run.strand.registers[trap.first].integer == 5);
  run.machine.resume_with(run.strand, trap.result, Value::of(true));
  CHECK(run.machine.run(run.strand) == Machine::Exit::Finished);
  CHECK(run.strand.result.boolean);
}

TEST_CASE("an error finds the guard of an outer frame; frames above it are gone") {
  // main: guard R0 → return R0; calls thrower
  Runner run(program_of({function("main", {}, 3,
                                  {abx(Op::EnterGuard, 0, 3), abc(Op::CallFunction, 1, 0), 1,
                                   abc(Op::ReturnNull), abc(Op::Return, 0)}),
                         function("thrower", {}, 2, {abx(Op::LoadConst, 0, 0), abc(Op::Throw, 0)})},
                        {text_constant("no stock")}));
  run.start();
  REQUIRE(run.machine.run(run.strand) == Machine::Exit::Threw);
  Value error = run.strand.error;
  CHECK(run.shown(error) == "Error: no stock");
  Handler handler;
  REQUIRE(run.machine.unwind(run.strand, error, handler));
  CHECK(handler.kind == Handler::Kind::Guard);
  CHECK(run.strand.frames.size() == 1);
  run.machine.enter_handler(run.strand, handler, error);
  CHECK(run.machine.run(run.strand) == Machine::Exit::Finished);
  CHECK(run.strand.result.object == error.object);
}

TEST_CASE("an error thrown in a catch gets the caught one as its cause, never a circle") {
  for (const bool again : {false, true}) {
    // EnterCatch R0 (an error), then throw R1: another one, or the same
    Runner run(program_of({function("main", {"e", "other"}, 2,
                                    {abc(Op::EnterCatch, 0), abc(Op::Throw, again ? 0 : 1)})}));
    const Value caught = Value::of(make_error(run.heap, "First", "one"));
    const Value other = Value::of(make_error(run.heap, "Second", "two"));
    run.start({caught, other});
    REQUIRE(run.machine.run(run.strand) == Machine::Exit::Threw);
    Value error = run.strand.error;
    Handler handler;
    CHECK_FALSE(run.machine.unwind(run.strand, error, handler));
    CHECK(run.strand.frames.empty());
    const Value cause = error.as<ErrorObject>()->cause;
    if (again)
      CHECK(cause.is_null());
    else
      CHECK(cause.object == caught.object);
  }
}

TEST_CASE("EndCatch goes on with the strand's cancellation, AbsorbCancel ends it") {
  for (const bool absorb : {false, true}) {
    Runner run(program_of({function("main", {"e"}, 1,
                                    {abc(absorb ? Op::AbsorbCancel : Op::Move, 0),
                                     abc(Op::EndCatch, 0), abc(Op::ReturnNull)})}));
    const Value cancelled = Value::of(make_error(run.heap, "Cancelled", "stop"));
    run.strand.cancellation = cancelled;
    run.start({cancelled});
    CHECK(run.machine.run(run.strand) == (absorb ? Machine::Exit::Finished : Machine::Exit::Threw));
    CHECK(run.strand.cancellation.is_null() == absorb);
  }
}

TEST_CASE("binding names the parameter that is wrong") {
  Runner run(program_of({function("main", {}, 1, {abc(Op::ReturnNull)})}));
  const std::vector<Parameter> params = {
      {"order_id", true, {}}, {"amount", true, {}}, {"note", false, {}}};
  auto bind = [&](uint32_t count, std::vector<std::string> names = {}) -> std::string {
    std::vector<Value> args(count, Value::of(int64_t{1})), out;
    Value error;
    if (run.machine.bind(params, "Order", args.data(), count, names.empty() ? nullptr : &names, out,
                         error)) {
      std::string shown;
      for (Value v : out) shown += v.is_absent() ? '-' : 'x';
      return shown;
    }
    return run.shown(error);
  };
  CHECK(bind(2) == "xx-");
  CHECK(bind(3) == "xxx");
  CHECK(bind(2, {"amount"}) == "xx-");
  CHECK(bind(3, {"note", "order_id"}) == "ArgumentError: Order got its argument `order_id` twice");
  CHECK(bind(1) == "ArgumentError: Order takes 3 arguments (order_id, amount, note), got 1");
  CHECK(bind(4) == "ArgumentError: Order takes 3 arguments (order_id, amount, note), got 4");
  CHECK(bind(2, {"amout"}) ==
        "ArgumentError: Order has no parameter `amout`; did you mean `amount`?");
  CHECK(bind(2, {"note"}) == "ArgumentError: Order needs the argument `amount`");
}
