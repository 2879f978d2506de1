// wf resume: goes on with open runs.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/cli/session.h"

namespace wakeful::cli {
namespace {

/// Open runs that no open run waits for: roots, children that were abandoned, and completed runs
/// whose undoing was interrupted.
std::vector<RunId> all_open(const Journal& journal) {
  std::vector<RunId> runs;
  for (const RunInfo* info : journal.runs())
    if ((info->status == RunStatus::Running || !info->released || info->undoing) &&
        open_root(journal, info) == info)
      runs.push_back(info->number);
  return runs;
}

void add_once(std::vector<RunId>& runs, RunId run) {
  if (std::find(runs.begin(), runs.end(), run) == runs.end()) runs.push_back(run);
}

}  // namespace

int cmd_resume(const CommandLine& line) {
  if (auto queues = queues_of(line); !queues) return say_error(queues.error());
  auto journal = open_journal(line, Access::Read);  // a store that is not there is not to be made
  if (!journal) return say_error(journal.error());
  journal = open_journal(line, Access::Write);
  if (!journal) return say_error(journal.error());

  std::vector<RunId> runs;
  for (const std::string& id : line.all("ID")) {
    auto info = find_run(**journal, id);
    if (!info) return say_error(info.error());
    add_once(runs, (*info)->number);
  }
  if (runs.empty()) runs = all_open(**journal);
  if (runs.empty()) say("no run is open");

  Stdout out(Stdout::ClosedPipe::Say);
  Session session(line, **journal, out);
  std::vector<RunId> open, roots, undoing;
  for (const RunId run : runs) {
    const RunInfo& info = *(*journal)->find(run);
    if (is_settled(**journal, info) && !info.undoing) {
      say(printable(info.id) + " is closed already: " + status_name(info.status));
      continue;
    }
    open.push_back(run);
    if (info.undoing) undoing.push_back(run);
    add_once(roots, open_root(**journal, &info)->number);
  }
  if (!open.empty()) {
    if (auto resumed = session.engine().resume(roots); !resumed) return say_error(resumed.error());
    if (auto worked = session.work(open); !worked) return say_error(worked.error());
  }
  runs = newest_attempts(**journal, runs);
  int code = kExitDone;
  std::vector<RunId> closed = runs;
  for (const RunId run : undoing) {  // what it gave was said when it completed
    const RunInfo& info = *(*journal)->find(run);
    if (!line.json()) {
      std::erase(closed, run);
      out.write(fmt::format("{} {}\n", printable(info.id), status_text(info)));
    }
    code = std::max(code, info.undoing ? kExitInterrupted : say_undone(line, **journal, info));
  }
  code = std::max(code, report_runs(line, **journal, closed, true, out));
  session.say_what_is_open(runs);
  return code;
}

}  // namespace wakeful::cli
