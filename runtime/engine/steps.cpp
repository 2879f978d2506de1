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

/// On a thread of the pool: the effect sees the values of secrets, nobody else does.
EffectOutcome run_with_secrets(Effects& effects, Secrets& secrets, const EffectCall& call,
                               CancelToken& token) {
  EffectCall revealed = call;
  if (const std::string missing = secrets.reveal(revealed.args); !missing.empty()) {
    return {StepStatus::Failed,
            error_cbor("KeyError",
                       fmt::format("the secret {0} is not there: set the environment variable {0}",
                                   missing))};
  }
  EffectOutcome outcome = effects.run(revealed, token);
  secrets.conceal(outcome.value);
  return outcome;
}

/// What an activity's body reaches, on its fiber.
class AttemptWorld final : public ActivityWorld {
 public:
  AttemptWorld(Engine::State& state, RunId run, StepId step, std::shared_ptr<Attempt> attempt)
      : state_(state), run_(run), step_(step), attempt_(std::move(attempt)) {}

  EffectOutcome effect(const EffectCall& call) override {
    ++effects_;
    const Builtin* builtin = builtin_by_number(call.builtin);
    if (builtin != nullptr && state_.is_served(builtin->qualified())) {
      return state_.run_served({run_.value, step_.value, attempt_->number, effects_,
                                builtin->qualified(), call.args},
                               attempt_);
    }
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
  std::optional<std::string> secret(const std::string& name) override {
    return state_.secret(name);
  }
  int64_t now_ms() override { return state_.services.clock.now_ms(); }
  uint64_t random() override { return state_.services.random.next(); }
  bool heartbeat(std::optional<std::string> progress) override {
    return state_.heartbeat(run_, step_, attempt_, std::move(progress));
  }

 private:
  Engine::State& state_;
  RunId run_;
  StepId step_;
  std::shared_ptr<Attempt> attempt_;
  uint64_t effects_ = 0;
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
  step->scheduled_ms = entry.last_time;
  step->position = journal.appended().value;
  arm_deadline(entry.number, *step);
  arm_start(entry.number, *step, step->scheduled_ms);
  entry.steps[record.step] = std::move(step);
  queue_dispatch(entry.number, StepId{record.step}, journal.appended());
}

void Engine::State::queue_dispatch(RunId run, StepId step, Lsn position) {
  dispatches.push_back({run, step, position});
}

void Engine::State::arm_deadline(RunId run, LiveStep& step) {
  if (step.options->schedule_to_close_ms < 0) return;
  step.deadline = timers.arm(step.scheduled_ms + step.options->schedule_to_close_ms, step.position,
                             {TimerUse::StepDeadline, run, step.step});
}

void Engine::State::arm_start(RunId run, LiveStep& step, int64_t from_ms) {
  if (step.options->schedule_to_start_ms < 0) return;
  step.start = timers.arm(from_ms + step.options->schedule_to_start_ms, step.position,
                          {TimerUse::StepStart, run, step.step});
}

/// Nothing is to happen to the step any more.
void Engine::State::let_go(RunId run, LiveStep& step) {
  for (TimerKey* key : {&step.retry, &step.deadline, &step.start, &step.progress_due})
    timers.drop(*key);
  if (step.queue != nullptr) {
    step.queue->waiting.erase({step.position, run.value, step.step.value});
    step.queue = nullptr;
  }
  if (!step.running) return;
  timers.drop(step.running->timeout);
  timers.drop(step.running->heartbeat);
}

void Engine::State::dispatch(RunId run, StepId number) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end()) return;  // cancelled before it began
  LiveStep& step = *found->second;
  if (step.running && !step.running->begun) return begin_attempt(*entry, step);
  WF_CHECK(!step.running);
  if (entry->in_burst) return entry->held.push_back(number);
  TaskQueue& queue = queue_of(*entry, step);
  if (queue.unlimited()) return take_slot(*entry, step, queue);
  wait_in(queue, run, step);  // serve_queues() gives it its turn
}

/// It may begin: at once, or, if it must not be repeated after a crash, once the journal knows.
void Engine::State::take_slot(LiveRunEntry& entry, LiveStep& step, TaskQueue& queue) {
  timers.drop(step.start);
  step.running = std::make_shared<Attempt>();
  step.running->number = step.attempt;
  step.running->slot = Slot(queue);
  if (!step.options->at_most_once) return begin_attempt(entry, step);
  Record note;
  note.type = RecordType::StepDispatched;
  note.run = entry.number;
  note.step = step.step.value;
  note.time = services.clock.now_ms();
  note.number = step.attempt;
  journal.append(note);
  queue_dispatch(entry.number, step.step, journal.appended());
}

void Engine::State::begin_attempt(LiveRunEntry& entry, LiveStep& step) {
  step.dispatched = true;
  Attempt& attempt = *step.running;
  attempt.begun = true;
  attempt.last_beat_ms = services.clock.now_ms();
  const auto arm = [&](int64_t ms, TimerUse use) {
    return ms < 0 ? TimerKey{}
                  : timers.arm(attempt.last_beat_ms + ms, journal.appended().value,
                               {use, entry.number, step.step});
  };
  attempt.timeout = arm(step.options->start_to_close_ms, TimerUse::StepTimeout);
  attempt.heartbeat = arm(step.options->heartbeat_ms, TimerUse::Heartbeat);
  perform(entry.number, step, step.running);
}

/// Starts a fiber for the attempt; everything it needs is copied, since the run may be gone before
/// it ends.
void Engine::State::perform(RunId run, LiveStep& step, std::shared_ptr<Attempt> attempt) {
  const StepId number = step.step;
  if (services.interference != nullptr) {
    std::string error = services.interference->failure(label_of(run, step), attempt->number);
    if (!error.empty()) {
      carriers.start([this, run, number, attempt, error = std::move(error)] {
        attempt_ended(run, number, attempt, {StepStatus::Failed, error});
      });
      return;
    }
  }
  if (is_served(step.name)) {
    StepServer::Call call{run.value, number.value, attempt->number, 0, step.name, step.arguments};
    carriers.start([this, run, number, attempt, call = std::move(call)] {
      attempt_ended(run, number, attempt, run_served(call, attempt));
    });
    return;
  }
  const std::string key = fmt::format("{}/{}", run.value, number.value);
  if (step.kind == StepKind::Effect) {
    EffectCall call;
    const Builtin* builtin = find_named(step.name);
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
  call.progress = step.progress;
  call.heap_limit_bytes = limits.heap_bytes;
  carriers.start([this, run, number, attempt, image = setup.image, call = std::move(call)] {
    AttemptWorld world(*this, run, number, attempt);
    attempt_ended(run, number, attempt, run_activity(call, image, world));
  });
}

/// The placeholder of a secret; none where the variable is not set.
std::optional<std::string> Engine::State::secret(const std::string& name) {
  salt_secrets();
  return secrets.read(name);
}

void Engine::State::salt_secrets() {
  if (secrets.has_salt()) return;
  auto first = journal.record_at(Lsn{1});
  secrets.set_salt(first ? first->number : 0);
}

bool Engine::State::is_served(const std::string& name) const {
  return services.server != nullptr && services.server->serves(name);
}

/// Waits for the server's answer, or to be cancelled; an answer that comes later counts for nothing.
EffectOutcome Engine::State::run_served(const StepServer::Call& call,
                                        const std::shared_ptr<Attempt>& attempt) {
  struct Waiting {
    std::optional<EffectOutcome> outcome;
    FiberGate* gate = nullptr;
  };
  auto waiting = std::make_shared<Waiting>();
  FiberGate gate(carriers);
  waiting->gate = &gate;
  attempt->sleeping = &gate;
  services.server->serve(call, [waiting](EffectOutcome outcome) {
    waiting->outcome = std::move(outcome);
    if (waiting->gate != nullptr) waiting->gate->open();
  });
  if (!waiting->outcome && !attempt->token.cancelled()) gate.wait();
  waiting->gate = nullptr;
  attempt->sleeping = nullptr;
  if (waiting->outcome) return std::move(*waiting->outcome);
  return {StepStatus::Cancelled, error_cbor("Cancelled", call.name + " was cancelled")};
}

/// Blocks the fiber, not the thread.
EffectOutcome Engine::State::run_blocking(const EffectCall& call,
                                          const std::shared_ptr<Attempt>& attempt) {
  if (attempt->token.cancelled()) {
    return {StepStatus::Cancelled, error_cbor("Cancelled", "cancelled before it began")};
  }
  FiberGate done(carriers);
  EffectOutcome outcome;
  salt_secrets();
  pool->submit([&] {
    outcome = run_with_secrets(services.effects, secrets, call, attempt->token);
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

/// What to say of a time-out.
std::string timeout_error(const LiveStep& step, const char* option, uint64_t attempt) {
  const StepOptions& options = *step.options;
  const std::string_view name = option;
  std::string text;
  if (name == "start_to_close_timeout") {
    text = fmt::format("attempt {} of {} took longer than its start_to_close_timeout of {}",
                       attempt, step.name, duration_text(options.start_to_close_ms));
  } else if (name == "heartbeat_timeout") {
    text = fmt::format("attempt {} of {} gave no heartbeat for its heartbeat_timeout of {}",
                       attempt, step.name, duration_text(options.heartbeat_ms));
  } else if (name == "schedule_to_start_timeout") {
    text = fmt::format("{} did not begin within its schedule_to_start_timeout of {}", step.name,
                       duration_text(options.schedule_to_start_ms));
    if (step.queue != nullptr) text += ": " + step.queue->why(step.name);
  } else {
    text = fmt::format("{} took longer than its schedule_to_close_timeout of {}", step.name,
                       duration_text(options.schedule_to_close_ms));
    if (step.queue != nullptr) text += ": " + step.queue->why(step.name);
    if (!step.last_error.empty())
      text += "; its last attempt failed: " + read_error(step.last_error).message;
  }
  return error_cbor("Timeout", text);
}

/// On the attempt's fiber, as the last thing that it does.
void Engine::State::attempt_ended(RunId run, StepId number, const std::shared_ptr<Attempt>& attempt,
                                  EffectOutcome outcome) {
  timers.drop(attempt->timeout);
  timers.drop(attempt->heartbeat);
  attempt->slot.give_back();
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end() || found->second->running != attempt) return;
  LiveStep& step = *found->second;
  step.running = nullptr;
  if (attempt->timed_out != nullptr && !step.cancelled) {
    step.unknown = true;
    return attempt_failed(*entry, step, timeout_error(step, attempt->timed_out, attempt->number));
  }
  if (outcome.status == StepStatus::Completed) {
    return end_step(*entry, number, StepStatus::Completed, std::move(outcome.value));
  }
  if (step.cancelled) {
    step.unknown = true;
    return end_step(*entry, number, StepStatus::Cancelled, std::move(outcome.value));
  }
  step.unknown = step.unknown || outcome.unknown;
  attempt_failed(*entry, step, outcome.value);
}

void Engine::State::attempt_failed(LiveRunEntry& entry, LiveStep& step, const std::string& error) {
  const RetryPolicy& retry = step.options->retry;
  const int64_t due = services.clock.now_ms() + retry.backoff_ms(step.attempt);
  const int64_t limit = step.options->schedule_to_close_ms;
  const bool too_late = limit >= 0 && due >= step.scheduled_ms + limit;
  const bool never_again = step.options->at_most_once && step.unknown;
  if (too_late || never_again || !retry.retries(step.attempt, read_error(error).kind)) {
    return end_step(entry, step.step, StepStatus::Failed, error);
  }
  if (step.progress_due) note_progress(entry.number, step);
  Record note;
  note.type = RecordType::AttemptFailed;
  note.run = entry.number;
  note.step = step.step.value;
  note.time = due;
  note.kind = step.unknown ? kOutcomeUnknown : 0;
  note.number = step.attempt;
  note.value = error;
  const Lsn at = journal.append(note);
  ++step.attempt;
  step.dispatched = false;
  step.position = at.value;
  step.last_error = error;
  step.retry = timers.arm(note.time, at.value, {TimerUse::StepRetry, entry.number, step.step});
}

void Engine::State::end_step(LiveRunEntry& entry, StepId step, StepStatus status,
                             std::string value) {
  const bool unknown = entry.steps.at(step.value)->unknown && status != StepStatus::Completed;
  let_go(entry.number, *entry.steps.at(step.value));
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
  if (step.running && step.running->begun) return cancel_attempt(*step.running);
  const bool dispatched = step.dispatched && step.burst != entry.burst;  // before a crash
  step.unknown = step.unknown || dispatched;
  std::string error = error_cbor(
      "Cancelled",
      dispatched
          ? fmt::format("{} was cancelled; whether it had its effect is not known", step.name)
          : fmt::format("{} was cancelled before it began", step.name));
  end_step(entry, number, StepStatus::Cancelled, std::move(error));
}

void Engine::State::time_out_attempt(RunId run, StepId number, const char* option) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr) return;
  auto found = entry->steps.find(number.value);
  if (found == entry->steps.end() || !found->second->running) return;
  Attempt& attempt = *found->second->running;
  if (attempt.timed_out == nullptr) attempt.timed_out = option;
  cancel_attempt(attempt);
}

/// All of its time is over, or it has waited too long for its turn: there is no other attempt.
void Engine::State::time_out_step(RunId run, StepId number, bool to_start) {
  LiveRunEntry* entry = find(run);
  if (entry == nullptr || !entry->steps.contains(number.value)) return;
  LiveStep& step = *entry->steps.at(number.value);
  const char* option = to_start ? "schedule_to_start_timeout" : "schedule_to_close_timeout";
  if (step.running && step.running->begun) return time_out_attempt(run, number, option);
  step.unknown = step.unknown || step.dispatched;  // before a crash
  end_step(*entry, number, StepStatus::Failed, timeout_error(step, option, step.attempt));
}

/// The engine died between its dispatch and its end, and it must not be done twice.
void Engine::State::lose_outcome(LiveRunEntry& entry, StepId number) {
  LiveStep& step = *entry.steps.at(number.value);
  step.unknown = true;
  const Builtin* effect = step.kind == StepKind::Effect ? find_named(step.name) : nullptr;
  const std::string_view module = effect != nullptr ? effect->module : "";
  const char* kind = module == "http"   ? "HttpError"
                     : module == "exec" ? "ExecError"
                     : module == "file" ? "IoError"
                                        : "Error";
  end_step(entry, number, StepStatus::Failed,
           error_cbor(
               kind, fmt::format(
                         "{} was in progress when the engine stopped; whether it had its effect is "
                         "not known, and at_most_once forbids to repeat it",
                         step.name)));
}

}  // namespace wakeful
