// `wf test`: runs the tests of a script, each in a fresh store in memory, on a virtual clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/compile/compile.h"
#include "runtime/run/run.h"

namespace wakeful {

struct TestOutcome {
  enum class Verdict : uint8_t {
    Passed,
    Failed,  // it threw, or an `expect` was not met: `error`
    Stuck,   // nothing can ever happen any more: `waiting` says where it stands
    Broken,  // wf could not run it (`problem`): a mistake of ours, or a replay that differs
  };
  Verdict verdict = Verdict::Passed;
  std::string error;               // CBOR of the test's error, "" unless Failed
  std::string problem;             // in words, "" unless Broken
  std::vector<std::string> lines;  // what it printed and logged, in order
  struct Waiting {
    std::string run;  // id
    WaitingPlace place;
  };
  std::vector<Waiting> waiting;  // of all open runs, the test's first
  int64_t virtual_ms = 0;        // how far its clock went
  int64_t real_us = 0;
};

/// Runs one test of a script that was compiled with its tests. Deterministic but for what effects
/// that are not mocked give.
TestOutcome run_test(const Compiled& compiled, const TestCase& test);

}  // namespace wakeful
