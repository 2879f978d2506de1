// Queues and their slots: first come, first served, by the place in the journal. What waits for a
// queue that nobody serves is said once, after a second.
#include "runtime/engine/queues.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/state.h"

namespace wakeful {

namespace {

constexpr const char* kDefaultQueue = "default";
constexpr int64_t kWarnAfterMs = 1'000;

}  // namespace

std::string TaskQueue::why(const std::string& activity) const {
  if (worker) return fmt::format("no worker serves activity {} (queue {})", activity, name);
  if (slots == 0) return fmt::format("nobody serves queue {}: --queue {}=N would", name, name);
  return fmt::format("a slot of queue {}, {} of {} taken", name, taken, slots);
}

TaskQueue& Engine::State::queue_named(const std::string& name, bool worker) {
  auto [found, fresh] = queues.try_emplace({name, worker});
  TaskQueue& queue = found->second;
  if (!fresh) return queue;
  queue.name = name;
  queue.worker = worker;
  queue.number = queues.size();
  if (services.server != nullptr) {  // in a test nobody waits for a slot or a worker
    queue.slots = SIZE_MAX;
    return queue;
  }
  auto served = limits.queues.find(name);
  if (worker) return queue;
  if (served != limits.queues.end()) {
    queue.slots = served->second;
  } else if (name == kDefaultQueue || services.server != nullptr) {  // a test serves all of them
    queue.slots = SIZE_MAX;
  }
  return queue;
}

/// That of the step, else that of its run. An activity without a body is a worker's, unless a test
/// mocks it.
TaskQueue& Engine::State::queue_of(const LiveRunEntry& entry, const LiveStep& step) {
  const Program& program = entry.setup().image->program();
  bool worker = false;
  if (step.kind == StepKind::Activity && !is_served(step.name)) {
    const int index = program.find_activity(step.name);
    worker = index >= 0 && program.activities[static_cast<size_t>(index)].function < 0;
  }
  if (!step.options->task_queue.empty()) return queue_named(step.options->task_queue, worker);
  const bool own = entry.options && !entry.options->task_queue.empty();
  return queue_named(own ? entry.options->task_queue : kDefaultQueue, worker);
}

/// Whether a run that has not begun waits for its queue to be served. One that is asked to end
/// begins, so that it can.
bool Engine::State::parks(LiveRunEntry& entry) {
  if (entry.run || !entry.options || entry.options->task_queue.empty()) return false;
  for (size_t i = entry.pending_at; i < entry.pending.size(); ++i) {
    const RecordType type = entry.pending[i].type;
    if (type == RecordType::CancelRequested || type == RecordType::RunTimedOut) return false;
  }
  return queue_named(entry.options->task_queue, false).slots == 0;
}

void Engine::State::wait_in(TaskQueue& queue, RunId run, LiveStep& step) {
  step.queue = &queue;
  queue.waiting.emplace(step.position, run.value, step.step.value);
  expect_warning(queue);
}

bool Engine::State::can_serve() const {
  return std::any_of(queues.begin(), queues.end(), [](const auto& row) {
    return row.second.taken < row.second.slots && !row.second.waiting.empty();
  });
}

void Engine::State::serve_queues() {
  for (auto& [key, queue] : queues) {
    while (queue.taken < queue.slots && !queue.waiting.empty()) {
      const auto [position, run, number] = *queue.waiting.begin();
      queue.waiting.erase(queue.waiting.begin());
      LiveRunEntry& entry = *find(RunId{run});
      LiveStep& step = *entry.steps.at(number);
      step.queue = nullptr;
      take_slot(entry, step, queue);
    }
  }
}

void Engine::State::expect_warning(TaskQueue& queue) {
  if (queue.slots != 0 || queue.warned || queue.warning) return;
  queue.warning = timers.arm(services.clock.now_ms() + kWarnAfterMs, journal.appended().value,
                             {TimerUse::QueueWarning, RunId{}, StepId{queue.number}});
}

void Engine::State::warn_of(uint64_t number) {
  auto found = std::find_if(queues.begin(), queues.end(),
                            [&](const auto& row) { return row.second.number == number; });
  TaskQueue& queue = found->second;
  queue.warning = {};
  if (queue.waiting.empty() && queue.parked.empty()) return;
  queue.warned = true;
  RunId first;
  std::string step = "the run";
  if (queue.waiting.empty()) {
    first = RunId{*queue.parked.begin()};
  } else {
    const auto [position, run, number] = *queue.waiting.begin();
    first = RunId{run};
    step = find(first)->steps.at(number)->name;
  }
  const size_t others = queue.waiting.size() + queue.parked.size() - 1;
  const std::string more = others > 0 ? fmt::format(" and {} more", others) : "";
  const std::string& id = find(first)->setup().id;
  if (queue.worker) {
    output.warn(
        fmt::format("no worker serves activity {} (queue {}): {}{} waits for one; give the "
                    "activity a body, or end the run with "
                    "wf cancel",
                    step, queue.name, id, more));
  } else {
    output.warn(fmt::format(
        "nobody serves queue {0}: {1} of {2}{3} waits; stop, and go on with --queue {0}=N, which "
        "serves it with N slots",
        queue.name, step, id, more));
  }
}

}  // namespace wakeful
