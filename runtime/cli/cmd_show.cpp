// wf show: one run, from the store alone. Where it waits comes from replaying its history, read
// only.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "runtime/cli/arguments.h"
#include "runtime/cli/describe.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/replay/history_player.h"
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
  std::vector<std::string> handlers;                   // in force
  std::vector<std::pair<std::string, size_t>> queued;  // signals
  std::map<uint64_t, Record> retries;                  // step → its last AttemptFailed
  struct Step {
    std::string options;   // JSON, "" where there are none
    std::string hint;      // what it may wait for
    std::string progress;  // JSON: its last heartbeat's, "" where there was none
  };
  std::map<uint64_t, Step> steps;          // what is known of open ones, from their records
  std::string options;                     // of the run: JSON, "" where there are none
  std::string not_begun;                   // why, perhaps
  std::string replay_fault;                // why the last three are missing
  bool damaged = false;                    // its program cannot be read
  std::map<std::string, size_t> children;  // status → how many
};

/// The options in force, as JSON; `memo` apart, which is no setting.
struct Options {
  std::string json;  // "" where there are none
  std::string memo = "null";
  std::string task_queue;
};

Options read_options(const std::string& cbor) {
  Options out;
  Heap heap;
  Value value;
  std::string error;
  if (cbor.empty() || !from_cbor(heap, cbor, value, error) || !value.is(Tag::Map)) return out;
  Map* rest = make_map(heap);
  for (uint32_t i = 0; i < value.map()->used; ++i) {
    const Entry& entry = map_entries(value.map())[i];
    const std::string_view name = entry.key != nullptr ? entry.key->view() : "";
    if (name == "memo") {
      out.memo.clear();
      to_json(entry.value, out.memo, {.pretty = false, .lossy = true});
    } else if (!name.empty()) {
      map_set(heap, rest, name, entry.value);
    }
    if (name == "task_queue") append_text(out.task_queue, entry.value);
  }
  if (rest->count > 0) to_json(Value::of(rest), out.json, {.pretty = false, .lossy = true});
  return out;
}

/// What an open step, or a run that has not begun, may wait for: a queue that nobody serves. ""
/// where it is the default one, which is always served.
std::string queue_hint(const Shown& shown, const std::string& queue) {
  if (queue == "default") return "";
  return fmt::format("queue {}: if nobody serves it,  wf resume {} --queue {}", printable(queue),
                     shell_word(std::string(shown.info->id)), shell_word(queue + "=N"));
}

void collect_steps(Shown& shown, const History& history) {
  const Options run = read_options(history.front().second.options);
  const std::string own = run.task_queue.empty() ? "default" : run.task_queue;
  if (history.size() == 1 && shown.info->status == RunStatus::Running) {
    shown.not_begun = queue_hint(shown, own);
  }
  for (const auto& [at, record] : history) {
    if (record.type == RecordType::AttemptFailed) shown.retries[record.step] = record;
    if (record.type == RecordType::StepEnded) shown.retries.erase(record.step);
    if (record.type == RecordType::Heartbeat)
      shown.steps[record.step].progress = cbor_to_json(record.value);
    const bool step = record.type == RecordType::StepScheduled;
    if (!step && record.type != RecordType::ChildStarted) continue;
    const Options options = read_options(record.options);
    Shown::Step& told = shown.steps[record.step];
    told.options = options.json;
    if (!step) continue;
    const std::string queue = options.task_queue.empty() ? own : options.task_queue;
    const int index = shown.program && record.kind == static_cast<uint64_t>(StepKind::Activity)
                          ? shown.program->find_activity(record.name)
                          : -1;
    const bool worker =
        index >= 0 && shown.program->activities[static_cast<size_t>(index)].function < 0;
    told.hint = worker ? fmt::format("no worker serves activity {} (queue {})", record.name,
                                     printable(queue))
                       : queue_hint(shown, queue);
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
    shown.handlers = replayed->run->handlers_in_force();
    shown.queued = replayed->run->queued_signals();
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
  if (!history->empty()) {
    const Options options = read_options(history->front().second.options);
    shown.memo = options.memo;
    shown.options = options.json;
  }
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
  if (info.status == RunStatus::Running || info.undoing) {
    if (!history->empty()) collect_steps(shown, *history);
    if (shown.not_begun.empty()) replay_open(shown, journal);
  }
  if (info.status != RunStatus::Running) {
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
  json.key("memo").raw(shown.memo).key("options").raw(shown.options.empty() ? "{}" : shown.options);
  if (!shown.not_begun.empty()) json.key("not_begun").text(shown.not_begun);
  json.key("input").raw(shown.input);
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
    if (auto told = shown.steps.find(step.step.value); told != shown.steps.end()) {
      json.key("options").raw(told->second.options.empty() ? "{}" : told->second.options);
      if (!told->second.progress.empty()) json.key("progress").raw(told->second.progress);
      if (!told->second.hint.empty()) json.key("may_wait_for").text(told->second.hint);
    }
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
  json.end_list().key("handlers").begin_list();
  for (const std::string& handler : shown.handlers) json.text(handler);
  json.end_list().key("queued_signals").begin_object();
  for (const auto& [name, count] : shown.queued) json.key(name).number(static_cast<int64_t>(count));
  return json.end_object().end_object().document();
}

void append_open_step(std::string& out, const Shown& shown, const OpenStep& step) {
  const Program* program = shown.program ? &*shown.program : nullptr;
  out += fmt::format("  {} {} {}   {}\n", step_word(step.type), printable(step.name),
                     printable(step.id), place_text(program, unpack_place(step.where)));
  if (auto told = shown.steps.find(step.step.value); told != shown.steps.end()) {
    if (!told->second.options.empty())
      out += "      with " + printable(told->second.options) + "\n";
    if (!told->second.progress.empty())
      out += "      progress " + printable(told->second.progress) + "\n";
    if (!told->second.hint.empty()) out += "      " + told->second.hint + "\n";
  }
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
  if (!shown.options.empty()) out += "options   " + printable(shown.options) + "\n";
  if (!shown.not_begun.empty()) out += "has not begun: " + shown.not_begun + "\n";
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
  if (!shown.handlers.empty()) out += "handlers in force\n";
  for (const std::string& handler : shown.handlers) out += "  " + printable(handler) + "\n";
  if (!shown.queued.empty()) out += "signals queued\n";
  for (const auto& [name, count] : shown.queued)
    out += fmt::format("  {} {}\n", count, printable(name));
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
