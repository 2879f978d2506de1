// From source text to a Program: parse, imports, check, compile. The one door into lang/.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lang/bytecode/program.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// Reads a source file for an import or the first file. Gives nothing where there is none.
/// `path` is relative to the project folder, normalised, without `..`.
using ReadSource = std::function<std::optional<std::string>(const std::string& path)>;

/// What a script is compiled for: a run says only what it must, a check also the lints; for tests, those of the
/// file are workflows of the program.
enum class Purpose : uint8_t { Run, Check, Test };

/// A `test` block: a workflow of its own, and what is replaced while it runs.
struct TestCase {
  std::string title;
  std::string workflow;             // its name in the program: has a space in it, so no script's name equals it
  Span span;
  struct Mock {
    enum class Kind : uint8_t { Workflow, Activity, Effect, Function };
    Kind kind{};
    std::string name;               // in the program; of an effect or function `http.get`
    int32_t function = -1;          // of a Function, one of the library that is no step: its body
    std::string handler;            // the name of its body among the update handlers of the test's run
    struct Param {
      std::string name;
      bool required = true;
    };
    std::vector<Param> params;      // of its body
    Span span;
  };
  std::vector<Mock> mocks;
};

struct Compiled {
  std::optional<Program> program;   // absent where there were errors; sealed
  Sources sources;                  // also where there were errors
  Diagnostics diagnostics;
  std::vector<TestCase> tests;      // of the file itself, in its order; only where they were asked for
};

/// Compiles `path` (as given to `read`) with all it imports and the prelude.
/// Never throws; every fault is a diagnostic.
Compiled compile(const std::string& path, const ReadSource& read, Purpose purpose = Purpose::Run);
/// The program in which what the test mocks is replaced by steps that its mocks answer.
Program program_for(const Compiled& compiled, const TestCase& test);

}  // namespace wakeful
