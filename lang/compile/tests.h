// The tests of a file: which workflows of the program they are, and what they mock.
#pragma once

#include <string>
#include <vector>

#include "lang/compile/compile.h"
#include "lang/compile/globals.h"

namespace wakeful {

/// A test before the names of the program are final.
struct PlannedTest {
  std::string title;
  Span span;
  struct Mock {
    std::string written;  // `pay.charge`
    std::vector<TestCase::Mock::Param> params;
    Span span;
    Constant callee;                   // what it replaces
    const Builtin* builtin = nullptr;  // of an effect
  };
  std::vector<Mock> mocks;
};

std::vector<PlannedTest> plan_tests(const ast::File& file, Globals& globals);
TestCase test_case(const PlannedTest& planned, const Program& program);
/// The name of its workflow.
std::string test_workflow(const std::string& title);

}  // namespace wakeful
