// wf test: runs the tests of scripts, one after the other, and says what came of each.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "runtime/cli/open_program.h"
#include "runtime/cli/test_report.h"
#include "runtime/engine/services.h"

namespace wakeful::cli {
namespace {

/// The files of the command line; those with errors are said and left out of `compiled`.
struct TestFiles {
  std::vector<std::unique_ptr<Compiled>> compiled;
  TestReport report;
  size_t tests = 0;
};

/// Nothing is run where a file cannot be read: that is wrong usage.
int compile_files(const CommandLine& line, TestFiles& files) {
  for (const std::string& name : line.all("FILE")) {
    auto compiled = compile_file(name, Purpose::Test);
    if (!compiled) return say_error(compiled.error());
    if (compiled->program) {
      files.tests += compiled->tests.size();
      if (compiled->tests.empty()) say(printable(name) + " has no tests");
      files.compiled.push_back(std::make_unique<Compiled>(std::move(*compiled)));
      continue;
    }
    write_stderr(render_all(*compiled, wants_colour(line, STDERR_FILENO)));
    say(printable(name) + " has errors: none of its tests is run");
    files.report.bad_files.push_back({name, render_all(*compiled, false)});
  }
  return kExitDone;
}

/// Runs what `--filter` leaves, each line as soon as its test has ended.
void run_tests(const CommandLine& line, TestFiles& files, Stdout& out) {
  const bool colour = wants_colour(line, STDOUT_FILENO);
  const std::string filter = line.one("--filter");
  const int64_t began = system_clock().monotonic_us();
  for (const auto& compiled : files.compiled)
    for (const TestCase& test : compiled->tests) {
      if (test.title.find(filter) == std::string::npos) continue;
      files.report.results.push_back({compiled.get(), &test, run_test(*compiled, test)});
      if (!line.json()) out.write(result_text(files.report.results.back(), colour));
    }
  files.report.real_us = system_clock().monotonic_us() - began;
}

Result<void> write_file(const std::string& name, const std::string& text) {
  errno = 0;
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (file) return {};
  return fail(Fault::Usage, fmt::format("cannot write `{}`: {}", printable(name),
                                        std::strerror(errno ? errno : EIO)));
}

}  // namespace

int cmd_test(const CommandLine& line) {
  TestFiles files;
  if (const int code = compile_files(line, files); code != kExitDone) return code;
  Stdout out;
  run_tests(line, files, out);
  const TestReport& report = files.report;
  if (report.results.empty() && report.bad_files.empty()) {
    if (files.tests == 0)
      return usage_error(line.command(), "there are no tests in what was given");
    return usage_error(line.command(), fmt::format("none of {} tests has `{}` in its title",
                                                   files.tests, printable(line.one("--filter"))));
  }
  JsonWriter json;
  write_tests(json, report);
  out.write(line.json() ? json.document()
                        : summary_text(report, wants_colour(line, STDOUT_FILENO)));
  int code = report.failed() > 0 ? kExitFailed : kExitDone;
  if (!report.bad_files.empty()) code = kExitScript;
  if (line.has("--junit"))
    if (auto written = write_file(line.one("--junit"), junit_document(report)); !written)
      code = say_error(written.error());
  return out.finish(code);
}

}  // namespace wakeful::cli
