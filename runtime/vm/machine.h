// The interpreter. It knows values, frames and instructions; it knows nothing of steps, scopes, effects
// or journals: whatever is flagged kTrap in opcodes.def, or calls something that is not pure, stops it with
// Exit::Trap, and its host (run core, activity, test) carries it out.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/values/heap.h"
#include "runtime/vm/image.h"
#include "runtime/vm/native.h"

namespace wakeful {

inline constexpr uint32_t kCallDepthMax = 10'000;
inline constexpr uint32_t kRegistersMax = 2'600'000;     // of all frames of a strand: 10,000 of 250 and more
inline constexpr uint32_t kStackPlacesMax = 100;         // places that an error's stack keeps

/// One call in progress. The registers are strand.registers[base] … [base + function->registers - 1].
struct Frame {
  const Function* function;
  const uint32_t* pc;               // the next instruction
  uint32_t base;
  uint8_t result;                   // register of the *caller's* frame that gets the value
  Closure* closure;                 // null for plain functions; a root
};

/// Where an error goes next. Pushed and popped by EnterTry, EnterGuard, EnterCatch, ExitTry, ExitHandler.
struct Handler {
  enum class Kind : uint8_t { Try, Guard, Catch };
  Kind kind;
  uint8_t reg;                      // gets the error (Catch: holds the caught one)
  uint32_t frame;                   // index of the frame that it belongs to
  const uint32_t* target;           // null for Catch
  uint64_t scope;                   // of a Try: the run core's scope number; 0 elsewhere
};

/// Concurrent code inside one run (or the code of an activity attempt): call frames as data.
struct Strand {
  std::vector<Value> registers;     // grows; take addresses afresh after every call
  std::vector<Frame> frames;
  std::vector<Handler> handlers;
  Value result;                     // after Exit::Finished
  Value error;                      // after Exit::Threw: an ErrorObject with its stack
  Value cancellation;               // the Cancelled error that was thrown into it, while it is being handled; else null

  void visit_roots(RootVisitor& visitor);   // clears registers above the top frame
};

/// Whether `error` is `from` or one of its causes.
bool leads_to(Value from, const Object* error);

class Machine {
 public:
  enum class Exit : uint8_t {
    Finished,                       // the outermost frame returned; strand.result
    Trap,                           // see trap_*(); then resume_with() or throw_error(), and run() again
    Threw,                          // strand.error; nothing unwound yet: see unwind()
    Budget,                         // at a tick, before it happens: tick_limit reached, or a collection is due
  };

  /// `self` may be null-valued where there is none.
  Machine(Heap& heap, Image& image, Value self = {});

  /// Prepares a strand to call a closure or a plain function of the program. Arguments must fit (bind first).
  void start(Strand& strand, Value callee, const Value* args, uint32_t count);
  /// Binds positional and named arguments to the parameters of any callee: `out` gets one value a parameter,
  /// Absent where not given. False: cx error ArgumentError naming the parameter.
  /// `names`: names of the last arguments, or null.
  bool bind(Value callee, const Value* args, uint32_t count, const std::vector<std::string>* names,
            std::vector<Value>& out, Value& error);
  bool bind(const std::vector<Parameter>& params, const char* callee_name, const Value* args, uint32_t count,
            const std::vector<std::string>* names, std::vector<Value>& out, Value& error);

  Exit run(Strand& strand);

  /// The burst's counter of calls and loop turns; run() stops with Budget where it reaches tick_limit.
  /// Deterministic: the same program and inputs count alike. The host resets it at the start of a burst.
  uint64_t ticks = 0;
  uint64_t tick_limit = UINT64_MAX;

  // After Exit::Trap. Call, CallNamed, CallMethod on something that is not pure arrive here decoded too.
  struct Trap {
    Instruction instruction;        // its opcode says what is wanted
    uint32_t extra = 0;             // the extra word, where it has one
    uint8_t result = 0;             // the register that gets the answer
    uint64_t first = 0;             // index in strand.registers of R[A]
    // for a call: what is called and its bound arguments (one a parameter; a method's receiver first)
    Value callee;                   // Callee value or Closure (Start only); null for other opcodes
    std::vector<Value> args;
    const uint32_t* jump = nullptr; // where pc goes if the jump of EnterTry, StreamNext is taken
  };
  const Trap& trap() const { return trap_; }
  /// Writes the answer of the trap (register `result` of the top frame); the strand can run on.
  void resume_with(Strand& strand, uint8_t reg, Value answer);

  /// Makes an error with the strand's present stack.
  Value make_thrown(Strand& strand, std::string_view kind, std::string_view message);
  /// Adds the present stack to an error that has none.
  void add_stack(Strand& strand, Value error);

  /// Leaves Catch regions (attaching causes) and pops frames up to the innermost Try or Guard handler, which
  /// it pops and gives; false where there is none: all frames are gone. The error may gain a cause.
  bool unwind(Strand& strand, Value& error, Handler& handler);
  /// Goes on at a handler that unwind() gave: error into its register, pc to its target.
  void enter_handler(Strand& strand, const Handler& handler, Value error);

  /// The source places of the strand's frames, innermost first, the prelude's left out.
  std::vector<Span> places(const Strand& strand) const;

  Heap& heap() { return heap_; }
  Image& image() { return image_; }
  Value self;                       // a frozen map; a root of whoever owns the machine

  void visit_roots(RootVisitor& visitor);   // self and the trap

 private:
  friend struct Interpreter;        // runtime/vm/interpreter.h
  Heap& heap_;
  Image& image_;
  Trap trap_;
  uint64_t brake_ = 0;              // tick_limit while run() is active; 0 as soon as a collection is due
};

}  // namespace wakeful
