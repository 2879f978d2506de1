#include "runtime/testing/trial.h"

#include <algorithm>

#include "runtime/replay/replay.h"
#include "runtime/testing/mocks.h"
#include "runtime/testing/world.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

using Verdict = TestOutcome::Verdict;

constexpr const char* kInjected = "Injected";

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

bool is_kind(Value error, std::string_view kind) {
  const Value found = error.as<ErrorObject>()->kind;
  return found.is(Tag::String) && found.string()->view() == kind;
}

bool goes_back_to(Value error, std::string_view kind) {
  for (; error.is(Tag::Error); error = error.as<ErrorObject>()->cause)
    if (is_kind(error, kind)) return true;
  return false;
}

/// The errors of the blocks that failed, of each CompensationFailed in a chain of causes.
std::vector<Value> undo_failures(Value error) {
  std::vector<Value> all;
  for (; error.is(Tag::Error); error = error.as<ErrorObject>()->cause) {
    const Value data = error.as<ErrorObject>()->data;
    if (!is_kind(error, "CompensationFailed") || !data.is(Tag::Map)) continue;
    const Value* failures = map_find(data.map(), "failures");
    if (failures == nullptr || !failures->is(Tag::List)) continue;
    const Value* begin = failures->list()->begin();
    all.insert(all.end(), begin, begin + failures->list()->count);
  }
  return all;
}

/// Whether blocks of `compensate` failed by themselves, also in children; not where the step that
/// was to fail was one of theirs.
bool has_bad_undo(Value error) {
  std::vector<Value> open = undo_failures(error);
  while (!open.empty()) {
    const Value failure = open.back();
    open.pop_back();
    const std::vector<Value> inner = undo_failures(failure);
    if (inner.empty() && !goes_back_to(failure, kInjected)) return true;
    open.insert(open.end(), inner.begin(), inner.end());
  }
  return false;
}

/// The error of the first run of the store that could not undo what it did; "" where none is.
std::string bad_undo(const Journal& journal) {
  for (const RunInfo* info : journal.runs()) {
    auto record = journal.record_at(info->last);
    while (record && record->type == RecordType::Released && record->previous)
      record = journal.record_at(record->previous);
    if (!record || record->type != RecordType::RunEnded) continue;
    Heap heap;
    Value error;
    std::string unreadable;
    if (from_cbor(heap, record->value, error, unreadable) && has_bad_undo(error))
      return record->value;
  }
  return "";
}

/// Starts the test, or goes on with it: then the engine asks for mocks at once.
Result<RunId> begin(Engine& engine, const Journal& journal, const Program& program,
                    const TestCase& test, Mocks& mocks) {
  const RunInfo* info = journal.find("test");
  if (info == nullptr) {
    Heap heap;
    std::string no_arguments;
    to_cbor(Value::of(make_list(heap)), no_arguments);
    auto started = engine.start(program, test.workflow, "test", no_arguments);
    if (started) mocks.attach(&engine, *started);
    return started;
  }
  const RunId root = info->number;
  mocks.attach(&engine, root);
  std::vector<RunId> open{root};
  for (const RunInfo* run : journal.runs())
    if (run->status == RunStatus::Running && run->number != root) open.push_back(run->number);
  if (auto resumed = engine.resume(open); !resumed) return tl::unexpected(resumed.error());
  return root;
}

/// One life of a process. False: it died, and another one must go on.
bool live(const Program& program, const TestCase& test, const std::shared_ptr<Store>& store,
          std::optional<uint64_t> crash, Trial& trial, TestOutcome& outcome) {
  const LogFacts before = read_log(*store);
  auto opened = Journal::open(std::make_unique<SessionStore>(store, crash), true);
  WF_CHECK(opened);
  Journal& journal = **opened;
  VirtualClock clock(before.last_ms);
  CountingRandom random(before.starts);
  TestLines output;
  Mocks mocks(program, test, journal);
  Result<void> worked;
  {
    Engine engine(journal, output, {clock, random, system_effects(), nullptr, &mocks, &trial}, {});
    clock.engine = &engine;
    const auto root = begin(engine, journal, program, test, mocks);
    worked = root ? engine.work_until_ended({*root}) : tl::unexpected(root.error());
    if (worked) judge(journal, *root, engine, clock.stuck, outcome);
  }
  for (std::string& line : output.lines) outcome.lines.push_back(std::move(line));
  outcome.virtual_ms = clock.now - kTestBeginMs;
  if (!worked && crash) return false;
  if (worked) {
    outcome.problem += replay_all(journal, std::make_shared<Image>(program));
    trial.undo_failure = bad_undo(journal);
  } else {
    outcome.problem = worked.error().message;
  }
  if (!outcome.problem.empty()) outcome.verdict = Verdict::Broken;
  return true;
}

}  // namespace

bool Trial::chosen(Schedule::Kind kind, uint64_t at) const {
  if (schedule_ == nullptr || schedule_->kind != kind) return false;
  for (const Schedule::Choice& choice : schedule_->choices)
    if (choice.at == at) return true;
  return false;
}

bool Trial::put_off(const std::string& what) {
  could_wait_.push_back(what);
  return chosen(Schedule::Kind::Order, could_wait_.size() - 1);
}

std::string Trial::failure(const std::string& what, uint64_t attempt) {
  std::string bytes;
  if (attempt != 1) return bytes;
  could_fail_.push_back(what);
  if (!chosen(Schedule::Kind::Failure, could_fail_.size() - 1)) return bytes;
  Heap heap;
  to_cbor(Value::of(make_error(heap, kInjected, "the exploration lets this attempt fail")), bytes);
  return bytes;
}

std::optional<uint64_t> Trial::crash() const {
  if (schedule_ == nullptr || schedule_->kind != Schedule::Kind::Crash ||
      schedule_->choices.empty())
    return std::nullopt;
  return schedule_->choices.front().at;
}

TestOutcome run_trial(const Program& program, const TestCase& test, Trial& trial) {
  TestOutcome outcome;
  const int64_t began = system_clock().monotonic_us();
  const std::shared_ptr<Store> store = open_memory_store();
  if (!live(program, test, store, trial.crash(), trial, outcome))
    live(program, test, store, std::nullopt, trial, outcome);
  const LogFacts facts = read_log(*store);
  trial.records = facts.records;
  trial.log_hash = facts.hash;
  outcome.real_us = system_clock().monotonic_us() - began;
  return outcome;
}

TestOutcome run_test(const Compiled& compiled, const TestCase& test) {
  Trial trial;
  return run_trial(program_for(compiled, test), test, trial);
}

}  // namespace wakeful
