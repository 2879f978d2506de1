// The tests of a file: which workflows of the program they are, and what they mock.
#pragma once

#include <string>
#include <vector>

#include "lang/compile/compile.h"
#include "lang/compile/function_compiler.h"

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
    const Builtin* builtin = nullptr;  // of an effect or a function
    int32_t function = -1;             // of a function: its body
  };
  std::vector<Mock> mocks;
};

std::vector<PlannedTest> plan_tests(const ast::File& file, const CompileContext& context);
TestCase test_case(const PlannedTest& planned, const Program& program);
/// The name of a mock's body among the update handlers, and of the step of a mocked workflow.
std::string mock_handler(const std::string& name);
/// The name of its workflow.
std::string test_workflow(const std::string& title);

}  // namespace wakeful
