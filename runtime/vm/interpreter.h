// The loop of the machine and its slow paths. Lives for one Machine::run().
//
// Slow paths that can fail give false (or Failed) and leave the error, still without a stack, in cx.error.
// Whoever pushes a frame or grows the registers invalidates the loop's copies of both: it loads them again.
#pragma once

#include "runtime/vm/machine.h"

namespace wakeful {

struct Interpreter {
  Interpreter(Machine& machine_, Strand& strand_)
      : machine(machine_), strand(strand_), heap(machine_.heap_), image(machine_.image_), cx{heap, {}} {}

  Machine& machine;
  Strand& strand;
  Heap& heap;
  Image& image;
  NativeContext cx;

  Machine::Exit run();              // interpreter.cpp: dispatch only

  // calls.cpp
  enum class Called : uint8_t { Done, Pushed, Trapped, Failed };
  /// What is called, from where in the registers (relative to the frame), and where its result goes.
  struct Call {
    Value callee;
    uint32_t first;                 // register of the first argument; also where the callee's frame begins
    uint32_t count;
    const std::vector<std::string>* names;   // of the last arguments, or null
    uint32_t word;                  // the instruction
    uint32_t extra;
  };
  Called call(const Call& call);
  Called call_method(uint32_t constant, const Call& call);
  Called call_builtin(const BuiltinTarget& target, const Call& call);
  Called start(uint32_t word, uint32_t extra);
  /// Room for a frame of `registers` at `base` and one more call. False: ResourceExhausted.
  bool make_room(size_t base, uint32_t registers);
  void trap(uint32_t word, uint32_t extra, const uint32_t* jump);

  // iteration.cpp
  enum class Next : uint8_t { Element, End, Failed };
  bool for_prepare(Value* registers);
  Next for_next(Value* registers, bool with_key);

  // collections.cpp
  bool list_extend(Value to, Value from);
  bool map_merge(Value to, Value from);
  bool put_dynamic(Value map, Value key, Value value);
  bool check_list(Value value, uint32_t count, bool at_least);
  bool check_map(Value value);
  bool map_rest(Value map, const Value* without, uint32_t count, Value& result);
  bool concat(const Value* first, uint32_t count, Value& result);
  bool make_range_of(Value begin, Value end, Value& result);
  Value make_closure_of(uint32_t function, const Value* registers, const Closure* closure);

  // errors of the loop
  bool not_a_bool(Value value);
  bool not_ints(Value begin, Value end);
  /// The error that a thrown value stands for, in cx.error. Always false.
  bool thrown(Value value);

 private:
  Called enter(const CallTarget& target, Closure* closure, const Call& call);
  Called bind_and_enter(const CallTarget& target, Closure* closure, const Call& call);
  Called trap_call(const Call& call, std::vector<Value> args);
  Frame& frame() { return strand.frames.back(); }
  Value* registers() { return strand.registers.data() + frame().base; }
};

}  // namespace wakeful
