// The engine's door and its loop: durable → released and dispatched, due → fired, ready → carried,
// else asleep.
#include "runtime/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/recovery.h"
#include "runtime/engine/state.h"
#include "runtime/replay/run_setup.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

/// The wall clock may be set and the machine may sleep: so often is it looked at again.
constexpr int64_t kSleepUsMax = 60'000'000;
/// So often is an inbox looked at that cannot tell when something comes.
constexpr int64_t kInboxPollUs = 500'000;

}  // namespace

Engine::State::State(Journal& j, EngineOutput& o, Services s, Limits l)
    : journal(j),
      output(o),
      services(s),
      limits(std::move(l)),
      secrets(
          [&effects = s.effects](const std::string& name) { return effects.environment(name); }) {
  pool = std::make_unique<BlockingPool>(std::max<size_t>(limits.effects_at_once, 1));
  journal.on_durable([to = wakeup] { to->notify(); });
  if (services.inbox != nullptr) wakeup->watch(services.inbox->descriptor());
}

/// Attempts in progress are asked to end and waited for: their programs must not outlive the
/// engine, which will repeat their steps.
Engine::State::~State() {
  stopping = true;
  journal.on_durable(nullptr);
  while (!runs.empty()) drop_run(*runs.begin()->second);
  while (carriers.busy() > 0) {
    wakeup->drain();
    Carriers::yield();
    if (carriers.busy() > 0 && !carriers.runnable() && !wakeup->has_mail()) wakeup->sleep(-1);
  }
  pool.reset();
  wakeup->drain();
}

Result<std::shared_ptr<Image>> Engine::State::image_of(const std::string& hash) {
  if (auto found = images.find(hash); found != images.end()) return found->second;
  auto image = load_image(journal, hash);
  if (image) images.emplace(hash, *image);
  return image;
}

// --- the loop
// -----------------------------------------------------------------------------------------

Result<void> Engine::State::work(std::vector<RunId> awaited) {
  for (;;) {
    wakeup->drain();
    if (auto failed = journal.failure()) return tl::unexpected(*failed);
    if (wakeup->stop_requested()) stopping = true;
    release();
    while (!awaited.empty() && !runs.contains(awaited.back())) awaited.pop_back();
    if (awaited.empty() && gate.empty() && answers.empty() && taken.empty()) return {};
    if (stopping && gate.empty()) return stop();
    if (stopping) {
      wakeup->sleep(-1);
      continue;
    }
    read_inbox();
    fire_timers();
    tick();
    journal.hold();  // what the bursts of one turn append is one commit
    if (!ready.empty() && !carrying) {
      carrying = true;
      carriers.start([this] { carry_runs(); });
    }
    Carriers::yield();
    journal.let_go();
    if (services.interference != nullptr) (void)journal.flush();  // a failure is seen above
    if (ready.empty() && !carriers.runnable() && !can_release()) sleep_until_something_happens();
  }
}

/// Lets out what has become durable: lines, ends of runs, and the steps that were waiting for it.
void Engine::State::release() {
  const Lsn durable = journal.durable();
  while (gate.ready(durable)) {
    OutputGate::Item item = gate.take();
    for (const OutputLine& line : item.lines) OutputGate::write(output, item.run, line);
    if (item.last) {
      Record note;
      note.type = RecordType::Released;
      note.run = item.run;
      note.time = services.clock.now_ms();
      journal.append(note);
    }
    if (item.announce) output.run_ended(RunInfo(*journal.find(item.run)));
    LiveRunEntry* entry = find(item.run);
    if (entry == nullptr) continue;
    --entry->unreleased;
    if (entry->unreleased == 0 && !entry->in_burst && entry->has_event()) make_ready(*entry);
  }
  remove_taken_messages();
  while (!answers.empty() && answers.front().position <= durable) {
    Answer answer = std::move(answers.front());
    answers.pop_front();
    answer.done(answer.status, answer.value);
  }
  while (!dispatches.empty() && dispatches.front().position <= durable && !stopping) {
    Dispatch next = dispatches.front();
    dispatches.pop_front();
    if (puts_off(next)) continue;
    dispatch(next.run, next.step);
  }
  if (!stopping) serve_queues();
}

void Engine::State::fire_timers() {
  if (timers.count() == 0) return;
  const int64_t now = services.clock.now_ms();
  while (auto due = timers.take_due(now)) fire(due->second);
}

void Engine::State::fire(const TimerTarget& target) {
  LiveRunEntry* entry = find(target.run);
  PendingEvent event;
  switch (target.use) {
    case TimerUse::Step:
      if (entry == nullptr) return;
      entry->timers.erase(target.step.value);
      event.type = RecordType::TimerFired;
      event.step = target.step.value;
      return tell(*entry, std::move(event));
    case TimerUse::RunTimeout:
    case TimerUse::ExecutionTimeout:
      if (entry == nullptr) return;
      event.type = RecordType::RunTimedOut;
      event.name = target.use == TimerUse::RunTimeout ? "run_timeout" : "execution_timeout";
      return tell(*entry, std::move(event));
    case TimerUse::StepRetry: {
      if (entry == nullptr || !entry->steps.contains(target.step.value)) return;
      LiveStep& step = *entry->steps.at(target.step.value);
      arm_start(target.run, step, step.retry.due_ms);
      step.retry = {};
      return queue_dispatch(target.run, target.step, journal.appended());
    }
    case TimerUse::StepTimeout:
      return time_out_attempt(target.run, target.step, "start_to_close_timeout");
    case TimerUse::StepDeadline:
      return time_out_step(target.run, target.step, false);
    case TimerUse::StepStart:
      return time_out_step(target.run, target.step, true);
    case TimerUse::Heartbeat:
      return check_heartbeat(target.run, target.step);
    case TimerUse::Progress:
      if (entry == nullptr || !entry->steps.contains(target.step.value)) return;
      return note_progress(target.run, *entry->steps.at(target.step.value));
    case TimerUse::QueueWarning:
      return warn_of(target.step.value);
    case TimerUse::ChildRetry:
      return next_attempt(target.run, target.step);
    case TimerUse::AttemptSleep: {
      if (entry == nullptr) return;
      auto step = entry->steps.find(target.step.value);
      if (step == entry->steps.end() || !step->second->running) return;
      if (FiberGate* sleeping = step->second->running->sleeping) sleeping->open();
      return;
    }
  }
}

/// Something that release() would let out now: a timer may have asked for a step whose record is
/// durable long since.
bool Engine::State::can_release() const {
  const Lsn durable = journal.durable();
  return gate.ready(durable) || (!taken.empty() && taken.front().first <= durable) ||
         (!answers.empty() && answers.front().position <= durable) ||
         (!dispatches.empty() && dispatches.front().position <= durable);
}

void Engine::State::sleep_until_something_happens() {
  int64_t limit_us = kSleepUsMax;
  const bool idle = blocking == 0 && journal.durable() == journal.appended();
  // The last commit may have ended since release() looked.
  if (idle && (can_release() || take_up())) return;
  const auto due = timers.next_due_ms();
  if (!due && idle) services.clock.nothing_to_wait_for();
  if (due) {
    limit_us =
        std::clamp<int64_t>(services.clock.wait_ms(*due, idle), 0, kSleepUsMax / 1'000) * 1'000;
  }
  if (services.inbox != nullptr && services.inbox->descriptor() < 0)
    limit_us = std::min(limit_us, kInboxPollUs);
  if (tick_every_us > 0) {
    limit_us =
        std::min(limit_us, std::max<int64_t>(0, next_tick_us - services.clock.monotonic_us()));
  }
  wakeup->sleep(limit_us);
}

void Engine::State::tick() {
  if (tick_every_us <= 0 || services.clock.monotonic_us() < next_tick_us) return;
  on_tick();
  next_tick_us = services.clock.monotonic_us() + tick_every_us;
}

/// No step is begun any more, and no burst. Results of steps that have come in already are
/// journaled, one a run, so that those steps are not repeated; what they lead to is left to the
/// next session.
Result<void> Engine::State::stop() {
  Carriers::yield();  // attempts that have their answer come to their end
  for (auto& [number, entry] : runs) {
    if (!entry->run || entry->in_burst || !entry->has_event()) continue;
    if (entry->pending[entry->pending_at].type == RecordType::StepEnded) begin_burst(*entry);
  }
  auto flushed = journal.flush();
  if (flushed) remove_taken_messages();
  return flushed;
}

// --- the door
// -----------------------------------------------------------------------------------------

Engine::Engine(Journal& journal, EngineOutput& output, Services services, Limits limits)
    : state_(std::make_unique<State>(journal, output, services, limits)) {}

Engine::~Engine() = default;

Result<RunId> Engine::start(const Program& program, const std::string& workflow,
                            const std::string& id, const std::string& arguments) {
  State& s = *state_;
  const int index = program.find_workflow(workflow);
  if (index < 0)
    return fail(Fault::NotFound, fmt::format("the program has no workflow {}", workflow));
  const RunInfo* other = s.journal.find(id);
  if (other != nullptr && other->status == RunStatus::Running) {
    return fail(
        Fault::Usage,
        fmt::format("the id {} is held by the open run #{} of {}; go on with it (wf resume {}), "
                    "or give another --id",
                    id, other->number.value, other->workflow, id));
  }
  auto& image = s.images[program.hash];
  if (!image) image = std::make_shared<Image>(program);
  s.journal.put_program(program.hash, serialise(program));
  Record started;
  started.type = RecordType::RunStarted;
  started.run = s.journal.next_run_number();
  started.time = s.services.clock.now_ms();
  started.name = workflow;
  started.id = id;
  started.value = arguments;
  started.number = s.services.random.next();
  started.program = program.hash;
  started.kind = 1;
  const Constant& declared = program.workflows[static_cast<size_t>(index)].options;
  if (declared.kind == Constant::Kind::Map) to_cbor(image->materialise(declared), started.options);
  // The seed of a store's first run makes its placeholders of secrets.
  if (s.journal.appended() == Lsn{}) s.secrets.set_salt(started.number);
  s.journal.append(started);
  auto setup = std::make_unique<Run::Setup>();
  setup->number = started.run;
  setup->id = id;
  setup->workflow = workflow;
  setup->image = image;
  setup->arguments = arguments;
  setup->heap_limit_bytes = s.limits.heap_bytes;
  setup->started = started;
  const RunId number = setup->number;
  LiveRunEntry& entry = s.add_run(number, std::move(setup));
  entry.announce = true;
  if (!entry.unborn->started.options.empty())
    entry.options = s.options_cache.of(entry.unborn->started.options);
  s.arm_run_timeouts(entry, false);
  s.make_ready(entry);
  return number;
}

Result<void> Engine::resume(const std::vector<RunId>& runs) {
  return Recovery(*state_).resume(runs);
}

Result<void> Engine::cancel(RunId run, const std::string& reason) {
  LiveRunEntry* entry = state_->find(run);
  if (entry == nullptr)
    return fail(Fault::NotFound, fmt::format("run #{} is not open in this engine", run.value));
  state_->read_inbox();  // what was sent before is told before
  state_->request_cancel(*entry, CancelCause::User, text_cbor(reason));
  return {};
}

Result<void> Engine::terminate(RunId run, const std::string& reason) {
  LiveRunEntry* entry = state_->find(run);
  if (entry == nullptr)
    return fail(Fault::NotFound, fmt::format("run #{} is not open in this engine", run.value));
  state_->terminate(run, text_cbor(reason));
  return {};
}

Result<void> Engine::update(RunId run, const std::string& id, const std::string& name,
                            MessageForm form, std::string arguments, UpdateDone done) {
  return state_->send_update(run, id, name, form, std::move(arguments), std::move(done));
}

Result<void> Engine::work_until_ended(const std::vector<RunId>& runs) { return state_->work(runs); }
void Engine::request_stop() { state_->wakeup->request_stop(); }
bool Engine::stopped() const { return state_->wakeup->stop_requested(); }

void Engine::on_tick(int64_t every_ms, std::function<void()> callback) {
  state_->tick_every_us = callback ? every_ms * 1'000 : 0;
  state_->next_tick_us = state_->services.clock.monotonic_us() + state_->tick_every_us;
  state_->on_tick = std::move(callback);
}

std::vector<LiveRun> Engine::live(RunId root) const {
  constexpr size_t kDetailed =
      200;  // runs whose places of waiting are told: more than a screen holds
  std::vector<LiveRun> tree;
  std::vector<RunId> open{root};
  while (!open.empty()) {
    LiveRunEntry* entry = state_->find(open.back());
    open.pop_back();
    if (entry == nullptr) continue;
    LiveRun node;
    node.info = *state_->journal.find(entry->number);
    if (entry->run && tree.size() < kDetailed) node.waiting = entry->run->waiting();
    for (const auto& [number, step] : entry->steps) {
      if (!step->retry) continue;
      node.retries.push_back(
          {step->step, step->attempt, step->retry.due_ms, read_error(step->last_error).message});
    }
    for (const auto& [number, step] : entry->steps) {
      if (step->queue != nullptr)
        node.queued.push_back({step->step, step->queue->why(step->name), step->queue->slots == 0});
    }
    if (!entry->run && state_->parks(*entry)) {
      const TaskQueue& queue = state_->queue_named(entry->options->task_queue, false);
      node.queued.push_back({StepId{}, queue.why(""), true});
    }
    tree.push_back(std::move(node));
    std::vector<uint64_t> children;
    for (const auto& [step, child] : entry->children) children.push_back(child.value);
    std::sort(children.rbegin(), children.rend());
    for (uint64_t child : children) open.push_back(RunId{child});
  }
  return tree;
}

}  // namespace wakeful
