// Completed runs that undo themselves: what a child did is undone in its own history, when its
// parent asks. Nothing was kept for that: the run is rebuilt by replaying its history, and then
// told UndoRequested.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/state.h"
#include "runtime/replay/history_player.h"
#include "runtime/replay/run_setup.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

constexpr uint64_t kSliceTicks = 1'000'000;

}  // namespace

/// The run's child of that step, its last attempt.
const RunInfo* Engine::State::completed_child(RunId parent, uint64_t child_step) const {
  const RunInfo* newest = nullptr;
  for (const RunInfo* child : journal.children(parent)) {
    if (child->parent_step.value == child_step) newest = child;
  }
  return newest;
}

/// What a player needs of the journal.
PlayerSources Engine::State::player_sources(const Image& image) const {
  PlayerSources sources;
  sources.value_at = [this](Lsn at) -> Result<std::string> {
    auto record = journal.record_at(at);
    if (!record) return tl::unexpected(record.error());
    return std::move(record->value);
  };
  sources.sources = &image.program().sources;
  return sources;
}

/// `step`: the parent's UndoSent, which is journaled.
void Engine::State::send_undo(LiveRunEntry& parent, StepId step, uint64_t child_step) {
  const RunInfo* child = completed_child(parent.number, child_step);
  if (child == nullptr)
    return refuse_undo(parent.number, step, nullptr, "its history is not in the store");
  if (child->undone) {  // by hand
    if (auto told = was_undone(parent.number, step, *child); !told)
      refuse_undo(parent.number, step, nullptr, told.error().message);
    return;
  }
  if (LiveRunEntry* undoing = find(child->number)) {  // begun by hand, and resumed
    undoing->undoing->step = step.value;
    return;
  }
  if (auto begun = begin_undo(child->number, step); !begun) {
    refuse_undo(parent.number, step, child, begun.error().message);
  }
}

/// The child is through with it: what came of it stands in its history.
Result<void> Engine::State::was_undone(RunId parent, StepId step, const RunInfo& child) {
  auto history = journal.history(child.number);
  if (!history) return tl::unexpected(history.error());
  auto ended = std::find_if(history->rbegin(), history->rend(), [](const auto& entry) {
    return entry.second.type == RecordType::UndoEnded;
  });
  child_is_undone(parent, step, ended->second.kind, ended->first, std::move(ended->second.value));
  return {};
}

/// A run that has ended, as it stood then.
Result<Engine::State::Rebuilt> Engine::State::rebuild(RunId run) {
  const RunInfo info = *journal.find(run);  // copied: the table may move
  auto history = journal.history(run);
  if (!history) return tl::unexpected(history.error());
  auto image = image_of(std::string(info.program));
  if (!image) return tl::unexpected(image.error());
  auto setup = run_setup(journal, history->front().second, *image);
  if (!setup) return tl::unexpected(setup.error());
  setup->heap_limit_bytes = limits.heap_bytes;
  Rebuilt rebuilt{std::make_unique<Run>(std::move(*setup)), 0};
  HistoryPlayer player(*rebuilt.run, *history, player_sources(**image), nullptr);
  while (player.advance(kSliceTicks) == Run::State::More) {
  }
  if (player.error()) return tl::unexpected(*player.error());
  if (player.difference()) return fail(Fault::Replay, player.difference()->message());
  rebuilt.last_time = player.last_time();
  return rebuilt;
}

/// Rebuilds a completed run and tells it to undo what it did.
Result<void> Engine::State::begin_undo(RunId run, StepId step) {
  const RunInfo info = *journal.find(run);  // copied: appending moves the table
  auto rebuilt = rebuild(run);
  if (!rebuilt) return tl::unexpected(rebuilt.error());
  LiveRunEntry& entry = add_run(run, std::make_unique<Run::Setup>(rebuilt->run->setup()));
  entry.run = std::move(rebuilt->run);
  entry.unborn.reset();
  entry.parent = info.parent;
  entry.parent_step = info.parent_step;
  entry.attempt = info.attempt;
  entry.last_time = rebuilt->last_time;
  entry.undoing = std::make_unique<Undoing>();
  entry.undoing->step = step.value;
  entry.unreleased = gate.count(run);  // lines of its last burst may still be on their way
  PendingEvent event;
  event.type = RecordType::UndoRequested;
  tell(entry, std::move(event));
  return {};
}

/// A child that cannot be rebuilt is not undone, and its parent says so: its CompensationFailed
/// lists it.
void Engine::State::refuse_undo(RunId parent, StepId step, const RunInfo* child,
                                const std::string& why) {
  Heap heap;
  std::string failure;
  to_cbor(
      Value::of(make_error(heap, "NondeterminismError", "the child could not be undone: " + why)),
      failure);
  Lsn at;
  if (child != nullptr) {
    Record record;
    record.run = child->number;
    record.type = RecordType::UndoRequested;
    record.time = services.clock.now_ms();
    journal.append(record);
    record = {};
    record.run = child->number;
    record.type = RecordType::UndoEnded;
    record.kind = static_cast<uint64_t>(StepStatus::Failed);
    record.value = failure;
    at = journal.append(record);
  }
  child_is_undone(parent, step, static_cast<uint64_t>(StepStatus::Failed), at, std::move(failure));
}

void Engine::State::child_is_undone(RunId parent, StepId step, uint64_t kind, Lsn at,
                                    std::string failure) {
  LiveRunEntry* above = find(parent);
  if (above == nullptr || !step) return;
  PendingEvent event;
  event.type = RecordType::ChildUndone;
  event.step = step.value;
  event.kind = kind;
  event.ref = at.value;
  event.value = std::move(failure);
  tell(*above, std::move(event));
}

Result<void> Engine::undo(RunId run) {
  const RunInfo* info = state_->journal.find(run);
  if (info == nullptr) return fail(Fault::NotFound, fmt::format("there is no run #{}", run.value));
  if (info->status != RunStatus::Completed || info->undone) {
    return fail(Fault::Usage,
                fmt::format("{} is {}: only a completed run can be undone, and once", info->id,
                            info->undone ? "undone already" : status_name(info->status)));
  }
  if (state_->find(run) != nullptr) return {};
  return state_->begin_undo(run, {});
}

}  // namespace wakeful
