#include "runtime/cli/test_report.h"

#include <fmt/format.h>

#include <set>

#include "runtime/cli/describe.h"
#include "runtime/cli/line_diff.h"
#include "runtime/cli/report.h"
#include "runtime/cli/schedule_file.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

using Verdict = TestOutcome::Verdict;

constexpr size_t kSideColumns = 90;   // a value that is wider is shown on lines of its own
constexpr size_t kSideLinesMax = 40;  // and cut after so many
constexpr size_t kDiffLinesMax = 120;
constexpr int64_t kWorthTellingUs = 100'000;

/// A value of an `expect`, ready to be shown.
struct Side {
  std::string one_line, pretty, type;
};

/// What an `expect` that was not met says of itself in its error's data.
struct Expectation {
  std::string source;  // as it is written
  std::string op;      // "": no comparison
  Side left, right;
};

/// The same value with the keys of its maps in the order in which `model` has them: so a diff shows
/// only what differs. Values that came out of CBOR: their depth has a limit.
Value in_order_of(Heap& heap, Value value, Value model) {
  if (value.is(Tag::List) && model.is(Tag::List)) {
    List* list = make_list(heap, value.list()->count);
    for (uint32_t i = 0; i < value.list()->count; ++i) {
      const Value item = value.list()->begin()[i];
      list_push(heap, list,
                i < model.list()->count ? in_order_of(heap, item, model.list()->begin()[i]) : item);
    }
    return Value::of(list);
  }
  if (!value.is(Tag::Map) || !model.is(Tag::Map)) return value;
  Map* map = make_map(heap, value.map()->count);
  const auto add = [&](Map* keys) {
    for (uint32_t i = 0; i < keys->used; ++i) {
      const Entry& key = map_entries(keys)[i];
      if (key.key == nullptr) continue;
      const Value* item = map_find(value.map(), key.key);
      const Value* like = map_find(model.map(), key.key);
      if (item) map_set(heap, map, key.key->view(), like ? in_order_of(heap, *item, *like) : *item);
    }
  };
  add(model.map());
  add(value.map());
  return Value::of(map);
}

Side side_of(Value value) {
  Side side;
  to_json(value, side.one_line, {.pretty = false, .lossy = true});
  to_json(value, side.pretty, {.pretty = true, .lossy = true});
  side.one_line = printable(side.one_line);
  side.pretty = printable(side.pretty);
  side.type = type_name(value);
  return side;
}

std::string text_at(Map* map, std::string_view key) {
  const Value* found = map_find(map, key);
  return found && found->is(Tag::String) ? std::string(found->string()->view()) : "";
}

/// How many causes down in the error the failed `expect` is; nothing: none is there.
std::optional<std::pair<size_t, Expectation>> find_expectation(const std::string& cbor) {
  Heap heap;
  Value error;
  std::string fault;
  if (!from_cbor(heap, cbor, error, fault)) return std::nullopt;
  for (size_t depth = 0; error.is(Tag::Error); ++depth, error = error.as<ErrorObject>()->cause) {
    const Value data = error.as<ErrorObject>()->data;
    const Value kind = error.as<ErrorObject>()->kind;
    if (!data.is(Tag::Map) || !kind.is(Tag::String) || kind.string()->view() != "AssertionError")
      continue;
    if (!map_find(data.map(), "source") && !map_find(data.map(), "expected")) continue;
    Expectation found{text_at(data.map(), "source"), text_at(data.map(), "op"), {}, {}};
    const Value* left = map_find(data.map(), "left");
    const Value* right = map_find(data.map(), "right");
    if (left && right) {
      found.left = side_of(*left);
      found.right = side_of(in_order_of(heap, *right, *left));
    }
    return std::pair(depth, std::move(found));
  }
  return std::nullopt;
}

/// The innermost frame of a stack that lies in a file of the program, as a span; `source` is the
/// text that may begin there. Frames end with ` at order.wf:12:5`.
std::optional<Span> place_of(const std::vector<std::string>& stack, const Sources& sources,
                             const std::string& source) {
  for (const std::string& frame : stack) {
    const size_t at = frame.rfind(" at ");
    const size_t second = frame.rfind(':');
    const size_t first =
        second == frame.npos || second == 0 ? frame.npos : frame.rfind(':', second - 1);
    if (at == frame.npos || first == frame.npos || first < at) continue;
    const std::string name = frame.substr(at + 4, first - at - 4);
    const auto line = static_cast<uint32_t>(std::strtoul(frame.c_str() + first + 1, nullptr, 10));
    uint32_t column = static_cast<uint32_t>(std::strtoul(frame.c_str() + second + 1, nullptr, 10));
    for (uint32_t i = 0; i < sources.files.size(); ++i) {
      const SourceFile& file = *sources.files[i];
      if (file.name() != name || name.starts_with('<') || line == 0 || line > file.line_count())
        continue;
      const std::string_view text = file.line(line);
      size_t offset = 0;
      for (; column > 1 && offset < text.size(); --column)  // columns count code points
        while (++offset < text.size() &&
               (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) {
        }
      offset += static_cast<size_t>(text.data() - file.text().data());
      const bool there = !source.empty() && file.text().compare(offset, source.size(), source) == 0;
      const auto begin = static_cast<uint32_t>(offset);
      return Span{i, begin, begin + (there ? static_cast<uint32_t>(source.size()) : 1)};
    }
  }
  return std::nullopt;
}

std::string indented(const std::string& text, const char* indent) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out += indent;
    out += text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

/// A value on lines of its own, cut.
std::string block(const std::string& label, const std::string& pretty) {
  std::string shown = pretty;
  size_t at = 0, lines = 0;
  while (at < shown.size() && ++lines <= kSideLinesMax)
    at = std::min(shown.find('\n', at), shown.size() - 1) + 1;
  if (at < shown.size()) shown = shown.substr(0, at) + "…";
  return label + "\n" + indented(shown, "  ");
}

std::string sides_text(const Expectation& e, bool colour) {
  const bool wide = display_width(e.left.one_line) > kSideColumns ||
                    display_width(e.right.one_line) > kSideColumns;
  const bool alike = e.left.one_line == e.right.one_line;
  const std::string left = coloured(colour, Colour::Red, "left: ");
  const std::string right = coloured(colour, Colour::Green, "right:");
  std::string out;
  if (wide && e.op == "==" && !alike) {
    out = coloured(colour, Colour::Red, "- left") + "\n" +
          coloured(colour, Colour::Green, "+ right") + "\n" +
          value_diff(e.left.pretty, e.right.pretty, kDiffLinesMax, colour);
  } else if (wide) {
    out = block(left, e.left.pretty) + block(right, e.right.pretty);
  } else {
    out = left + " " + e.left.one_line + "\n" + right + " " + e.right.one_line + "\n";
  }
  if (alike && e.op == "==") {
    out += e.left.type == e.right.type
               ? std::string("they look alike, but somewhere in them types differ\n")
               : fmt::format("one is a {}, the other a {}\n", e.left.type, e.right.type);
  }
  return out;
}

std::string error_report(const TestResult& result, const TestOutcome& outcome, bool colour) {
  const ErrorView error = read_error(outcome.error);
  const auto found = find_expectation(outcome.error);
  const ErrorView& failed = !found || found->first == 0 ? error : error.causes[found->first - 1];
  std::string out;
  if (auto span =
          place_of(failed.stack, result.compiled->sources, found ? found->second.source : ""))
    out += render_place(*span, result.compiled->sources, colour);
  if (!found) return out + error_text(error, colour);
  const bool sides = !found->second.op.empty();
  out += sides ? sides_text(found->second, colour) : printable(failed.message) + "\n";
  return out + (found->first == 0 ? causes_text(error, colour) : error_text(error, colour));
}

std::string stuck_report(const TestResult& result, const TestOutcome& outcome) {
  const Program* program = &*result.compiled->program;
  std::string out = "nothing can happen any more, and the test has not ended; it waits here:\n";
  for (const TestOutcome::Waiting& waiting : outcome.waiting) {
    out += fmt::format("{}, strand {}: {}\n", printable(waiting.run), waiting.place.strand,
                       printable(waiting.place.what));
    for (const Place& place : waiting.place.stack) {
      const std::string source = source_line(program, place);
      if (!source.empty()) out += fmt::format("  {}\n  {}\n", place_text(program, place), source);
    }
  }
  return out;
}

std::string count_of(size_t n, const char* what) {
  const bool hiss = std::string_view(what).ends_with("sh");
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : hiss ? "es" : "s");
}

/// Why a run of a test did not pass; "" where it did.
std::string outcome_text(const TestResult& result, const TestOutcome& outcome, bool colour) {
  switch (outcome.verdict) {
    case Verdict::Passed:
      return "";
    case Verdict::Failed:
      return error_report(result, outcome, colour);
    case Verdict::Stuck:
      return stuck_report(result, outcome);
    case Verdict::Broken:
      return "wf could not run this test, which is a mistake of wf: " + printable(outcome.problem) +
             "\n";
  }
  return "";
}

/// `explored: 12 failing steps, 41 crashes, 150 orders (80 left out)`
std::string explored_text(const Exploration& explored) {
  const auto part = [](const Exploration::Count& count, const char* what) {
    const std::string left =
        count.left_out == 0 ? "" : fmt::format(" ({} left out)", count.left_out);
    return fmt::format("{}{}", count_of(count.run, what), left);
  };
  return fmt::format("explored: {}, {}, {}\n", part(explored.failures, "failing step"),
                     part(explored.crashes, "crash"), part(explored.orders, "order"));
}

std::string lines_text(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += printable(line) + "\n";
  return out;
}

std::string real_text(int64_t us) {
  return us < 1'000'000 ? fmt::format("{} ms", us / 1'000)
                        : fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
}

std::string word_of(const TestResult& result, bool colour) {
  if (colour)
    return result.passed() ? coloured(true, Colour::Green, "✓") : coloured(true, Colour::Red, "✗");
  switch (result.outcome.verdict) {
    case Verdict::Passed:
      return result.passed() ? "ok     " : "FOUND  ";
    case Verdict::Failed:
      return "FAILED ";
    case Verdict::Stuck:
      return "STUCK  ";
    case Verdict::Broken:
      return "BROKEN ";
  }
  return "";
}

}  // namespace

size_t TestReport::passed() const {
  size_t count = 0;
  for (const TestResult& result : results) count += result.passed();
  return count;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "passed";
    case Verdict::Failed:
      return "failed";
    case Verdict::Stuck:
      return "stuck";
    case Verdict::Broken:
      return "broken";
  }
  return "";
}

std::string failure_text(const TestResult& result, bool colour) {
  std::string out = outcome_text(result, result.outcome, colour);
  if (!result.explored) return out;
  for (size_t i = 0; i < result.explored->findings.size(); ++i) {
    const Finding& finding = result.explored->findings[i];
    out += coloured(colour, Colour::Red,
                    fmt::format("{} when ", verdict_name(finding.outcome.verdict))) +
           schedule_words(finding.schedule) + "\n";
    out += indented(outcome_text(result, finding.outcome, colour), "  ");
    if (i < result.schedule_files.size())
      out += fmt::format("  again with: wf test {} --schedule {}\n",
                         shell_word(result.file().name()), shell_word(result.schedule_files[i]));
  }
  return out;
}

std::string result_text(const TestResult& result, bool colour) {
  std::string title = printable(result.test->title);
  for (char& c : title) c = c == '\n' ? ' ' : c;
  std::string notes;
  if (result.outcome.virtual_ms > 0)
    notes += "   clock " + duration_text(result.outcome.virtual_ms);
  if (result.outcome.real_us > kWorthTellingUs) notes += "   " + real_text(result.outcome.real_us);
  const std::string place = fmt::format("{}:{}", printable(result.file().name()), result.line());
  std::string out = fmt::format("{} {}   {}\n", word_of(result, colour), title,
                                coloured(colour, Colour::Dim, place + notes));
  if (result.explored)
    out += "    " + coloured(colour, Colour::Dim, explored_text(*result.explored));
  if (result.passed()) return out;
  out += indented(failure_text(result, colour), "    ");
  if (!result.outcome.lines.empty())
    out += "    printed:\n" + indented(lines_text(result.outcome.lines), "      ");
  return out;
}

std::string summary_text(const TestReport& report, bool colour) {
  std::set<std::string> files;
  for (const TestResult& result : report.results) files.insert(result.file().name());
  const Colour paint = report.failed() + report.bad_files.size() > 0 ? Colour::Red : Colour::Green;
  std::string out = fmt::format("{} passed, {} failed in {}", report.passed(), report.failed(),
                                count_of(files.size(), "file"));
  if (!report.bad_files.empty())
    out += fmt::format(", {} with errors", count_of(report.bad_files.size(), "file"));
  return coloured(colour, paint, out) +
         fmt::format(" ({:.1f} s)\n", static_cast<double>(report.real_us) / 1e6);
}

}  // namespace wakeful::cli
