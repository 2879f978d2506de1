#include "runtime/engine/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "runtime/replay/run_setup.h"

namespace wakeful {

Result<void> Recovery::resume(const std::vector<RunId>& requested) {
  requested_ = requested;
  const size_t waiting = state_.gate.size();
  auto done = collect(requested);
  if (done) done = load();
  if (done) done = release_ended();  // first: a child that is told to undo waits for its lines
  for (RunId run : open_) {
    if (done) done = link_children(found_.at(run));
    if (done) done = link_undos(found_.at(run));
  }
  for (RunId run : open_) {
    if (done) done = apply_parent(found_.at(run));
  }
  for (RunId run : open_) {
    if (done) done = play(found_.at(run));
  }
  if (!done) {
    forget();
    return done;
  }
  order_lines(waiting);
  for (RunId run : open_) dispatch(found_.at(run));
  return {};
}

/// The runs that are asked for and everything below them that is open, also below runs that have
/// ended (abandoned children), or that ended without their lines having been released.
Result<void> Recovery::collect(const std::vector<RunId>& requested) {
  std::unordered_set<RunId> seen;
  std::vector<RunId> queue;
  for (RunId run : requested) {
    const RunInfo* info = state_.journal.find(run);
    if (info == nullptr)
      return fail(Fault::NotFound, fmt::format("there is no run #{}", run.value));
    if (info->status != RunStatus::Running && !info->undoing) announced_.push_back(run);
    queue.push_back(run);
  }
  while (!queue.empty()) {
    const RunId run = queue.back();
    queue.pop_back();
    if (!seen.insert(run).second || state_.find(run) != nullptr) continue;
    const RunInfo* info = state_.journal.find(run);
    if (info->status == RunStatus::Running || info->undoing) {
      open_.push_back(run);
    } else if (!info->released) {
      unreleased_.push_back(run);
    }
    for (const RunInfo* child : state_.journal.children(run)) queue.push_back(child->number);
  }
  std::sort(open_.begin(), open_.end());
  return {};
}

Result<void> Recovery::load() {
  std::vector<RunId> wanted = open_;
  wanted.insert(wanted.end(), unreleased_.begin(), unreleased_.end());
  std::unordered_set<RunId> also(wanted.begin(), wanted.end());
  for (RunId run : open_) {  // a parent that has ended may have said something that did not arrive
    const RunId parent = state_.journal.find(run)->parent;
    if (parent && also.insert(parent).second) wanted.push_back(parent);
  }
  auto histories = state_.journal.histories(wanted);
  if (!histories) return tl::unexpected(histories.error());
  histories_ = std::move(*histories);
  for (RunId run : open_) {
    if (auto added = add(run); !added) return added;
  }
  return {};
}

Result<void> Recovery::add(RunId run) {
  const RunInfo& info = *state_.journal.find(run);
  const History& history = histories_.at(run);
  auto image = state_.image_of(std::string(info.program));
  if (!image) return tl::unexpected(image.error());
  const Record& started = history.front().second;
  auto setup = run_setup(state_.journal, started, *image);
  if (!setup) return tl::unexpected(setup.error());
  setup->heap_limit_bytes = state_.limits.heap_bytes;
  LiveRunEntry& entry = state_.add_run(run, std::make_unique<Run::Setup>(std::move(*setup)));
  entry.spawned = Lsn{started.ref};
  entry.resumed = true;
  entry.announce =
      !entry.parent || std::find(requested_.begin(), requested_.end(), run) != requested_.end();
  if (!started.options.empty()) entry.options = state_.options_cache.of(started.options);
  if (history.size() > 1 || !state_.parks(entry)) {
    entry.run = std::make_unique<Run>(std::move(*entry.unborn));
    entry.unborn.reset();
  }
  if (info.undoing) entry.undoing = std::make_unique<Undoing>();
  Open& open = found_[run];
  open.run = run;
  read_history(open, entry, history);
  if (entry.attempt > 1) {
    entry.first_started_ms = first_start(entry.parent, entry.parent_step, entry.first_started_ms);
  }
  state_.arm_run_timeouts(entry, open.timed_out || info.undoing);
  return {};
}

// --- what the records leave open
// ----------------------------------------------------------------------

void Recovery::read_history(Open& open, LiveRunEntry& entry, const History& history) {
  for (const auto& [at, record] : history) {
    if (class_of(record.type) == RecordClass::Command) {
      read_command(open, entry, at, record);
    } else {
      read_event(open, entry, at, record);
    }
  }
  for (auto& [number, step] : entry.steps) {
    if (!step->retry) open.steps.push_back(number);
    // It may have been dispatched: not in the burst that scheduled it, nor before its retry was
    // due.
    const int64_t latest =
        open.cancels.contains(number) ? entry.last_time : state_.services.clock.now_ms();
    step->dispatched =
        step->retry ? step->retry.due_ms <= latest : !open.never_begun.contains(number);
    if (step->options->at_most_once) step->dispatched = step->lost;
    if (state_.queue_of(entry, *step).worker) step->dispatched = false;
    if (!step->retry) state_.arm_start(entry.number, *step, step->scheduled_ms);
  }
  std::sort(open.steps.begin(), open.steps.end());
}

void Recovery::read_command(Open& open, LiveRunEntry& entry, Lsn at, const Record& record) {
  switch (record.type) {
    case RecordType::StepScheduled: {
      auto step = std::make_unique<LiveStep>();
      step->step = StepId{record.step};
      step->kind = static_cast<StepKind>(record.kind);
      step->name = record.name;
      step->arguments = record.value;
      step->options = state_.options_cache.of(record.options);
      step->burst = entry.burst;
      step->scheduled_ms = entry.last_time;
      step->position = at.value;
      state_.arm_deadline(entry.number, *step);
      entry.steps[record.step] = std::move(step);
      return;
    }
    case RecordType::TimerStarted:
      entry.timers[record.step] = state_.timers.arm(
          record.time, at.value, {TimerUse::Step, entry.number, StepId{record.step}});
      return;
    case RecordType::ChildStarted:
      if (record.ref != 0) open.children.emplace(record.step, std::pair{at, record});
      return;
    case RecordType::CancelSent:
      open.cancels[record.step].push_back(record);
      if (auto step = entry.steps.find(record.step);
          step != entry.steps.end() && step->second->burst == entry.burst) {
        open.never_begun.insert(record.step);
      }
      return;
    case RecordType::SecretRead:
      state_.secrets.know(record.name);
      return;
    case RecordType::UndoSent:
      open.undos[record.step] = record.ref;
      return;
    default:
      return;
  }
}

void Recovery::read_event(Open& open, LiveRunEntry& entry, Lsn at, const Record& record) {
  if (class_of(record.type) == RecordClass::Event && record.type != RecordType::Interrupted) {
    entry.last_time = std::max(entry.last_time, record.time);
    ++entry.burst;
  }
  switch (record.type) {
    case RecordType::StepEnded:
      if (auto step = entry.steps.find(record.step); step != entry.steps.end()) {
        state_.let_go(entry.number, *step->second);
        entry.steps.erase(step);
      }
      return;
    case RecordType::AttemptFailed:
      if (auto found = entry.steps.find(record.step); found != entry.steps.end()) {
        LiveStep& step = *found->second;
        state_.timers.drop(step.retry);
        step.attempt = record.number + 1;
        step.unknown = record.kind == kOutcomeUnknown;
        step.lost = false;
        step.position = at.value;
        step.last_error = record.value;
        step.retry = state_.timers.arm(record.time, record.step,
                                       {TimerUse::StepRetry, entry.number, step.step});
      }
      return;
    case RecordType::Heartbeat:
      if (auto found = entry.steps.find(record.step); found != entry.steps.end())
        found->second->progress = record.value;
      return;
    case RecordType::StepDispatched:
      if (auto found = entry.steps.find(record.step); found != entry.steps.end())
        found->second->lost = true;
      return;
    case RecordType::TimerFired:
      if (auto timer = entry.timers.find(record.step); timer != entry.timers.end()) {
        state_.timers.drop(timer->second);
        entry.timers.erase(timer);
      }
      return;
    case RecordType::ChildEnded:
      open.children.erase(record.step);
      return;
    case RecordType::ChildUndone:
      open.undos.erase(record.step);
      return;
    case RecordType::CancelRequested:
      entry.cancel_requested = true;
      if (static_cast<CancelCause>(record.kind) == CancelCause::Parent) ++open.cancels_received;
      return;
    case RecordType::RunTimedOut:
      open.timed_out = true;
      return;
    default:
      return;
  }
}

}  // namespace wakeful
