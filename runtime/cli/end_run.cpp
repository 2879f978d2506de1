#include "runtime/cli/end_run.h"

#include <fmt/format.h>

#include "runtime/cli/messages.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/cli/session.h"
#include "runtime/engine/step_options.h"
#include "runtime/journal/store_folder.h"

namespace wakeful::cli {
namespace {

/// Open runs below `run` that were asked to end with it.
std::vector<RunId> asked_to_end(const Journal& journal, RunId run) {
  std::vector<RunId> asked;
  for (const RunInfo* child : open_descendants(journal, run)) {
    const auto history = journal.history(child->number);
    if (!history) continue;
    for (const auto& [at, record] : *history)
      if (record.type == RecordType::CancelRequested) {
        asked.push_back(child->number);
        break;
      }
  }
  return asked;
}

Result<void> work_to_the_end(Session& session, Journal& journal, RunId run) {
  auto worked = session.work({run});
  if (!worked || session.engine().stopped()) return worked;
  const auto children = asked_to_end(journal, run);
  return children.empty() ? worked : session.work(children);
}

int report(const CommandLine& line, const Journal& journal, const RunInfo& info, Stdout& out) {
  if (info.status == RunStatus::Running) return kExitInterrupted;
  if (line.json()) {
    JsonWriter json;
    if (auto written = write_run(json, journal, info); !written) return say_error(written.error());
    out.write(json.document());
  } else {
    out.write(fmt::format("{} {}\n", printable(info.id), status_name(info.status)));
  }
  return out.finish(kExitDone);
}

}  // namespace

namespace {

using Ask = std::function<Result<void>(Engine&, RunId)>;

/// This process is the engine. Without `ask` the run was asked already.
int end_here(const CommandLine& line, Journal& journal, const RunInfo& info, const Ask& ask) {
  const RunId run = info.number;
  Stdout out(Stdout::ClosedPipe::Say);
  Session session(line, journal, out);
  if (auto resumed = session.engine().resume({open_root(journal, &info)->number}); !resumed)
    return say_error(resumed.error());
  if (ask) {
    if (auto asked = ask(session.engine(), run); !asked) return say_error(asked.error());
  }
  if (auto worked = work_to_the_end(session, journal, run); !worked)
    return say_error(worked.error());
  const std::vector<RunId> ended = newest_attempts(journal, {run});
  const int code = report(line, journal, *journal.find(ended[0]), out);
  session.say_what_is_open(ended);
  return code;
}

/// Another process carries the run: it is asked through the inbox, and this one waits for the end;
/// where the other one stops before, this one goes on in its place.
int end_elsewhere(const CommandLine& line, RecordType how) {
  auto target = find_open_run(line);
  if (!target) return say_error(target.error());
  const RunInfo info = target->info;
  Record record;
  record.type = how;
  record.value = text_cbor(line.one("--reason"));
  auto sent = send(line, info, std::move(record));
  if (!sent) return say_error(sent.error());
  target->journal.reset();
  Stdout out;
  const auto look = [&](const Journal& journal) -> std::optional<int> {
    const RunInfo* now = journal.find(newest_attempts(journal, {info.number})[0]);
    if (now->status == RunStatus::Running) return std::nullopt;
    return report(line, journal, *now, out);
  };
  const StoreFolder folder(store_directory(line));
  for (;;) {
    if (auto code = wait_in_store(line, info, sent->id, WhenAlone::Return, look)) return *code;
    auto journal = open_journal(line, Access::Write);
    if (!journal && !folder.in_use()) return say_error(journal.error());
    if (!journal && fate_of(store_directory(line), sent->id) != MessageFate::Kept) continue;
    if (!journal) break;
    if (auto code = look(**journal)) return *code;
    say("the engine has stopped; goes on in its place");
    const RunId newest = newest_attempts(**journal, {info.number})[0];
    return end_here(line, **journal, *(*journal)->find(newest), nullptr);
  }
  say_kept(line, info);
  return kExitDone;
}

}  // namespace

int end_run(const CommandLine& line, RecordType how, const Ask& ask) {
  if (auto queues = queues_of(line); !queues) return say_error(queues.error());
  if (auto reader = open_journal(line, Access::Read); !reader) return say_error(reader.error());
  auto journal = open_journal(line, Access::Write);
  if (!journal && StoreFolder(store_directory(line)).in_use()) return end_elsewhere(line, how);
  if (!journal) return say_error(journal.error());
  auto found = find_run(**journal, line.one("ID"));
  if (!found) return say_error(found.error());
  if ((*found)->status != RunStatus::Running) {
    say(fmt::format("{} is closed already: {}", printable((*found)->id),
                    status_name((*found)->status)));
    return kExitFailed;
  }
  return end_here(line, **journal, **found, ask);
}

}  // namespace wakeful::cli
