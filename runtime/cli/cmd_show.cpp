// wf show: one run, from the store alone. Where it waits comes from replaying its history, read
// only.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "runtime/cli/arguments.h"
#include "runtime/cli/describe.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/replay/replay.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

/// All that is known of one run, gathered before anything is printed.
struct Shown {
  const RunInfo* info = nullptr;
  const RunInfo* parent = nullptr;
  std::optional<Program> program;
  std::string input = "null";        // JSON
  std::string memo = "null";         // JSON
  std::optional<Outcome> outcome;    // of a closed run
  std::vector<OpenStep> open_steps;  // of an open one
  std::vector<WaitingPlace> waiting;
  std::map<uint64_t, Record> retries;      // step → its last AttemptFailed
  std::string replay_fault;                // why the last three are missing
  bool damaged = false;                    // its program cannot be read
  std::map<std::string, size_t> children;  // status → how many
};

std::string memo_of(const Record& started) {
  Heap heap;
  Value options;
  std::string error;
  if (started.options.empty() || !from_cbor(heap, started.options, options, error) ||
      !options.is(Tag::Map))
    return "null";
  Value* memo = map_find(options.map(), "memo");
  std::string json;
  return memo && !to_json(*memo, json, {.pretty = false, .lossy = true}) ? json : "null";
}

/// A step is retried while its newest failed attempt stands behind everything else said of it.
void collect_retries(Shown& shown, const std::vector<std::pair<Lsn, Record>>& history) {
  for (const auto& [at, record] : history) {
    if (record.type == RecordType::AttemptFailed) shown.retries[record.step] = record;
    if (record.type == RecordType::StepEnded) shown.retries.erase(record.step);
  }
}

void replay_open(Shown& shown, const Journal& journal) {
  if (!shown.program) return;
  auto replayed = replay(journal, shown.info->number, std::make_shared<Image>(*shown.program));
  if (!replayed)
    shown.replay_fault = replayed.error().message;
  else if (replayed->difference)
    shown.replay_fault = replayed->difference->message();
  else if (replayed->run) {
    shown.open_steps = replayed->run->open_steps();
    shown.waiting = replayed->run->waiting();
  }
}

Result<Shown> gather_shown(const Journal& journal, const RunInfo& info) {
  Shown shown;
  shown.info = &info;
  shown.parent = info.parent ? journal.find(info.parent) : nullptr;
  for (const RunInfo* child : journal.children(info.number))
    ++shown.children[status_name(child->status)];
  auto history = journal.history(info.number);
  if (!history) return tl::unexpected(history.error());
  if (!history->empty()) shown.memo = memo_of(history->front().second);
  if (auto program = stored_program(journal, info)) {
    shown.program = std::move(*program);
  } else {
    shown.damaged = true;
    shown.replay_fault = program.error().message;
  }
  auto arguments = arguments_of(journal, info);
  if (!arguments) return tl::unexpected(arguments.error());
  const int index = shown.program ? shown.program->find_workflow(info.workflow) : -1;
  shown.input = arguments_json(
      *arguments, index < 0 ? nullptr : &shown.program->workflows[static_cast<size_t>(index)]);
  if (info.status == RunStatus::Running) {
    collect_retries(shown, *history);
    replay_open(shown, journal);
  } else {
    auto outcome = read_outcome(journal, info);
    if (!outcome) return tl::unexpected(outcome.error());
    shown.outcome = std::move(*outcome);
  }
  return shown;
}

const char* step_word(RecordType type) {
  switch (type) {
    case RecordType::ChildStarted:
      return "child";
    case RecordType::TimerStarted:
      return "timer";
    default:
      return "step";  // the other record types start no step
  }
}

std::string document(const Shown& shown) {
  const RunInfo& info = *shown.info;
  const Program* program = shown.program ? &*shown.program : nullptr;
  JsonWriter json;
  begin_run(json, info);
  json.key("attempt").number(info.attempt).key("parent");
  shown.parent ? json.text(shown.parent->id) : json.null();
  json.key("started").text(time_text(info.started_ms)).key("ended");
  shown.outcome ? json.text(time_text(info.ended_ms)) : json.null();
  json.key("memo").raw(shown.memo).key("input").raw(shown.input);
  if (shown.outcome && shown.outcome->error)
    write_error(json.key("error"), *shown.outcome->error);
  else if (shown.outcome)
    json.key("result").raw(cbor_to_json(shown.outcome->value));
  json.key("children").begin_object();
  for (const auto& [status, count] : shown.children)
    json.key(status).number(static_cast<int64_t>(count));
  json.end_object().key("open_steps").begin_list();
  for (const OpenStep& step : shown.open_steps) {
    json.begin_object()
        .key("step")
        .number(static_cast<int64_t>(step.step.value))
        .key("kind")
        .text(step_word(step.type));
    json.key("name").text(step.name).key("id");
    step.id.empty() ? json.null() : json.text(step.id);
    json.key("where").text(place_text(program, unpack_place(step.where)));
    if (auto retry = shown.retries.find(step.step.value); retry != shown.retries.end()) {
      json.key("failed_attempts").number(static_cast<int64_t>(retry->second.number));
      json.key("next_attempt").text(time_text(retry->second.time));
      write_error(json.key("last_error"), read_error(retry->second.value));
    }
    json.end_object();
  }
  json.end_list().key("waiting").begin_list();
  for (const WaitingPlace& place : shown.waiting) {
    json.begin_object()
        .key("strand")
        .number(static_cast<int64_t>(place.strand))
        .key("what")
        .text(place.what);
    json.key("stack").begin_list();
    for (const Place& p : place.stack) json.text(place_text(program, p));
    json.end_list().end_object();
  }
  return json.end_list().end_object().document();
}

void append_open_step(std::string& out, const Shown& shown, const OpenStep& step) {
  const Program* program = shown.program ? &*shown.program : nullptr;
  out += fmt::format("  {} {} {}   {}\n", step_word(step.type), printable(step.name),
                     printable(step.id), place_text(program, unpack_place(step.where)));
  auto retry = shown.retries.find(step.step.value);
  if (retry == shown.retries.end()) return;
  const ErrorView error = read_error(retry->second.value);
  out +=
      fmt::format("      attempt {} failed: {}: {}; next one at {}\n", retry->second.number,
                  printable(error.kind), printable(error.message), time_text(retry->second.time));
}

std::string text(const Shown& shown, bool colour) {
  const RunInfo& info = *shown.info;
  const Program* program = shown.program ? &*shown.program : nullptr;
  std::string out = coloured(colour, Colour::Bold, printable(info.id)) +
                    fmt::format("   run #{}\nworkflow  {}{}\n", info.number.value, info.workflow,
                                program && !program->sources.files.empty()
                                    ? " of " + program->sources.files[0]->name()
                                    : "");
  out += fmt::format("status    {}{}\n", status_text(info),
                     info.attempt > 1 ? fmt::format(", attempt {}", info.attempt) : "");
  if (shown.parent)
    out += fmt::format("parent    {} (#{})\n", printable(shown.parent->id),
                       shown.parent->number.value);
  out += "started   " + time_text(info.started_ms) + "\n";
  if (shown.outcome)
    out += fmt::format("ended     {}   after {}\n", time_text(info.ended_ms),
                       duration_text(info.ended_ms - info.started_ms));
  if (shown.memo != "null") out += "memo      " + printable(shown.memo) + "\n";
  out += "input     " + printable(shown.input) + "\n";
  if (!shown.children.empty()) {
    out += "children ";
    for (const auto& [status, count] : shown.children) out += fmt::format(" {} {}", count, status);
    out += "\n";
  }
  if (shown.outcome && shown.outcome->error)
    out += "error\n" + error_text(*shown.outcome->error, colour);
  if (shown.outcome && !shown.outcome->error)
    out += "result    " + printable(cbor_to_json(shown.outcome->value)) + "\n";
  if (!shown.replay_fault.empty() && !shown.outcome)
    out += "where it waits is not known: " + printable(shown.replay_fault) + "\n";
  if (!shown.open_steps.empty()) out += "open steps\n";
  for (const OpenStep& step : shown.open_steps) append_open_step(out, shown, step);
  if (!shown.waiting.empty()) out += "waits\n";
  for (const WaitingPlace& place : shown.waiting) {
    out += fmt::format("  strand {}: {}\n", place.strand, printable(place.what));
    for (const Place& p : place.stack) {
      const std::string source = source_line(program, p);
      if (!source.empty()) out += fmt::format("    {}\n    {}\n", place_text(program, p), source);
    }
  }
  return out;
}

}  // namespace

int cmd_show(const CommandLine& line) {
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());
  auto info = find_run(**journal, line.one("ID"));
  if (!info) return say_error(info.error());
  const auto shown = gather_shown(**journal, **info);
  if (!shown) return say_error(shown.error());
  if (shown->damaged) say("the run's program is missing: " + shown->replay_fault);
  Stdout out;
  out.write(line.json() ? document(*shown) : text(*shown, wants_colour(line, STDOUT_FILENO)));
  return out.finish(shown->damaged ? kExitStore : kExitDone);
}

}  // namespace wakeful::cli
