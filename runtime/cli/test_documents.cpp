// The results of tests for programs: JSON, and the XML that CI systems know from JUnit.
#include <fmt/format.h>

#include <map>

#include "runtime/cli/describe.h"
#include "runtime/cli/report.h"
#include "runtime/cli/schedule_file.h"
#include "runtime/cli/test_report.h"

namespace wakeful::cli {
namespace {

using Verdict = TestOutcome::Verdict;

void write_waiting(JsonWriter& json, const TestResult& result, const TestOutcome& outcome) {
  json.key("waiting").begin_list();
  for (const TestOutcome::Waiting& waiting : outcome.waiting) {
    json.begin_object().key("run").text(waiting.run).key("what").text(waiting.place.what);
    json.key("stack").begin_list();
    for (const Place& place : waiting.place.stack)
      json.text(place_text(&*result.compiled->program, place));
    json.end_list().end_object();
  }
  json.end_list();
}

/// "verdict", "error" and what belongs to the verdict.
void write_verdict(JsonWriter& json, const TestResult& result, const TestOutcome& outcome) {
  json.key("verdict").text(verdict_name(outcome.verdict)).key("error");
  if (outcome.verdict == Verdict::Failed)
    write_error(json, read_error(outcome.error));
  else
    json.null();
  if (outcome.verdict == Verdict::Broken) json.key("problem").text(outcome.problem);
  if (outcome.verdict == Verdict::Stuck) write_waiting(json, result, outcome);
}

void write_explored(JsonWriter& json, const TestResult& result) {
  const Exploration& explored = *result.explored;
  json.key("explored").begin_object();
  const std::pair<const char*, const Exploration::Count*> kinds[] = {
      {"failures", &explored.failures},
      {"crashes", &explored.crashes},
      {"orders", &explored.orders}};
  for (const auto& [name, count] : kinds) {
    json.key(name).begin_object().key("run").number(static_cast<int64_t>(count->run));
    json.key("left_out").number(static_cast<int64_t>(count->left_out)).end_object();
  }
  json.key("findings").begin_list();
  for (size_t i = 0; i < explored.findings.size(); ++i) {
    const Finding& finding = explored.findings[i];
    json.begin_object()
        .key("kind")
        .text(kind_name(finding.schedule.kind))
        .key("choices")
        .begin_list();
    for (const Schedule::Choice& choice : finding.schedule.choices) {
      json.begin_object().key("at").number(static_cast<int64_t>(choice.at));
      json.key("what").text(choice.what).end_object();
    }
    json.end_list();
    write_verdict(json, result, finding.outcome);
    json.key("schedule")
        .text(i < result.schedule_files.size() ? result.schedule_files[i] : "")
        .end_object();
  }
  json.end_list().end_object();
}

void write_test(JsonWriter& json, const TestResult& result) {
  const TestOutcome& outcome = result.outcome;
  json.begin_object().key("file").text(result.file().name()).key("title").text(result.test->title);
  json.key("line").number(result.line());
  write_verdict(json, result, outcome);
  if (result.explored) write_explored(json, result);
  json.key("lines").begin_list();
  for (const std::string& line : outcome.lines) json.text(line);
  json.end_list().key("virtual_ms").number(outcome.virtual_ms);
  json.key("ms").number(outcome.real_us / 1'000).end_object();
}

/// Text for an attribute. XML 1.0 has no control characters at all: they, and what is
/// no UTF-8, are made visible.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The same for an element, where lines stay lines.
std::string xml_lines(std::string_view text) {
  std::string out = xml(text);
  for (size_t at = 0; (at = out.find("&#10;", at)) != std::string::npos;) out.replace(at, 5, "\n");
  return out;
}

std::string seconds(int64_t us) { return fmt::format("{:.3f}", static_cast<double>(us) / 1e6); }

std::string fault_element(const TestResult& result) {
  const TestOutcome& outcome = result.outcome;
  if (result.passed()) return "";
  const char* element = outcome.verdict == Verdict::Broken ? "error" : "failure";
  std::string kind = verdict_name(outcome.verdict), message = outcome.problem;
  if (outcome.verdict == Verdict::Passed) {
    kind = "explored";
    message = schedule_words(result.explored->findings.front().schedule);
  }
  if (outcome.verdict == Verdict::Failed) {
    const ErrorView error = read_error(outcome.error);
    kind = error.kind;
    message = error.message;
  }
  return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element, xml(kind),
                     xml(message), xml_lines(failure_text(result, false)));
}

std::string test_element(const TestResult& result) {
  const std::string file = xml(result.file().name());
  std::string out = fmt::format(
      "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{}\">\n",
      xml(result.test->title), file, file, result.line(), seconds(result.outcome.real_us));
  out += fault_element(result);
  std::string lines;
  for (const std::string& line : result.outcome.lines) lines += xml_lines(line + "\n");
  if (!lines.empty()) out += "      <system-out>" + lines + "</system-out>\n";
  return out + "    </testcase>\n";
}

/// The numbers of one file or of all.
struct Counts {
  size_t tests = 0, failures = 0, errors = 0;
  int64_t real_us = 0;
  std::string cases;
  void add(const TestResult& result) {
    const bool broken = result.outcome.verdict == Verdict::Broken;
    ++tests;
    errors += broken;
    failures += !result.passed() && !broken;
    real_us += result.outcome.real_us;
  }
  std::string attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"", tests, failures,
                       errors, seconds(real_us));
  }
};

}  // namespace

void write_tests(JsonWriter& json, const TestReport& report) {
  json.begin_object().key("tests").begin_list();
  for (const TestResult& result : report.results) write_test(json, result);
  json.end_list().key("passed").number(static_cast<int64_t>(report.passed()));
  json.key("failed").number(static_cast<int64_t>(report.failed()));
  json.key("files_with_errors").number(static_cast<int64_t>(report.bad_files.size())).end_object();
}

std::string junit_document(const TestReport& report) {
  std::map<std::string, Counts> files;
  Counts all;
  for (const TestResult& result : report.results) {
    Counts& file = files[result.file().name()];
    file.add(result);
    file.cases += test_element(result);
    all.add(result);
  }
  for (const TestReport::BadFile& bad : report.bad_files) {
    Counts& file = files[bad.file];
    for (Counts* counts : {&file, &all}) {
      ++counts->tests;
      ++counts->errors;
    }
    file.cases += fmt::format(
        "    <testcase name=\"the script compiles\" classname=\"{}\" time=\"0.000\">\n"
        "      <error type=\"script\" message=\"the script has errors\">{}</error>\n    "
        "</testcase>\n",
        xml(bad.file), xml_lines(bad.diagnostics));
  }
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + all.attributes() + ">\n";
  for (const auto& [name, file] : files)
    out += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", xml(name),
                       file.attributes(), file.cases);
  return out + "</testsuites>\n";
}

}  // namespace wakeful::cli
