// A compiled program: what lang/ hands to runtime/. Plain data; serialised, hashed and stored with
// the runs that were started on it, so its layout and its numbers are a disk format (FORMAT.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/base/error.h"
#include "lang/base/source.h"

namespace wakeful {

enum class Op : uint8_t {
#define WF_OP(name, number, shape, flags, text) name = number,
#include "lang/bytecode/opcodes.def"
};

/// The fields of an instruction word (opcodes.def).
struct Instruction {
  uint32_t word = 0;
  Op op() const { return static_cast<Op>(word & 0xFF); }
  uint8_t a() const { return static_cast<uint8_t>(word >> 8); }
  uint8_t b() const { return static_cast<uint8_t>(word >> 16); }
  uint8_t c() const { return static_cast<uint8_t>(word >> 24); }
  int8_t sb() const { return static_cast<int8_t>(b()); }
  int8_t sc() const { return static_cast<int8_t>(c()); }
  uint16_t bx() const { return static_cast<uint16_t>(word >> 16); }
  int16_t sbx() const { return static_cast<int16_t>(bx()); }
  int32_t sj() const { return static_cast<int32_t>(word) >> 8; }
};

/// What can be called by name. Also the kinds of a function value that is not a closure.
enum class CalleeKind : uint8_t { Function, Workflow, Activity, Builtin };

/// A constant: of the pool, of a top-level `let`, of declared options.
struct Constant {
  enum class Kind : uint8_t { Null, Bool, Int, Float, Duration, String, Callee, List, Map, Range };
  Kind kind = Kind::Null;
  int64_t integer = 0;  // Bool, Int, Duration (ms), index of a Callee, begin of a Range
  int64_t end = 0;      // of a Range
  double real = 0;
  CalleeKind callee{};
  std::string text;               // String
  std::vector<Constant> items;    // List, and the values of a Map
  std::vector<std::string> keys;  // of a Map
  bool operator==(const Constant&) const = default;
};

/// A type annotation, to be checked at run time.
struct TypeDesc {
  enum class Kind : uint8_t {
    Any,
    Null,
    Bool,
    Int,
    Float,
    Number,
    String,
    List,
    Map,
    Duration,
    Time,
    Fn,
    Handle,
    Error,
    Record
  };
  Kind kind = Kind::Any;
  bool optional = false;
  std::vector<TypeDesc> args;      // element type of List and Map; field types of a Record
  std::vector<std::string> names;  // field names of a Record
};

/// How a closure gets an upvalue when it is made.
struct Capture {
  enum class From : uint8_t { Register, Upvalue };
  From from{};
  uint8_t index = 0;
  bool unbox = false;  // take the content of the cell (compensate blocks see values as they were)
};

struct Parameter {
  std::string name;
  bool required = true;  // else the function's own prologue evaluates the default
  TypeDesc type;
};

/// A function's code. Functions of one program refer to each other by index.
struct Function {
  std::string name;  // for stacks: `Order`, `charge`, `fn`, `spawn`, `batch`, `compensate`
  std::vector<Parameter> params;  // arrive in R[0] …
  uint8_t registers = 0;          // how many the frame needs, parameters included; at most 250
  bool prelude = false;           // library code: left out of stacks
  std::vector<Capture> captures;
  std::vector<uint32_t> code;
  struct Place {
    uint32_t pc;
    Span span;
  };
  std::vector<Place> places;  // by pc: a place holds from its pc (index into code) to the next
  Span span;
  /// Where the instruction at `pc` comes from.
  Span place_of(uint32_t pc) const;
};

/// A workflow or an activity.
struct CallableDecl {
  std::string
      name;  // as declared; unique among its kind: a later module's of the same name is `file.name`
  int32_t function = -1;          // -1: an activity without a body
  std::vector<Parameter> params;  // the same as its function's
  TypeDesc result;
  Constant options;  // Null or a Map: the `with` of the declaration, checked
  std::string doc;
  Span span;
};

struct Program {
  Sources sources;  // with their texts, so that a stored run can show its lines
  std::vector<Constant> constants;
  std::vector<Function> functions;      // the prelude's first
  std::vector<CallableDecl> workflows;  // those of the file that was asked for come first
  std::vector<CallableDecl> activities;
  std::vector<std::vector<std::string>> shapes;  // names of trailing named arguments
  uint16_t caches = 0;                           // how many inline-cache slots its code uses
  uint32_t own_workflows = 0;  // how many of `workflows` the main file declares itself
  std::string hash;            // 32 hex digits over the serialised rest, set by seal()

  int find_workflow(std::string_view name) const;  // index or -1
  int find_activity(std::string_view name) const;
  int find_function(
      std::string_view name) const;  // top-level functions only, the prelude's included
};

/// Bytes of a program, and back. `deserialise` checks structure and bounds; verify() the code.
std::string serialise(const Program& program);
Result<Program> deserialise(std::string_view bytes);
/// Computes `hash`.
void seal(Program& program);
/// Every register, constant, jump and shape in bounds, every path ending in a return; a program
/// read from a store is verified before it runs.
Result<void> verify(const Program& program);
/// Text for `wf disasm`: one line an instruction, with source lines between.
std::string disassemble(const Program& program);

}  // namespace wakeful
