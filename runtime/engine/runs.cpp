// Events in, bursts: what carries a live run from one wait to the next.
#include <algorithm>
#include <cstring>

#include "runtime/engine/state.h"

namespace wakeful {

namespace {

constexpr uint64_t kSliceTicks = 100'000;  // some milliseconds: then others have their turn
constexpr int64_t kCarryUs =
    1'000;  // so long do runs go on before timers and answers are looked at
constexpr size_t kPendingKept = 64;  // capacity that an empty queue of events keeps

}  // namespace

LiveRunEntry& Engine::State::add_run(RunId number, std::unique_ptr<Run::Setup> setup) {
  auto entry = std::make_unique<LiveRunEntry>();
  entry->number = number;
  entry->parent = RunId{setup->started.parent};
  entry->parent_step = StepId{setup->started.parent_step};
  entry->attempt = static_cast<uint32_t>(std::max<uint64_t>(setup->started.kind, 1));
  entry->last_time = setup->started.time;
  entry->first_started_ms = setup->started.time;
  entry->unborn = std::move(setup);
  LiveRunEntry& added = *entry;
  bool fresh = runs.emplace(number, std::move(entry)).second;
  WF_CHECK(fresh);
  return added;
}

LiveRunEntry* Engine::State::find(RunId run) {
  auto found = runs.find(run);
  return found == runs.end() ? nullptr : found->second.get();
}

void Engine::State::make_ready(LiveRunEntry& entry) {
  if (entry.queued) return;
  if (parks(entry)) {
    TaskQueue& queue = queue_named(entry.options->task_queue, false);
    queue.parked.insert(entry.number.value);
    return expect_warning(queue);
  }
  entry.queued = true;
  ready.push_back(entry.number);
}

/// Tells it later, in a burst of its own.
void Engine::State::tell(LiveRunEntry& entry, PendingEvent event) {
  entry.pending.push_back(std::move(event));
  if (!entry.in_burst && entry.unreleased == 0) make_ready(entry);
}

int64_t Engine::State::time_for(LiveRunEntry& entry) {
  entry.last_time = std::max(entry.last_time, services.clock.now_ms());
  return entry.last_time;
}

/// The body of a fiber that carries runnable runs until there are none.
void Engine::State::carry_runs() {
  int64_t turn_began = services.clock.monotonic_us();
  for (int slices = 1; !ready.empty() && !stopping; ++slices) {
    LiveRunEntry* entry = find(ready.front());
    ready.pop_front();
    if (entry == nullptr || puts_off(*entry)) continue;
    entry->queued = false;
    bool more = run_slice(*entry);
    if (!more && slices % 16 != 0) continue;
    int64_t now = services.clock.monotonic_us();
    if (now - turn_began < kCarryUs) continue;
    Carriers::yield();
    turn_began = services.clock.monotonic_us();
  }
  carrying = false;
}

/// True where the burst is not over. The entry may be gone afterwards.
bool Engine::State::run_slice(LiveRunEntry& entry) {
  const bool goes_on = entry.in_burst;
  if (!goes_on) {
    bool nothing = entry.run != nullptr && !entry.has_event();
    if (nothing || entry.unreleased != 0) return false;
    begin_burst(entry);
  }
  BurstHost host(*this, entry);
  // The clock of a thread's CPU time is a system call, so the first slice of a burst, mostly the
  // only one, is free.
  int64_t cpu = goes_on ? services.clock.thread_cpu_us() : 0;
  Run::State state = entry.run->advance(host, kSliceTicks);
  switch (state) {
    case Run::State::Waiting:
      end_burst(entry, false);
      if (entry.has_event() && entry.unreleased == 0) make_ready(entry);
      return false;
    case Run::State::Ended:
      end_burst(entry, true);
      run_has_ended(entry);
      return false;
    case Run::State::More:
      check_limits(entry, goes_on ? services.clock.thread_cpu_us() - cpu : 0);
      make_ready(entry);
      return true;
    case Run::State::Stopped:
      break;
  }
  WF_CHECK(!"a live host never stops a run");
  return false;
}

void Engine::State::begin_burst(LiveRunEntry& entry) {
  entry.in_burst = true;
  ++entry.burst;
  entry.burst_cpu_us = 0;
  entry.burst_output_bytes = 0;
  if (!entry.run) {
    if (entry.options && !entry.options->task_queue.empty())
      queue_named(entry.options->task_queue, false).parked.erase(entry.number.value);
    entry.run = std::make_unique<Run>(std::move(*entry.unborn));
    entry.unborn.reset();
    entry.run->deliver(entry.run->setup().started.event(), "");
    return;
  }
  PendingEvent event = std::move(entry.pending[entry.pending_at++]);
  if (!entry.has_event()) {
    entry.pending.clear();
    entry.pending_at = 0;
    if (entry.pending.capacity() > kPendingKept) entry.pending.shrink_to_fit();
  }
  Record record;
  record.type = event.type;
  record.run = entry.number;
  record.step = event.step;
  record.time = time_for(entry);
  record.kind = event.kind;
  record.ref = event.ref;
  record.number = event.number;
  record.name = std::move(event.name);
  record.id = std::move(event.id);
  const bool elsewhere =
      event.type == RecordType::ChildEnded || event.type == RecordType::ChildUndone;
  if (!elsewhere) record.value = std::move(event.value);
  journal.append(record);
  if (!record.id.empty()) message_is_journaled(record.id);
  entry.run->deliver(record, event.value);
}

/// Between two slices of a burst: a run that computes too long or keeps too much is told so, where
/// it stands.
void Engine::State::check_limits(LiveRunEntry& entry, int64_t cpu_us) {
  Run& run = *entry.run;
  entry.burst_cpu_us += cpu_us;
  const bool heap = run.over_heap_limit() || entry.burst_output_bytes > limits.heap_bytes;
  if (!heap && entry.burst_cpu_us <= run.task_timeout_ms() * 1'000) return;
  const InterruptKind kind = heap ? InterruptKind::HeapLimit : InterruptKind::TaskTimeout;
  Record record;
  record.type = RecordType::Interrupted;
  record.run = entry.number;
  record.kind = static_cast<uint64_t>(kind);
  record.number = run.ticks();
  journal.append(record);
  run.interrupt(kind);
  entry.burst_cpu_us = 0;  // what it does about it has its time too
  entry.burst_output_bytes = 0;
}

/// Its lines wait at the gate until the burst is durable.
void Engine::State::end_burst(LiveRunEntry& entry, bool last) {
  entry.in_burst = false;
  for (StepId step : entry.held) queue_dispatch(entry.number, step, journal.durable());
  entry.held.clear();
  const bool announce = last && entry.announce;
  if (entry.lines.empty() && !announce) return;
  OutputGate::Item item;
  item.position = journal.appended();
  item.run = entry.number;
  item.last = last && entry.ended_at && !entry.lines.empty();
  item.announce = announce;
  item.lines.swap(entry.lines);
  ++entry.unreleased;
  gate.put(std::move(item));
}

/// Forgets a run; what it left open has been dealt with, or is to be cancelled without anybody
/// waiting.
void Engine::State::drop_run(LiveRunEntry& entry) {
  for (auto& [step, key] : entry.timers) timers.drop(key);
  for (auto& [number, step] : entry.steps) {
    let_go(entry.number, *step);
    if (step->running) cancel_attempt(*step->running);
  }
  if (!entry.run && entry.options && !entry.options->task_queue.empty())
    queue_named(entry.options->task_queue, false).parked.erase(entry.number.value);
  if (entry.timeouts) {
    timers.drop(entry.timeouts->run);
    timers.drop(entry.timeouts->execution);
  }
  refuse_updates(entry);
  runs.erase(RunId{entry.number});
}

// --- commands and lines of a burst
// --------------------------------------------------------------------

bool BurstHost::command(Record& record) {
  Journal& journal = state_.journal;
  record.run = entry_.number;
  switch (record.type) {
    case RecordType::ChildStarted:
      state_.start_child(entry_, record);
      return true;
    case RecordType::StepScheduled:
      journal.append(record);
      state_.schedule(entry_, record);
      return true;
    case RecordType::TimerStarted: {
      Lsn at = journal.append(record);
      TimerTarget target{TimerUse::Step, entry_.number, StepId{record.step}};
      entry_.timers[record.step] = state_.timers.arm(record.time, at.value, target);
      return true;
    }
    case RecordType::CancelSent:
      journal.append(record);
      if (entry_.steps.contains(record.step)) {
        state_.cancel_step(entry_, StepId{record.step});
      } else {
        state_.cancel_child(entry_.number, StepId{record.step},
                            static_cast<CancelMode>(record.kind), record.value);
      }
      return true;
    case RecordType::ValueRecorded:
      record.value.clear();
      if (state_.services.server != nullptr && record.name.starts_with(kCallsOf)) {
        record.value = state_.services.server->calls_of(record.name.substr(strlen(kCallsOf)));
      } else if (auto found = state_.services.effects.environment(record.name)) {
        record.value = text_cbor(*found);
      }
      journal.append(record);
      return true;
    case RecordType::SecretRead:
      record.value.clear();
      if (auto found = state_.secret(record.name)) record.value = text_cbor(*found);
      journal.append(record);
      return true;
    case RecordType::RunEnded:
      // logs count as lines too, and those of a burst that recovery played again
      record.number = (record.number & ~kPrinted) | (entry_.lines.empty() ? 0 : kPrinted);
      entry_.ended_at = journal.append(record);
      entry_.ended_number = record.number;
      return true;
    case RecordType::UndoSent:
      journal.append(record);
      state_.send_undo(entry_, StepId{record.step}, record.ref);
      return true;
    case RecordType::UndoEnded:
      record.number = entry_.lines.empty() ? 0 : kPrinted;
      entry_.ended_at = journal.append(record);
      entry_.undoing->kind = record.kind;
      entry_.undoing->failure = record.value;
      return true;
    case RecordType::UpdateEnded:
      journal.append(record);
      state_.update_ended(entry_, record);
      return true;
    case RecordType::SignalSent:
      state_.send_signal(entry_, record);
      return true;
    case RecordType::SignalReceived:
    case RecordType::UpdateReceived:
    case RecordType::Heartbeat:
    case RecordType::StepDispatched:
    case RecordType::RunStarted:
    case RecordType::CancelRequested:
    case RecordType::RunTimedOut:
    case RecordType::Terminated:
    case RecordType::Interrupted:
    case RecordType::ChildEnded:
    case RecordType::StepEnded:
    case RecordType::TimerFired:
    case RecordType::AttemptFailed:
    case RecordType::Released:
    case RecordType::UndoRequested:
    case RecordType::ChildUndone:
      break;
  }
  WF_CHECK(!"not a command");
  return false;
}

void BurstHost::add_line(OutputLine line) {
  entry_.burst_output_bytes += sizeof line + line.text.size() + line.fields_json.size();
  entry_.lines.push_back(std::move(line));
}

void BurstHost::print(std::string text) { add_line({nullptr, std::move(text), {}}); }

void BurstHost::log(const char* level, std::string message, std::string fields_json) {
  add_line({level, std::move(message), std::move(fields_json)});
}

void BurstHost::drop_timer(StepId step) {
  auto found = entry_.timers.find(step.value);
  if (found == entry_.timers.end()) return;
  state_.timers.drop(found->second);
  entry_.timers.erase(found);
}

}  // namespace wakeful
