// wf update: asks a run to change, waits for its answer, and prints it.
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/cli/messages.h"
#include "runtime/cli/report.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

/// What the run's handler came to; kept: there is no answer yet.
int report(const CommandLine& line, const RunInfo& info, const Sent& sent, const Record* ended) {
  const bool failed =
      ended != nullptr && static_cast<StepStatus>(ended->kind) != StepStatus::Completed;
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    begin_run(json, info).key("update").text(line.one("NAME")).key("message").text(sent.id);
    json.key("kept").boolean(ended == nullptr);
    if (failed)
      write_error(json.key("error"), read_error(ended->value));
    else if (ended != nullptr)
      json.key("value").raw(cbor_to_json(ended->value));
    out.write(json.end_object().document());
  } else if (failed) {
    say(fmt::format("the update {} of {} failed", printable(line.one("NAME")), printable(info.id)));
    write_stderr(error_text(read_error(ended->value), wants_colour(line, STDERR_FILENO)));
  } else if (ended != nullptr) {
    out.write(cbor_to_json(ended->value) + "\n");
  }
  return out.finish(failed ? kExitFailed : kExitDone);
}

/// The update's end in the history of the run or of a later attempt; the end of the run without it.
std::optional<int> look(const CommandLine& line, const Journal& journal, RunId run,
                        const Sent& sent) {
  const RunInfo* info = journal.find(run);
  const RunInfo* newest = journal.find(info->id);
  for (const RunInfo* attempt : {info, newest}) {
    auto history = journal.history(attempt->number);
    if (!history) return say_error(history.error());
    for (const auto& [at, record] : *history) {
      if (record.type == RecordType::UpdateEnded && record.id == sent.id)
        return report(line, *attempt, sent, &record);
    }
  }
  if (newest->status == RunStatus::Running) return std::nullopt;
  say(fmt::format("{} ended before it answered: {}", printable(newest->id),
                  status_name(newest->status)));
  return kExitFailed;
}

}  // namespace

int cmd_update(const CommandLine& line) {
  if (line.one("NAME").empty()) return usage_error(line.command(), "NAME is empty");
  auto arguments = read_json("JSON", line.has("JSON") ? line.one("JSON") : "[]");
  if (!arguments) return say_error(arguments.error());
  auto target = find_open_run(line);
  if (!target) return say_error(target.error());
  const RunInfo info = target->info;
  Record record;
  record.type = RecordType::UpdateReceived;
  record.name = line.one("NAME");
  record.kind =
      static_cast<uint64_t>(line.has("JSON") ? MessageForm::Json : MessageForm::Positional);
  record.value = std::move(*arguments);
  auto sent = send(line, info, std::move(record));
  if (!sent) return say_error(sent.error());
  target->journal.reset();
  std::optional<int> code;
  if (!sent->kept) {
    code = wait_in_store(line, info, sent->id, WhenAlone::Wait, [&](const Journal& journal) {
      return look(line, journal, info.number, *sent);
    });
  }
  if (code) return *code;
  say_kept(line, info);
  return report(line, info, *sent, nullptr);
}

}  // namespace wakeful::cli
