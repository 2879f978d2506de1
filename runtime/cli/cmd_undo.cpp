// wf undo: a completed run, and what its children did, is undone by the compensate blocks that it
// had when it ended.
#include <fmt/format.h>

#include <map>

#include "runtime/cli/describe.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/cli/session.h"
#include "runtime/replay/replay.h"
#include "runtime/replay/run_setup.h"

namespace wakeful::cli {
namespace {

/// Says why this run cannot be undone; kExitDone where it can.
int check_undoable(const RunInfo& info) {
  if (info.status == RunStatus::Completed) return kExitDone;
  const std::string id = printable(info.id);
  if (info.status == RunStatus::Running)
    say(fmt::format(
        "{} is running: only a completed run can be undone; `wf cancel {}` undoes what it "
        "did and ends it",
        id, shell_word(info.id)));
  else
    say(fmt::format(
        "{} is {}: only a completed run can be undone, {}", id, status_name(info.status),
        info.status == RunStatus::Terminated ? "and a terminated one undoes nothing"
                                             : "this one undid what it did as it ended"));
  return kExitFailed;
}

int report(const CommandLine& line, const Journal& journal, const RunInfo& info, Stdout& out) {
  if (line.json()) {
    JsonWriter json;
    if (auto written = write_run(json, journal, info); !written) return say_error(written.error());
    out.write(json.document());
  } else {
    out.write(fmt::format("{} {}\n", printable(info.id), status_text(info)));
  }
  return out.finish(info.undone ? say_undone(line, journal, info) : kExitDone);
}

// --- --dry-run
// ---------------------------------------------------------------------------------------

/// One block that would run, and in which run.
struct Planned {
  const RunInfo* run;
  PlannedUndo undo;
  std::string place;
};

/// The blocks of a run and, where their turn comes, of its children: the next one first.
class Plan {
 public:
  explicit Plan(const Journal& journal) : journal_(journal) {}

  Result<void> make(const RunInfo& root) {
    if (auto added = push(root); !added) return added;
    while (!levels_.empty()) {
      if (levels_.back().next == levels_.back().undos.size()) {
        levels_.pop_back();
        continue;
      }
      Level& level = levels_.back();
      const PlannedUndo& undo = level.undos[level.next++];
      if (undo.child_step == 0) {
        blocks.push_back({level.run, undo, place_text(&level.image->program(), undo.place)});
      } else if (const RunInfo* child = child_of(*level.run, undo.child_step);
                 child != nullptr && !child->undone) {
        if (auto added = push(*child); !added) return added;
      }
    }
    return {};
  }

  std::vector<Planned> blocks;

 private:
  struct Level {
    const RunInfo* run;
    std::shared_ptr<Image> image;
    std::vector<PlannedUndo> undos;
    size_t next = 0;
  };

  const RunInfo* child_of(const RunInfo& run, uint64_t step) const {
    const RunInfo* newest = nullptr;
    for (const RunInfo* child : journal_.children(run.number))
      if (child->parent_step.value == step) newest = child;
    return newest;
  }

  Result<void> push(const RunInfo& run) {
    auto& image = images_[std::string(run.program)];
    if (!image) {
      auto loaded = load_image(journal_, std::string(run.program));
      if (!loaded) return tl::unexpected(loaded.error());
      image = std::move(*loaded);
    }
    auto replayed = replay(journal_, run.number, image);
    if (!replayed) return tl::unexpected(replayed.error());
    if (replayed->difference)
      return fail(Fault::Replay, fmt::format("{}: {}", run.id, replayed->difference->message()));
    levels_.push_back({&run, image, replayed->run->undo_plan()});
    return {};
  }

  const Journal& journal_;
  std::map<std::string, std::shared_ptr<Image>> images_;
  std::vector<Level> levels_;
};

const char* state_of(const PlannedUndo& undo) {
  return !undo.bound ? "" : undo.done ? "done" : "unknown";
}

std::string plan_document(const RunInfo& root, const Plan& plan) {
  JsonWriter json;
  begin_run(json, root).key("would_undo").begin_list();
  for (const Planned& block : plan.blocks) {
    json.begin_object().key("id").text(block.run->id);
    json.key("run").number(static_cast<int64_t>(block.run->number.value));
    json.key("workflow").text(block.run->workflow).key("place").text(block.place);
    json.key("step_state");
    block.undo.bound ? json.text(state_of(block.undo)) : json.null();
    json.end_object();
  }
  return json.end_list().end_object().document();
}

std::string plan_text(const RunInfo& root, const Plan& plan) {
  std::string out = fmt::format(
      "undoing {} would run {} compensate block{}{}\n", printable(root.id), plan.blocks.size(),
      plan.blocks.size() == 1 ? "" : "s", root.undoing ? ", the first of them is under way" : "");
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    const Planned& block = plan.blocks[i];
    out += fmt::format("{:>4}. {}   {} ({}){}\n", i + 1, block.place, printable(block.run->id),
                       block.run->workflow,
                       block.undo.bound ? fmt::format("   step {}", state_of(block.undo)) : "");
  }
  return out;
}

int dry_run(const CommandLine& line, const Journal& journal, const RunInfo& info) {
  Plan plan(journal);
  if (auto made = plan.make(info); !made) return say_error(made.error());
  Stdout out;
  out.write(line.json() ? plan_document(info, plan) : plan_text(info, plan));
  return out.finish(kExitDone);
}

}  // namespace

int cmd_undo(const CommandLine& line) {
  if (auto queues = queues_of(line); !queues) return say_error(queues.error());
  auto journal = open_journal(line, Access::Read);  // a store that is not there is not to be made
  if (!journal) return say_error(journal.error());
  const bool dry = line.has("--dry-run");
  if (!dry) journal = open_journal(line, Access::Write);
  if (!journal) return say_error(journal.error());
  auto found = find_run(**journal, line.one("ID"));
  if (!found) return say_error(found.error());
  const RunInfo& info = **found;  // stays where it is while the journal lives
  if (const int code = check_undoable(info); code != kExitDone) return code;
  Stdout out(Stdout::ClosedPipe::Say);
  if (info.undone) {
    say(printable(info.id) + " is undone already");
    return report(line, **journal, info, out);
  }
  if (dry) return dry_run(line, **journal, info);

  Session session(line, **journal, out);
  const RunId run = info.number;
  if (info.undoing || !is_settled(**journal, info))
    if (auto resumed = session.engine().resume({run}); !resumed) return say_error(resumed.error());
  if (!info.undoing)
    if (auto begun = session.engine().undo(run); !begun) return say_error(begun.error());
  if (auto worked = session.work({run}); !worked) return say_error(worked.error());
  if (info.undone) return report(line, **journal, info, out);
  say(fmt::format("interrupted; what is undone by now stays so. To go on:  wf undo {}{}",
                  shell_word(info.id), store_words(line)));
  return kExitInterrupted;
}

}  // namespace wakeful::cli
