// wf test: runs the tests of scripts, one after the other, and says what came of each.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>

#include "runtime/cli/open_program.h"
#include "runtime/cli/schedule_file.h"
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

Result<void> write_file(const std::string& name, const std::string& text) {
  errno = 0;
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (file) return {};
  return fail(Fault::Usage, fmt::format("cannot write `{}`: {}", printable(name),
                                        std::strerror(errno ? errno : EIO)));
}

/// `the_total_is_right` of a title.
std::string file_name_of(const std::string& title) {
  constexpr size_t kLongest = 40;
  std::string name;
  for (const char c : title) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word) name += c;
    if (!word && !name.empty() && name.back() != '_') name += '_';
    if (name.size() == kLongest) break;
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() ? "test" : name;
}

/// What the options say, read and checked.
struct Wanted {
  std::string filter;
  bool explore = false;
  size_t limit = 300;
  std::optional<ScheduleFile> schedule;
  bool takes(const TestCase& test) const {
    return schedule ? test.title == schedule->test : test.title.find(filter) != std::string::npos;
  }
};

/// kExitDone, or what is wrong is said.
int read_options(const CommandLine& line, Wanted& wanted) {
  wanted.filter = line.one("--filter");
  wanted.explore = line.has("--explore");
  const std::string limit = line.one("--limit");
  const auto [end, error] =
      std::from_chars(limit.data(), limit.data() + limit.size(), wanted.limit);
  if (line.has("--limit") &&
      (error != std::errc() || end != limit.data() + limit.size() || wanted.limit == 0))
    return usage_error(line.command(),
                       "--limit takes a number from 1 on, not `" + printable(limit) + "`");
  if (line.has("--limit") && !wanted.explore)
    return usage_error(line.command(), "--limit belongs to --explore");
  if (!line.has("--schedule")) return kExitDone;
  if (wanted.explore || line.has("--filter"))
    return usage_error(
        line.command(),
        "--schedule runs the one test that its file names, without --explore or --filter");
  auto schedule = read_schedule(line.one("--schedule"));
  if (!schedule) return say_error(schedule.error());
  wanted.schedule = std::move(*schedule);
  return kExitDone;
}

/// The findings as files in the working directory.
Result<void> keep_schedules(TestResult& result) {
  for (const Finding& finding : result.explored->findings) {
    const std::string name = fmt::format("{}.{}.json", file_name_of(result.test->title),
                                         kind_name(finding.schedule.kind));
    auto written = write_file(
        name, schedule_text({result.file().name(), result.test->title, finding.schedule}));
    if (!written) return written;
    result.schedule_files.push_back(name);
  }
  return {};
}

/// Runs what the options leave, each line as soon as its test has ended. The exit code where
/// something could not be written.
int run_tests(const CommandLine& line, const Wanted& wanted, TestFiles& files, Stdout& out) {
  const bool colour = wants_colour(line, STDOUT_FILENO);
  int code = kExitDone;
  for (const auto& compiled : files.compiled)
    for (const TestCase& test : compiled->tests) {
      if (!wanted.takes(test)) continue;
      TestResult result{compiled.get(),
                        &test,
                        wanted.schedule ? run_test_under(*compiled, test, wanted.schedule->schedule)
                                        : run_test(*compiled, test),
                        {},
                        {}};
      if (wanted.explore && result.passed()) {
        result.explored = explore(*compiled, test, wanted.limit);
        if (auto kept = keep_schedules(result); !kept) code = say_error(kept.error());
      }
      if (!line.json()) out.write(result_text(result, colour));
      files.report.results.push_back(std::move(result));
    }
  return code;
}

/// Says why no test was run.
int no_tests(const CommandLine& line, const Wanted& wanted, size_t tests) {
  if (tests == 0) return usage_error(line.command(), "there are no tests in what was given");
  if (wanted.schedule)
    return usage_error(
        line.command(),
        fmt::format("the schedule is one of the test `{}` of {}, which is not here",
                    printable(wanted.schedule->test), printable(wanted.schedule->file)));
  return usage_error(line.command(), fmt::format("none of {} tests has `{}` in its title", tests,
                                                 printable(wanted.filter)));
}

}  // namespace

int cmd_test(const CommandLine& line) {
  const int64_t began = system_clock().monotonic_us();
  Wanted wanted;
  TestFiles files;
  int code = read_options(line, wanted);
  if (code == kExitDone) code = compile_files(line, files);
  if (code != kExitDone) return code;
  Stdout out;
  const int unwritten = run_tests(line, wanted, files, out);
  TestReport& report = files.report;
  if (report.results.empty() && report.bad_files.empty())
    return no_tests(line, wanted, files.tests);
  report.real_us = system_clock().monotonic_us() - began;
  JsonWriter json;
  write_tests(json, report);
  out.write(line.json() ? json.document()
                        : summary_text(report, wants_colour(line, STDOUT_FILENO)));
  code = report.failed() > 0 ? kExitFailed : kExitDone;
  if (!report.bad_files.empty()) code = kExitScript;
  if (unwritten != kExitDone) code = unwritten;
  if (line.has("--junit"))
    if (auto written = write_file(line.one("--junit"), junit_document(report)); !written)
      code = say_error(written.error());
  return out.finish(code);
}

}  // namespace wakeful::cli
