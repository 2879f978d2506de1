// `wf test --explore`: a test is run again and again, each time with something else that may happen
// in real life.
#pragma once

#include "runtime/testing/testing.h"

namespace wakeful {

/// What happens to a test while it runs.
struct Schedule {
  enum class Kind : uint8_t {
    Crash,    // the process dies after a record of the journal, another one goes on
    Order,    // of what could happen now, some wait until nothing else can: their ends come late
    Failure,  // the first attempt of a step fails
  };
  /// Crash: after so many records. Else: which of all that were asked for, in their order, from 0.
  struct Choice {
    uint64_t at = 0;
    std::string what;  // for the reader
  };
  Kind kind{};
  std::vector<Choice> choices;  // by `at`
};

struct Finding {
  Schedule schedule;
  TestOutcome outcome;
};

struct Exploration {
  /// Of each kind: schedules that were run, and such as the limit left out.
  struct Count {
    size_t run = 0, left_out = 0;
  };
  Count crashes, orders, failures;
  std::vector<Finding> findings;  // one a kind at most: its shortest
};

/// For a test that passes. Under Crash and Order it must pass; under Failure it may fail, but must
/// end, replay, and undo what it says it undoes. Runs `limit` schedules at most; those with fewer
/// choices come first, so what is found is the shortest.
Exploration explore(const Compiled& compiled, const TestCase& test, size_t limit);

/// Runs the test under one schedule: it passes where that is no finding.
TestOutcome run_test_under(const Compiled& compiled, const TestCase& test,
                           const Schedule& schedule);

}  // namespace wakeful
