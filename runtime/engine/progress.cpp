// Heartbeats: they restart a time-out, and what they say of the progress reaches the next attempt,
// also after a crash.
#include <fmt/format.h>

#include "runtime/engine/state.h"

namespace wakeful {

namespace {

/// A body may beat as often as it likes: what it says is journaled once in so long.
constexpr int64_t kNoteEveryMs = 1'000;

}  // namespace

/// On the attempt's fiber. False: it was cancelled.
bool Engine::State::heartbeat(RunId run, StepId number, const std::shared_ptr<Attempt>& attempt,
                              std::optional<std::string> progress) {
  if (attempt->token.cancelled()) return false;
  const int64_t now = services.clock.now_ms();
  attempt->last_beat_ms = now;
  LiveRunEntry* entry = find(run);
  auto found =
      entry != nullptr ? entry->steps.find(number.value) : decltype(entry->steps)::iterator();
  if (entry == nullptr || found == entry->steps.end()) return false;
  LiveStep& step = *found->second;
  if (!progress || step.progress == *progress) return true;
  step.progress = std::move(*progress);
  if (step.progress_due) return true;
  const int64_t due = step.progress_noted_ms + kNoteEveryMs;
  if (due <= now) {
    note_progress(run, step);
  } else {
    step.progress_due =
        timers.arm(due, journal.appended().value, {TimerUse::Progress, run, number});
  }
  return true;
}

void Engine::State::note_progress(RunId run, LiveStep& step) {
  timers.drop(step.progress_due);
  step.progress_noted_ms = services.clock.now_ms();
  Record note;
  note.type = RecordType::Heartbeat;
  note.run = run;
  note.step = step.step.value;
  note.time = step.progress_noted_ms;
  note.number = step.attempt;
  note.value = step.progress;
  journal.append(note);
}

/// The timer is not moved with each heartbeat: when it fires, it looks when the last one was.
void Engine::State::check_heartbeat(RunId run, StepId number) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end() || !found->second->running) return;
  Attempt& attempt = *found->second->running;
  const int64_t due = attempt.last_beat_ms + found->second->options->heartbeat_ms;
  if (due <= services.clock.now_ms()) return time_out_attempt(run, number, "heartbeat_timeout");
  attempt.heartbeat = timers.arm(due, journal.appended().value, {TimerUse::Heartbeat, run, number});
}

}  // namespace wakeful
