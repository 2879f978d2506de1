// How children start, end, are tried again, cancelled and terminated.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/state.h"

namespace wakeful {

namespace {

const StepOptions& options_of(const LiveRunEntry& entry) {
  static const StepOptions none;
  return entry.options ? *entry.options : none;
}

}  // namespace

/// Whether the id of a closed run may not be taken again: then the record says so.
bool Engine::State::refuse_reuse(Record& record, const RunInfo& closed) {
  const IdReusePolicy policy = options_cache.of(record.options)->id_reuse;
  const bool only_failed = policy == IdReusePolicy::AllowDuplicateFailedOnly;
  if (policy == IdReusePolicy::AllowDuplicate) return false;
  if (only_failed && closed.status != RunStatus::Completed) return false;
  record.kind = static_cast<uint64_t>(ChildRefusal::AlreadyExists);
  record.ref = 0;
  record.value = text_cbor(fmt::format(
      "the id \"{}\" belongs to run #{} of {}, which has {}, and its id_reuse_policy is \"{}\": "
      "give another id "
      "with `as`, or another policy",
      record.id, closed.number.value, closed.workflow,
      closed.status == RunStatus::TimedOut ? "timed out"
                                           : fmt::format("ended as {}", status_name(closed.status)),
      only_failed ? "allow_duplicate_failed_only" : "reject_duplicate"));
  return true;
}

/// Answers ChildStarted: with the number of the new run, or with the reason why there is none.
void Engine::State::start_child(LiveRunEntry& parent, Record& record) {
  RunId holder;
  if (auto waits = backoff_ids.find(record.id); waits != backoff_ids.end()) holder = waits->second;
  const RunInfo* other = journal.find(record.id);
  if (other != nullptr && other->status == RunStatus::Running) holder = other->number;
  if (holder) {
    const RunInfo* info = journal.find(holder);
    record.kind = static_cast<uint64_t>(ChildRefusal::AlreadyExists);
    record.ref = 0;
    record.value = text_cbor(
        fmt::format("the id \"{}\" is held by the open run #{} of {}; ids are unique among open "
                    "runs: give another with `as`, "
                    "or wait for that run to end",
                    record.id, holder.value, info != nullptr ? info->workflow : "a workflow"));
    journal.append(record);
    return;
  }
  if (other != nullptr && refuse_reuse(record, *other)) {
    journal.append(record);
    return;
  }
  record.ref = journal.next_run_number().value;
  const Lsn spawned = journal.append(record);
  const Run::Setup& above = parent.setup();
  Run::Setup setup;
  setup.number = RunId{record.ref};
  setup.id = record.id;
  setup.workflow = record.name;
  setup.image = above.image;
  setup.parent_id = above.id;
  setup.depth = above.depth + 1;
  setup.started.options = record.options;
  setup.arguments = record.value;
  setup.heap_limit_bytes = limits.heap_bytes;
  start_attempt(std::move(setup), parent.number, StepId{record.step}, spawned, 1, nullptr, 0);
}

/// Journals RunStarted and makes the run ready. `setup`: with its number, and the options in
/// started.options.
LiveRunEntry& Engine::State::start_attempt(Run::Setup setup, RunId parent, StepId parent_step,
                                           Lsn spawned, uint32_t attempt,
                                           std::shared_ptr<const StepOptions> options,
                                           int64_t first_started_ms) {
  Record started;
  started.type = RecordType::RunStarted;
  started.run = setup.number;
  started.time = services.clock.now_ms();
  LiveRunEntry* above = find(parent);
  if (above != nullptr) started.time = std::max(started.time, above->last_time);
  started.name = setup.workflow;
  started.id = setup.id;
  started.options = std::move(setup.started.options);
  started.ref = spawned.value;
  started.number = services.random.next();
  started.kind = attempt;
  started.parent = parent.value;
  started.parent_step = parent_step.value;
  journal.append(started);
  setup.started = started;
  const RunId number = setup.number;
  LiveRunEntry& entry = add_run(number, std::make_unique<Run::Setup>(std::move(setup)));
  entry.spawned = spawned;
  entry.options = std::move(options);
  if (!entry.options && !entry.unborn->started.options.empty()) {
    entry.options = options_cache.of(entry.unborn->started.options);
  }
  if (first_started_ms != 0) entry.first_started_ms = first_started_ms;
  arm_run_timeouts(entry, false);
  if (above != nullptr) above->children[parent_step.value] = number;
  make_ready(entry);
  return entry;
}

/// Counted from the recorded start, so that downtime counts.
void Engine::State::arm_run_timeouts(LiveRunEntry& entry, bool already_timed_out) {
  if (!entry.options || already_timed_out) return;
  const StepOptions& options = *entry.options;
  if (options.run_timeout_ms < 0 && options.execution_timeout_ms < 0) return;
  const uint64_t order = journal.appended().value;
  entry.timeouts = std::make_unique<RunTimeouts>();
  if (options.run_timeout_ms >= 0) {
    entry.timeouts->run = timers.arm(entry.setup().started.time + options.run_timeout_ms, order,
                                     {TimerUse::RunTimeout, entry.number, {}});
  }
  if (options.execution_timeout_ms >= 0) {
    entry.timeouts->execution = timers.arm(entry.first_started_ms + options.execution_timeout_ms,
                                           order, {TimerUse::ExecutionTimeout, entry.number, {}});
  }
}

/// The run has emitted RunEnded: its parent is told, or it is tried again.
void Engine::State::run_has_ended(LiveRunEntry& entry) {
  const RunStatus status = entry.run->status();
  if (entry.undoing) {
    child_is_undone(entry.parent, StepId{entry.undoing->step}, entry.undoing->kind, entry.ended_at,
                    entry.undoing->failure);
  } else if (entry.parent && !back_off(entry, status, entry.run->outcome())) {
    child_has_ended(entry.parent, entry.parent_step, status, entry.ended_at, entry.ended_number,
                    entry.run->outcome());
  }
  drop_messages(entry);
  drop_run(entry);
}

/// `number`: that of the child's RunEnded; 0 where it has none.
void Engine::State::child_has_ended(RunId parent, StepId step, RunStatus status, Lsn ended_at,
                                    uint64_t number, std::string value) {
  LiveRunEntry* above = find(parent);
  if (above == nullptr) return;  // an abandoned child's end is its own
  above->children.erase(step.value);
  PendingEvent event;
  event.type = RecordType::ChildEnded;
  event.step = step.value;
  event.kind = static_cast<uint64_t>(status);
  event.ref = ended_at.value;
  event.number = number;
  event.value = std::move(value);
  tell(*above, std::move(event));
}

/// True where the policy of its spawn gives the child another attempt.
bool Engine::State::back_off(LiveRunEntry& entry, RunStatus status, const std::string& error) {
  const bool may = status == RunStatus::Failed || status == RunStatus::TimedOut;
  if (!may || entry.cancel_requested || !entry.options) return false;
  const StepOptions& options = *entry.options;
  if (!options.retry.retries(entry.attempt, read_error(error).kind)) return false;
  const RunInfo* above = journal.find(entry.parent);
  const bool orphan = above == nullptr || above->status != RunStatus::Running;
  if (orphan && options.close_policy != ParentClosePolicy::Abandon) return false;
  const int64_t due = entry.last_time + options.retry.backoff_ms(entry.attempt);
  if (options.execution_timeout_ms >= 0 &&
      due >= entry.first_started_ms + options.execution_timeout_ms) {
    return false;
  }
  ChildBackoff backoff;
  const Run::Setup& ended = entry.setup();
  backoff.setup.id = ended.id;
  backoff.setup.workflow = ended.workflow;
  backoff.setup.image = ended.image;
  backoff.setup.parent_id = ended.parent_id;
  backoff.setup.depth = ended.depth;
  backoff.setup.arguments = ended.arguments;
  backoff.setup.heap_limit_bytes = ended.heap_limit_bytes;
  backoff.setup.started.options = ended.started.options;
  backoff.parent = entry.parent;
  backoff.parent_step = entry.parent_step;
  backoff.spawned = entry.spawned;
  backoff.failed_at = entry.ended_at;
  backoff.failure = error;
  backoff.status = status;
  backoff.attempt = entry.attempt + 1;
  backoff.options = entry.options;
  backoff.first_started_ms = entry.first_started_ms;
  for (size_t i = entry.pending_at; i < entry.pending.size(); ++i) {  // it was not told any more
    if (entry.pending[i].type == RecordType::SignalReceived)
      backoff.signals.push_back(std::move(entry.pending[i]));
  }
  backoff_ids[ended.id] = entry.number;
  backoff.timer = timers.arm(due, entry.ended_at.value,
                             {TimerUse::ChildRetry, entry.parent, entry.parent_step});
  if (LiveRunEntry* live = find(entry.parent)) live->children.erase(entry.parent_step.value);
  backoffs.insert_or_assign({entry.parent.value, entry.parent_step.value}, std::move(backoff));
  return true;
}

void Engine::State::next_attempt(RunId parent, StepId step) {
  auto found = backoffs.find({parent.value, step.value});
  if (found == backoffs.end()) return;
  ChildBackoff backoff = std::move(found->second);
  backoffs.erase(found);
  backoff_ids.erase(backoff.setup.id);
  std::vector<PendingEvent> left;
  if (auto failed = journal.record_at(backoff.failed_at)) left = left_signals(failed->run, nullptr);
  backoff.setup.number = journal.next_run_number();
  LiveRunEntry& entry =
      start_attempt(std::move(backoff.setup), parent, step, backoff.spawned, backoff.attempt,
                    std::move(backoff.options), backoff.first_started_ms);
  for (PendingEvent& event : left) tell(entry, std::move(event));
  for (PendingEvent& event : backoff.signals) tell(entry, std::move(event));
}

void Engine::State::cancel_child(RunId parent, StepId step, CancelMode mode,
                                 const std::string& reason) {
  if (auto found = backoffs.find({parent.value, step.value}); found != backoffs.end()) {
    ChildBackoff backoff = std::move(found->second);
    backoffs.erase(found);
    backoff_ids.erase(backoff.setup.id);
    timers.drop(backoff.timer);
    child_has_ended(parent, step, backoff.status, backoff.failed_at, 0, std::move(backoff.failure));
    return;
  }
  LiveRunEntry* above = find(parent);
  if (above == nullptr) return;
  auto child = above->children.find(step.value);
  if (child == above->children.end()) return;  // it has ended; its end is on the way
  if (mode == CancelMode::Terminate) {
    terminate(child->second, reason);
  } else if (LiveRunEntry* entry = find(child->second)) {
    request_cancel(*entry, CancelCause::Parent, reason);
  }
}

void Engine::State::request_cancel(LiveRunEntry& entry, CancelCause cause,
                                   const std::string& reason, const std::string& message) {
  entry.cancel_requested = true;
  PendingEvent event;
  event.type = RecordType::CancelRequested;
  event.kind = static_cast<uint64_t>(cause);
  event.id = message;
  event.value = reason;
  tell(entry, std::move(event));
}

/// Children of that run that wait for their next attempt get none; abandoned ones only if asked
/// for.
void Engine::State::drop_backoffs(RunId parent, bool abandoned_too) {
  for (auto it = backoffs.begin(); it != backoffs.end();) {
    ChildBackoff& backoff = it->second;
    const bool abandoned = backoff.options->close_policy == ParentClosePolicy::Abandon;
    if (backoff.parent != parent || (abandoned && !abandoned_too)) {
      ++it;
      continue;
    }
    timers.drop(backoff.timer);
    backoff_ids.erase(backoff.setup.id);
    it = backoffs.erase(it);
  }
}

/// Ends a run without running its code; its children as their policy says. `reason`: CBOR.
void Engine::State::terminate(RunId run, const std::string& reason) {
  std::vector<RunId> doomed{run};
  while (!doomed.empty()) {
    LiveRunEntry* entry = find(doomed.back());
    doomed.pop_back();
    if (entry == nullptr) continue;
    Record note;
    note.type = RecordType::Terminated;
    note.run = entry->number;
    note.time = time_for(*entry);
    note.value = reason;
    const Lsn at = journal.append(note);
    const auto children = entry->children;
    for (const auto& [step, number] : children) {
      LiveRunEntry* child = find(number);
      if (child == nullptr) continue;
      switch (options_of(*child).close_policy) {
        case ParentClosePolicy::Wait:
        case ParentClosePolicy::Cancel:
          request_cancel(*child, CancelCause::Parent, text_cbor("the parent was terminated"));
          break;
        case ParentClosePolicy::Terminate:
          doomed.push_back(number);
          break;
        case ParentClosePolicy::Abandon:
          break;
      }
    }
    drop_backoffs(entry->number, false);
    end_burst(*entry, true);
    child_has_ended(entry->parent, entry->parent_step, RunStatus::Terminated, at, 0, reason);
    drop_messages(*entry);
    drop_run(*entry);
  }
}

}  // namespace wakeful
