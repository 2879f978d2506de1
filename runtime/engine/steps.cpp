// Activities and library effects: dispatched once their record is durable, tried again as their
// policy says.
#include <fmt/format.h>

#include "runtime/engine/activity.h"
#include "runtime/engine/state.h"
#include "runtime/values/heap.h"
#include "stdlib/builtins.h"

namespace wakeful {

namespace {

std::string duration_text(int64_t ms) {
  std::string text;
  append_duration(text, ms);
  return text;
}

/// `exec.run` → its row.
const Builtin* find_effect(const std::string& qualified) {
  const size_t dot = qualified.find('.');
  if (dot == std::string::npos) return find_global(qualified);
  return find_module_entry(std::string_view(qualified).substr(0, dot),
                           std::string_view(qualified).substr(dot + 1));
}

/// What an activity's body reaches, on its fiber.
class AttemptWorld final : public ActivityWorld {
 public:
  AttemptWorld(Engine::State& state, RunId run, StepId step, std::shared_ptr<Attempt> attempt)
      : state_(state), run_(run), step_(step), attempt_(std::move(attempt)) {}

  EffectOutcome effect(const EffectCall& call) override {
    return state_.run_blocking(call, attempt_);
  }
  bool sleep(int64_t ms) override { return state_.attempt_sleep(run_, step_, attempt_, ms); }
  bool cancelled() override { return attempt_->token.cancelled(); }
  void give_way() override { Carriers::yield(); }
  void print(const std::string& text) override { state_.output.print(text); }
  void log(const char* level, const std::string& message, const std::string& fields_json) override {
    state_.output.log(run_, level, message, fields_json);
  }
  std::optional<std::string> environment(const std::string& name) override {
    return state_.services.effects.environment(name);
  }
  int64_t now_ms() override { return state_.services.clock.now_ms(); }
  uint64_t random() override { return state_.services.random.next(); }

 private:
  Engine::State& state_;
  RunId run_;
  StepId step_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace

/// After StepScheduled was appended.
void Engine::State::schedule(LiveRunEntry& entry, const Record& record) {
  auto step = std::make_unique<LiveStep>();
  step->step = StepId{record.step};
  step->kind = static_cast<StepKind>(record.kind);
  step->name = record.name;
  step->arguments = record.value;
  step->options = options_cache.of(record.options);
  step->burst = entry.burst;
  entry.steps[record.step] = std::move(step);
  queue_dispatch(entry.number, StepId{record.step}, journal.appended());
}

void Engine::State::queue_dispatch(RunId run, StepId step, Lsn position) {
  dispatches.push_back({run, step, position});
}

void Engine::State::dispatch(RunId run, StepId number) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end()) return;  // cancelled before it began
  LiveStep& step = *found->second;
  WF_CHECK(!step.running);
  if (entry->in_burst) return entry->held.push_back(number);
  step.dispatched = true;
  step.running = std::make_shared<Attempt>();
  step.running->number = step.attempt;
  if (step.options->start_to_close_ms >= 0) {
    step.running->timeout =
        timers.arm(services.clock.now_ms() + step.options->start_to_close_ms,
                   journal.appended().value, {TimerUse::StepTimeout, run, number});
  }
  perform(run, step, step.running);
}

/// Starts a fiber for the attempt; everything it needs is copied, since the run may be gone before
/// it ends.
void Engine::State::perform(RunId run, LiveStep& step, std::shared_ptr<Attempt> attempt) {
  const StepId number = step.step;
  const std::string key = fmt::format("{}/{}", run.value, number.value);
  if (step.kind == StepKind::Effect) {
    EffectCall call;
    const Builtin* builtin = find_effect(step.name);
    call.builtin = builtin != nullptr ? builtin->number : 0;
    call.args = step.arguments;
    call.key = key;
    carriers.start([this, run, number, attempt, call = std::move(call)] {
      attempt_ended(run, number, attempt, run_blocking(call, attempt));
    });
    return;
  }
  const Run::Setup& setup = find(run)->setup();
  ActivityCall call;
  call.name = step.name;
  call.arguments = step.arguments;
  call.workflow_id = setup.id;
  call.workflow = setup.workflow;
  call.key = key;
  call.attempt = attempt->number;
  call.heap_limit_bytes = limits.heap_bytes;
  carriers.start([this, run, number, attempt, image = setup.image, call = std::move(call)] {
    AttemptWorld world(*this, run, number, attempt);
    attempt_ended(run, number, attempt, run_activity(call, image, world));
  });
}

/// Blocks the fiber, not the thread.
EffectOutcome Engine::State::run_blocking(const EffectCall& call,
                                          const std::shared_ptr<Attempt>& attempt) {
  if (attempt->token.cancelled()) {
    return {StepStatus::Cancelled, error_cbor("Cancelled", "cancelled before it began")};
  }
  FiberGate done(carriers);
  EffectOutcome outcome;
  pool->submit([&] {
    outcome = services.effects.run(call, attempt->token);
    wakeup->post([&done] { done.open(); });
  });
  ++blocking;
  done.wait();
  --blocking;
  return outcome;
}

bool Engine::State::attempt_sleep(RunId run, StepId step, const std::shared_ptr<Attempt>& attempt,
                                  int64_t ms) {
  if (attempt->token.cancelled()) return false;
  if (ms <= 0) return true;
  FiberGate gate(carriers);
  attempt->sleeping = &gate;
  TimerKey key = timers.arm(services.clock.now_ms() + ms, journal.appended().value,
                            {TimerUse::AttemptSleep, run, step});
  gate.wait();
  attempt->sleeping = nullptr;
  timers.drop(key);
  return !attempt->token.cancelled();
}

void Engine::State::cancel_attempt(Attempt& attempt) {
  attempt.token.cancel();
  if (attempt.sleeping != nullptr) attempt.sleeping->open();
}

/// On the attempt's fiber, as the last thing that it does.
void Engine::State::attempt_ended(RunId run, StepId number, const std::shared_ptr<Attempt>& attempt,
                                  EffectOutcome outcome) {
  timers.drop(attempt->timeout);
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end() || found->second->running != attempt) return;
  LiveStep& step = *found->second;
  step.running = nullptr;
  if (attempt->timed_out && !step.cancelled) {
    step.unknown = true;
    return attempt_failed(
        *entry, step,
        error_cbor("Timeout", fmt::format("attempt {} of {} took longer than its "
                                          "start_to_close_timeout of {}",
                                          attempt->number, step.name,
                                          duration_text(step.options->start_to_close_ms))));
  }
  if (outcome.status == StepStatus::Completed) {
    return end_step(*entry, number, StepStatus::Completed, std::move(outcome.value));
  }
  if (step.cancelled) {
    step.unknown = true;
    return end_step(*entry, number, StepStatus::Cancelled, std::move(outcome.value));
  }
  attempt_failed(*entry, step, outcome.value);
}

void Engine::State::attempt_failed(LiveRunEntry& entry, LiveStep& step, const std::string& error) {
  const RetryPolicy& retry = step.options->retry;
  if (!retry.retries(step.attempt, read_error(error).kind)) {
    return end_step(entry, step.step, StepStatus::Failed, error);
  }
  Record note;
  note.type = RecordType::AttemptFailed;
  note.run = entry.number;
  note.step = step.step.value;
  note.time = services.clock.now_ms() + retry.backoff_ms(step.attempt);
  note.kind = step.unknown ? kOutcomeUnknown : 0;
  note.number = step.attempt;
  note.value = error;
  const Lsn at = journal.append(note);
  ++step.attempt;
  step.dispatched = false;
  step.last_error = error;
  step.retry = timers.arm(note.time, at.value, {TimerUse::StepRetry, entry.number, step.step});
}

void Engine::State::end_step(LiveRunEntry& entry, StepId step, StepStatus status,
                             std::string value) {
  const bool unknown = entry.steps.at(step.value)->unknown && status != StepStatus::Completed;
  entry.steps.erase(step.value);
  PendingEvent event;
  event.type = RecordType::StepEnded;
  event.step = step.value;
  event.kind = static_cast<uint64_t>(status);
  event.number = unknown ? kOutcomeUnknown : 0;
  event.value = std::move(value);
  tell(entry, std::move(event));
}

/// The run asked for it: an attempt in progress is asked to end, anything else ends here.
void Engine::State::cancel_step(LiveRunEntry& entry, StepId number) {
  LiveStep& step = *entry.steps.at(number.value);
  step.cancelled = true;
  if (step.running) return cancel_attempt(*step.running);
  timers.drop(step.retry);
  const bool dispatched = step.dispatched && step.burst != entry.burst;  // before a crash
  step.unknown = step.unknown || dispatched;
  std::string error = error_cbor(
      "Cancelled",
      dispatched
          ? fmt::format("{} was cancelled; whether it had its effect is not known", step.name)
          : fmt::format("{} was cancelled before it began", step.name));
  end_step(entry, number, StepStatus::Cancelled, std::move(error));
}

void Engine::State::time_out_attempt(RunId run, StepId number) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end() || !found->second->running) return;
  found->second->running->timed_out = true;
  cancel_attempt(*found->second->running);
}

}  // namespace wakeful
