// What came of tests: lines for people, one document of JSON, one of JUnit's XML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/output.h"
#include "runtime/testing/explore.h"

namespace wakeful::cli {

/// One test that was run. What it points to outlives it.
struct TestResult {
  const Compiled* compiled = nullptr;
  const TestCase* test = nullptr;
  TestOutcome outcome;
  std::optional<Exploration> explored;      // of --explore
  std::vector<std::string> schedule_files;  // of its findings
  bool passed() const {
    return outcome.verdict == TestOutcome::Verdict::Passed &&
           (!explored || explored->findings.empty());
  }
  const SourceFile& file() const { return compiled->sources.of(test->span); }
  uint32_t line() const { return file().locate(test->span.begin).line; }
};

struct TestReport {
  std::vector<TestResult> results;
  struct BadFile {
    std::string file, diagnostics;
  };
  std::vector<BadFile> bad_files;  // scripts with errors: none of their tests was run
  int64_t real_us = 0;
  size_t passed() const;
  size_t failed() const { return results.size() - passed(); }
};

/// `ok      title   order.wf:12   clock 30d`, and what went wrong under it.
std::string result_text(const TestResult& result, bool colour);
/// Why a test did not pass: its place and source line, both sides, causes; "" where it passed.
std::string failure_text(const TestResult& result, bool colour);
/// `12 passed, 1 failed in 3 files (0.4 s)`
std::string summary_text(const TestReport& report, bool colour);

void write_tests(JsonWriter& json, const TestReport& report);
std::string junit_document(const TestReport& report);

/// `passed`, `failed`, `stuck`, `broken`.
const char* verdict_name(TestOutcome::Verdict verdict);

}  // namespace wakeful::cli
