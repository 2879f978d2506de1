// The second half of recovery: what lies between two runs, and the way into the end of a history
// and on.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/recovery.h"
#include "runtime/replay/run_setup.h"

namespace wakeful {

namespace {

constexpr uint64_t kSliceTicks = 1'000'000;

/// Takes the lines of the last burst of a run that has ended.
class LineCollector final : public RunHost {
 public:
  bool command(Record&) override { return false; }
  void print(std::string text) override { lines.push_back({nullptr, std::move(text), {}}); }
  void log(const char* level, std::string message, std::string fields_json) override {
    lines.push_back({level, std::move(message), std::move(fields_json)});
  }
  void drop_timer(StepId) override {}
  std::vector<OutputLine> lines;
};

}  // namespace

/// When the first attempt of a child began.
int64_t Recovery::first_start(RunId parent, StepId step, int64_t newest_start) const {
  int64_t first = newest_start;
  for (const RunInfo* child : state_.journal.children(parent)) {
    if (child->parent_step == step) first = std::min(first, child->started_ms);
  }
  return first;
}

Run::Setup Recovery::child_setup(const LiveRunEntry& parent, const Record& spawn) const {
  const Run::Setup& above = parent.setup();
  Run::Setup setup;
  setup.id = spawn.id;
  setup.workflow = spawn.name;
  setup.image = above.image;
  setup.parent_id = above.id;
  setup.depth = above.depth + 1;
  setup.arguments = spawn.value;
  setup.heap_limit_bytes = state_.limits.heap_bytes;
  setup.started.options = spawn.options;
  return setup;
}

/// Children that were asked for and whose end the run has not been told.
Result<void> Recovery::link_children(Open& open) {
  LiveRunEntry& entry = *state_.find(open.run);
  if (open.children.empty()) return {};
  std::unordered_map<uint64_t, RunInfo> newest;  // copied: appending moves the table
  for (const RunInfo* child : state_.journal.children(open.run)) {
    if (open.children.contains(child->parent_step.value)) newest[child->parent_step.value] = *child;
  }
  std::vector<EndedChild> ended;
  std::vector<uint64_t> missing;
  for (const auto& [step, spawn] : open.children) {
    auto found = newest.find(step);
    if (found == newest.end()) {
      missing.push_back(step);
    } else if (found->second.status == RunStatus::Running) {
      entry.children[step] = found->second.number;
    } else {
      ended.push_back({step, found->second});
    }
  }
  std::sort(ended.begin(), ended.end(),
            [](const EndedChild& a, const EndedChild& b) { return a.info.last < b.info.last; });
  for (const EndedChild& child : ended) {
    if (auto done = end_child(open, entry, child); !done) return done;
  }
  std::sort(missing.begin(), missing.end());
  for (uint64_t step : missing) {
    const auto& [at, spawn] = open.children.at(step);
    Run::Setup setup = child_setup(entry, spawn);
    setup.number = RunId{spawn.ref};
    if (state_.journal.find(setup.number) != nullptr)
      setup.number = state_.journal.next_run_number();
    state_.start_attempt(std::move(setup), entry.number, StepId{step}, at, 1, nullptr, 0);
  }
  return {};
}

/// Children that the run had told to undo themselves: in the middle of it, through with it, or not
/// told yet.
Result<void> Recovery::link_undos(const Open& open) {
  std::vector<std::pair<uint64_t, uint64_t>> undos(open.undos.begin(), open.undos.end());
  std::sort(undos.begin(), undos.end());
  for (const auto& [step, child_step] : undos) {
    const RunInfo* child = state_.completed_child(open.run, child_step);
    if (child != nullptr && child->undoing) {
      state_.find(child->number)->undoing->step = step;
    } else if (child != nullptr && child->undone) {
      if (auto told = state_.was_undone(open.run, StepId{step}, *child); !told) return told;
    } else {
      state_.send_undo(*state_.find(open.run), StepId{step}, child_step);
    }
  }
  return {};
}

/// Its newest attempt has ended: another one is due, or the parent is to be told.
Result<void> Recovery::end_child(Open& open, LiveRunEntry& parent, const EndedChild& child) {
  auto record = state_.journal.record_at(child.info.last);
  if (!record) return tl::unexpected(record.error());
  const auto& [spawned, spawn] = open.children.at(child.step);
  LiveRunEntry ended;  // as it was when it ended
  ended.unborn = std::make_unique<Run::Setup>(child_setup(parent, spawn));
  ended.number = child.info.number;
  ended.parent = parent.number;
  ended.parent_step = StepId{child.step};
  ended.spawned = spawned;
  ended.ended_at = child.info.last;
  ended.attempt = child.info.attempt;
  ended.last_time = child.info.ended_ms;
  ended.first_started_ms = child.info.started_ms;
  if (ended.attempt > 1)
    ended.first_started_ms = first_start(parent.number, ended.parent_step, ended.last_time);
  ended.cancel_requested = open.cancels.contains(child.step);
  if (!spawn.options.empty()) ended.options = state_.options_cache.of(spawn.options);
  if (!state_.back_off(ended, child.info.status, record->value)) {
    state_.child_has_ended(parent.number, ended.parent_step, child.info.status, child.info.last,
                           record->type == RecordType::RunEnded ? record->number : 0,
                           std::move(record->value));
    return {};
  }
  return resend_signals(histories_.at(parent.number), ended.parent_step, parent.number);
}

/// What the parent had said when the crash came, and what its end means for the run.
Result<void> Recovery::apply_parent(const Open& open) {
  LiveRunEntry* entry = state_.find(open.run);
  if (entry == nullptr || !entry->parent || entry->undoing) return {};  // undoing is shielded
  const RunInfo* parent = state_.journal.find(entry->parent);
  const auto history = histories_.find(entry->parent);
  if (parent == nullptr || history == histories_.end()) return {};
  tell_left_signals(*entry);
  auto sent = resend_signals(history->second, entry->parent_step, entry->parent);
  if (!sent) return sent;
  // A parent that was terminated in this very recovery has dealt with its children.
  if (history->second.back().second.type != RecordType::Terminated) {
    resend_cancels(open, *entry, history->second);
    return {};
  }
  const ParentClosePolicy policy =
      entry->options ? entry->options->close_policy : ParentClosePolicy::Wait;
  const std::string reason = text_cbor("the parent was terminated");
  if (policy == ParentClosePolicy::Terminate) {
    state_.terminate(open.run, reason);
  } else if (policy != ParentClosePolicy::Abandon && open.cancels_received == 0) {
    state_.request_cancel(*entry, CancelCause::Parent, reason);
  }
  return {};
}

/// Those of the attempt before it, where the crash cut off that it was told them.
void Recovery::tell_left_signals(LiveRunEntry& entry) {
  if (entry.attempt < 2) return;
  for (const RunInfo* other : state_.journal.children(entry.parent)) {
    if (other->parent_step != entry.parent_step || other->attempt + 1 != entry.attempt) continue;
    auto left = state_.left_signals(other->number, &histories_.at(entry.number));
    for (PendingEvent& event : left) state_.tell(entry, std::move(event));
    return;
  }
}

/// Signals to the child of that step, which is open or is to be tried again, that no attempt of it
/// was told.
Result<void> Recovery::resend_signals(const History& parent, StepId step, RunId parent_run) {
  std::vector<PendingEvent> unsent;
  for (const auto& [at, record] : parent) {
    if (record.type != RecordType::SignalSent || record.ref != step.value) continue;
    if (static_cast<SignalAnswer>(record.kind) != SignalAnswer::Delivered) continue;
    unsent.push_back(signal_event(record.name, signal_id(parent_run, record.step), record.value));
  }
  if (unsent.empty()) return {};
  LiveRunEntry* entry = nullptr;
  for (const RunInfo* child : state_.journal.children(parent_run)) {
    if (child->parent_step != step) continue;
    if (LiveRunEntry* live = state_.find(child->number)) entry = live;
    auto history = state_.journal.history(child->number);
    if (!history) return tl::unexpected(history.error());
    for (const auto& [at, record] : *history) {
      if (record.type != RecordType::SignalReceived) continue;
      std::erase_if(unsent, [&](const PendingEvent& event) { return event.id == record.id; });
    }
  }
  auto backoff = state_.backoffs.find({parent_run.value, step.value});
  for (PendingEvent& event : unsent) {
    if (entry != nullptr) {
      state_.tell(*entry, std::move(event));
    } else if (backoff != state_.backoffs.end()) {
      backoff->second.signals.push_back(std::move(event));
    }
  }
  return {};
}

void Recovery::resend_cancels(const Open& open, LiveRunEntry& entry, const History& parent) {
  uint64_t sent = 0;
  for (const auto& [at, record] : parent) {
    if (record.type != RecordType::CancelSent || record.step != entry.parent_step.value) continue;
    if (static_cast<CancelMode>(record.kind) == CancelMode::Terminate) {
      return state_.terminate(open.run, record.value);
    }
    if (++sent > open.cancels_received)
      state_.request_cancel(entry, CancelCause::Parent, record.value);
  }
}

// --- into the end of the history, and on
// --------------------------------------------------------------

Result<void> Recovery::play(const Open& open) {
  LiveRunEntry* found = state_.find(open.run);
  if (found == nullptr) return {};  // terminated meanwhile
  LiveRunEntry& entry = *found;
  if (!entry.run) {  // nobody serves its queue
    state_.make_ready(entry);
    return {};
  }
  BurstHost live(state_, entry);
  HistoryPlayer player(*entry.run, histories_.at(open.run),
                       state_.player_sources(*entry.setup().image), &live);
  entry.in_burst = true;  // what it is told from here on waits
  Run::State state;
  do {
    state = player.advance(kSliceTicks);
  } while (state == Run::State::More && !player.exhausted());
  switch (state) {
    case Run::State::Waiting:
      state_.end_burst(entry, false);
      if (entry.has_event() && entry.unreleased == 0) state_.make_ready(entry);
      return {};
    case Run::State::Ended:
      state_.end_burst(entry, true);
      state_.run_has_ended(entry);
      return {};
    case Run::State::More:  // the burst that the crash cut off goes on with the others
      state_.make_ready(entry);
      return {};
    case Run::State::Stopped:
      break;
  }
  if (player.error()) return tl::unexpected(*player.error());
  const std::string why =
      player.difference() ? player.difference()->message() : "its replay stopped";
  return fail(Fault::Replay,
              fmt::format("run #{} ({}) cannot go on: {}", open.run.value, entry.setup().id, why));
}

/// Steps without an end are done again, unless the run had already asked to cancel them.
void Recovery::dispatch(const Open& open) {
  LiveRunEntry* entry = state_.find(open.run);
  if (entry == nullptr) return;
  for (const auto& [number, sent] : open.cancels) {
    auto step = entry->steps.find(number);
    if (step != entry->steps.end()) state_.cancel_step(*entry, StepId{number});
  }
  for (uint64_t number : open.steps) {
    auto step = entry->steps.find(number);
    if (step == entry->steps.end()) continue;
    if (step->second->lost) {
      state_.lose_outcome(*entry, StepId{number});
    } else {
      state_.queue_dispatch(open.run, StepId{number}, state_.journal.durable());
    }
  }
}

// --- runs that have ended
// -----------------------------------------------------------------------------

Result<void> Recovery::release_ended() {
  for (RunId run : unreleased_) {
    auto lines = last_lines(run);
    if (!lines) return tl::unexpected(lines.error());
    OutputGate::Item item;
    item.position = state_.journal.durable();
    item.run = run;
    item.lines = std::move(*lines);
    item.last = true;
    state_.gate.put(std::move(item));
  }
  for (RunId run : announced_) {
    OutputGate::Item item;
    item.position = state_.journal.durable();
    item.run = run;
    item.announce = true;
    state_.gate.put(std::move(item));
  }
  return {};
}

Result<std::vector<OutputLine>> Recovery::last_lines(RunId run) {
  const History& history = histories_.at(run);
  auto image = state_.image_of(std::string(state_.journal.find(run)->program));
  if (!image) return tl::unexpected(image.error());
  auto setup = run_setup(state_.journal, history.front().second, *image);
  if (!setup) return tl::unexpected(setup.error());
  Run ended(std::move(*setup));
  LineCollector collector;
  HistoryPlayer player(ended, history, state_.player_sources(**image), &collector);
  while (player.advance(kSliceTicks) == Run::State::More) {
  }
  if (player.error()) return tl::unexpected(*player.error());
  if (player.difference()) {
    state_.output.warn(fmt::format("run #{}: its last lines cannot be shown again: {}", run.value,
                                   player.difference()->message()));
  }
  return std::move(collector.lines);
}

/// The runs were brought back one by one: their last lines go out in the order of their last
/// bursts, as they would have.
void Recovery::order_lines(size_t waiting) {
  std::unordered_map<RunId, Lsn> began;
  for (const auto& [run, history] : histories_) {
    for (const auto& [at, record] : history)
      if (class_of(record.type) == RecordClass::Event) began[run] = at;
  }
  for (RunId run : announced_) began.try_emplace(run, state_.journal.find(run)->last);
  state_.gate.order(waiting, [&](RunId a, RunId b) { return began[a] < began[b]; });
}

/// A resume that failed leaves nothing half-done in memory; the journal is as good as before.
void Recovery::forget() {
  for (RunId run : open_) {
    LiveRunEntry* entry = state_.find(run);
    if (entry == nullptr) continue;
    const auto children = entry->children;
    for (const auto& [step, child] : children) {
      if (LiveRunEntry* started = state_.find(child)) state_.drop_run(*started);
    }
    state_.drop_backoffs(run, true);
    state_.drop_run(*entry);
  }
}

}  // namespace wakeful
