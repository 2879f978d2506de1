// wf query: asks a run a question. The answer comes from the store alone: the run is rebuilt from
// its history, and its handler runs on that copy. So an engine at work is not disturbed, and a
// closed run answers, too.
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "runtime/cli/messages.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/replay/replay.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

/// What a query prints is for whoever asks.
class QueryHost final : public RunHost {
 public:
  bool command(Record&) override { return false; }
  void print(std::string text) override { write_stderr(text + "\n"); }
  void log(const char* level, std::string message, std::string) override {
    write_stderr(fmt::format("{}: {}\n", level, printable(message)));
  }
  void drop_timer(StepId) override {}
};

int64_t cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000 + now.tv_nsec / 1'000'000;
}

/// Runs the handler to its end, within the limits of a burst.
void answer(Run& run) {
  constexpr uint64_t kSliceTicks = 100'000;
  QueryHost host;
  int64_t begun = cpu_ms();
  while (run.advance(host, kSliceTicks) == Run::State::More) {
    const bool heap = run.over_heap_limit();
    if (!heap && cpu_ms() - begun <= run.task_timeout_ms()) continue;
    run.interrupt(heap ? InterruptKind::HeapLimit : InterruptKind::TaskTimeout);
    begun = cpu_ms();
  }
}

int report(const CommandLine& line, const RunInfo& info, const Run& run) {
  const bool failed = run.status() != RunStatus::Completed;
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    begin_run(json, info).key("query").text(line.one("NAME"));
    if (failed)
      write_error(json.key("error"), read_error(run.outcome()));
    else
      json.key("value").raw(cbor_to_json(run.outcome()));
    out.write(json.end_object().document());
  } else if (failed) {
    say(fmt::format("the query {} of {} failed", printable(line.one("NAME")), printable(info.id)));
    write_stderr(error_text(read_error(run.outcome()), wants_colour(line, STDERR_FILENO)));
  } else {
    out.write(cbor_to_json(run.outcome()) + "\n");
  }
  return out.finish(failed ? kExitFailed : kExitDone);
}

}  // namespace

int cmd_query(const CommandLine& line) {
  if (line.one("NAME").empty()) return usage_error(line.command(), "NAME is empty");
  auto arguments = read_json("JSON", line.has("JSON") ? line.one("JSON") : "[]");
  if (!arguments) return say_error(arguments.error());
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());
  auto info = find_run(**journal, line.one("ID"));
  if (!info) return say_error(info.error());
  auto program = stored_program(**journal, **info);
  if (!program) return say_error(program.error());
  auto run = rebuild(**journal, (*info)->number, std::make_shared<Image>(std::move(*program)));
  if (!run) return say_error(run.error());
  (*run)->ask(line.one("NAME"), line.has("JSON") ? MessageForm::Json : MessageForm::Positional,
              *arguments);
  answer(**run);
  return report(line, **info, **run);
}

}  // namespace wakeful::cli
