#include "runtime/engine/engine.h"
#include "runtime/replay/replay.h"
#include "runtime/testing/mocks.h"
#include "runtime/testing/testing.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

constexpr int64_t kBeginMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
/// A test that is still busy then waits in a loop for something that never comes.
constexpr int64_t kLongestMs = int64_t{100} * 365 * 24 * 3600 * 1000;

/// Goes to the next due time whenever nothing else is in progress.
class VirtualClock final : public Clock {
 public:
  int64_t now_ms() override { return now; }
  int64_t monotonic_us() override { return system_clock().monotonic_us(); }
  int64_t thread_cpu_us() override { return system_clock().thread_cpu_us(); }
  int64_t wait_ms(int64_t due_ms, bool idle) override {
    if (!idle) return 1;  // an effect that really runs: it ends when it ends
    if (due_ms - kBeginMs > kLongestMs) {
      nothing_to_wait_for();
      return 1;
    }
    now = std::max(now, due_ms);
    return 0;
  }
  void nothing_to_wait_for() override {
    stuck = true;
    engine->request_stop();
  }

  int64_t now = kBeginMs;
  bool stuck = false;
  Engine* engine = nullptr;
};

/// The same numbers in every run of a test.
class CountingRandom final : public RandomSource {
 public:
  uint64_t next() override {  // splitmix64
    uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }

 private:
  uint64_t state_ = 1;
};

class Lines final : public EngineOutput {
 public:
  void print(const std::string& text) override { lines.push_back(text); }
  void log(RunId, const char* level, const std::string& message,
           const std::string& fields) override {
    const std::string shown = fields.empty() || fields == "{}" ? "" : " " + fields;
    lines.push_back("[" + std::string(level) + "] " + message + shown);
  }
  void run_ended(const RunInfo&) override {}
  void warn(const std::string& message) override { lines.push_back("warning: " + message); }
  std::vector<std::string> lines;
};

/// Every run of the store replays without a difference: a test is one of replay too.
std::string replay_all(const Journal& journal, const std::shared_ptr<Image>& image) {
  for (const RunInfo* info : journal.runs()) {
    auto replayed = replay(journal, info->number, image);
    if (!replayed) return info->id + ": " + replayed.error().message;
    if (replayed->difference) return info->id + ": " + replayed->difference->message();
  }
  return "";
}

void judge(const Journal& journal, RunId root, const Engine& engine, bool stuck,
           TestOutcome& outcome) {
  using Verdict = TestOutcome::Verdict;
  const RunInfo info = *journal.find(root);
  if (info.status == RunStatus::Completed) return;
  if (info.status == RunStatus::Running) {
    outcome.verdict = stuck ? Verdict::Stuck : Verdict::Broken;
    if (!stuck) outcome.problem = "the engine stopped before the test had ended";
    for (const LiveRun& run : engine.live(root)) {
      for (const WaitingPlace& place : run.waiting) outcome.waiting.push_back({run.info.id, place});
    }
    return;
  }
  outcome.verdict = Verdict::Failed;
  auto record = journal.record_at(info.last);
  if (record) outcome.error = record->value;
}

}  // namespace

TestOutcome run_test(const Compiled& compiled, const TestCase& test) {
  TestOutcome outcome;
  const int64_t began = system_clock().monotonic_us();
  const Program program = program_for(compiled, test);
  auto opened = Journal::open(open_memory_store(), true);
  WF_CHECK(opened);
  Journal& journal = **opened;
  VirtualClock clock;
  CountingRandom random;
  Lines output;
  Mocks mocks(program, test, journal);
  {
    Engine engine(journal, output, {clock, random, system_effects(), nullptr, &mocks}, {});
    clock.engine = &engine;
    Heap heap;
    std::string no_arguments;
    to_cbor(Value::of(make_list(heap)), no_arguments);
    auto started = engine.start(program, test.workflow, "test", no_arguments);
    WF_CHECK(started);
    mocks.attach(&engine, *started);
    auto worked = engine.work_until_ended({*started});
    if (worked) {
      judge(journal, *started, engine, clock.stuck, outcome);
    } else {
      outcome.verdict = TestOutcome::Verdict::Broken;
      outcome.problem = worked.error().message;
    }
  }
  if (outcome.problem.empty()) {
    outcome.problem = replay_all(journal, std::make_shared<Image>(program));
    if (!outcome.problem.empty()) outcome.verdict = TestOutcome::Verdict::Broken;
  }
  outcome.lines = std::move(output.lines);
  outcome.virtual_ms = clock.now - kBeginMs;
  outcome.real_us = system_clock().monotonic_us() - began;
  return outcome;
}

}  // namespace wakeful
