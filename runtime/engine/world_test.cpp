#include "runtime/engine/world_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "lang/compile/compile.h"
#include "runtime/replay/replay.h"
#include "runtime/values/codec.h"

namespace wakeful::testing {

namespace {

std::string cbor(const std::string& json) {
  Heap heap;
  Value value;
  std::string error, bytes;
  REQUIRE(from_json(heap, json, value, error));
  REQUIRE(!to_cbor(value, bytes));
  return bytes;
}

std::string error_value(const std::string& kind, const std::string& message) {
  Heap heap;
  std::string bytes;
  to_cbor(Value::of(make_error(heap, kind, message)), bytes);
  return bytes;
}

std::string text_of(const std::string& bytes) {
  Heap heap;
  Value value;
  std::string error, text;
  REQUIRE(from_cbor(heap, bytes, value, error));
  if (!value.is(Tag::Error)) return cbor_to_json(bytes);
  append_text(text, value);
  return text;
}

/// Compiled once a script: the same bytes every time.
const Program& program_of(const std::string& script) {
  static std::map<std::string, Program> programs;
  auto found = programs.find(script);
  if (found != programs.end()) return found->second;
  Compiled compiled =
      compile("main.wf", [&](const std::string& path) -> std::optional<std::string> {
        if (path == "main.wf") return script;
        return std::nullopt;
      });
  INFO(script);
  REQUIRE(compiled.program);
  return programs.emplace(script, *compiled.program).first->second;
}

/// A store that others use too.
class SharedStore final : public Store {
 public:
  explicit SharedStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  Result<void> commit(const Commit& commit) override { return store_->commit(commit); }
  Result<std::optional<std::pair<Lsn, std::string>>> group_at(Lsn at) const override {
    return store_->group_at(at);
  }
  Result<void> scan(Lsn from, const std::function<bool(Lsn, std::string_view)>& f) const override {
    return store_->scan(from, f);
  }
  Result<std::optional<std::string>> program(const std::string& hash) const override {
    return store_->program(hash);
  }
  Result<std::optional<std::string>> run_table() const override { return store_->run_table(); }
  Lsn end() const override { return store_->end(); }

 private:
  std::shared_ptr<Store> store_;
};

class Collector final : public EngineOutput {
 public:
  explicit Collector(Journal& journal) : journal_(journal) {}
  void print(const std::string& text) override {
    lines.push_back({text, journal_.durable().value});
  }
  void log(RunId, const char* level, const std::string& message,
           const std::string& fields) override {
    print(fmt::format("[{}] {}{}", level, message, fields));
  }
  void run_ended(const RunInfo& info) override { ended.push_back(info); }
  void warn(const std::string& message) override { print("warning: " + message); }
  std::vector<Line> lines;
  std::vector<RunInfo> ended;

 private:
  Journal& journal_;
};

/// Every run of the store replays without a difference.
std::string replay_all(const Journal& journal) {
  for (const RunInfo* info : journal.runs()) {
    auto bytes = journal.program(std::string(info->program));
    if (!bytes) return bytes.error().message;
    auto program = deserialise(*bytes);
    if (!program) return program.error().message;
    program->hash = info->program;
    auto replayed = replay(journal, info->number, std::make_shared<Image>(std::move(*program)));
    if (!replayed) return fmt::format("run {}: {}", info->id, replayed.error().message);
    if (replayed->difference)
      return fmt::format("run {}: {}", info->id, replayed->difference->message());
    if (info->status != RunStatus::Terminated && replayed->run->status() != info->status) {
      return fmt::format("run {}: replay ended otherwise", info->id);
    }
  }
  return "";
}

}  // namespace

int64_t VirtualClock::wait_ms(int64_t due_ms, bool idle) {
  if (frozen || (!idle && !(hanging && hanging()))) return std::min<int64_t>(due_ms - now, 1);
  now = std::max(now, due_ms);
  return 0;
}

EffectOutcome MadeUpEffects::run(const EffectCall& call, CancelToken& token) {
  ++running_;
  Heap heap;
  Value args;
  std::string error;
  from_cbor(heap, call.args, args, error);
  const std::string path(args.list()->begin()[0].string()->view());
  size_t before = 0;
  {
    std::lock_guard lock(mutex_);
    before = static_cast<size_t>(
        std::count_if(calls_.begin(), calls_.end(), [&](const Call& c) { return c.path == path; }));
    calls_.push_back({path, call.key});
  }
  EffectOutcome outcome{StepStatus::Completed, cbor('"' + path + '"')};
  if (path == "fail" || (path.starts_with("flaky-") && before + 1 < std::stoul(path.substr(6)))) {
    outcome = {StepStatus::Failed, error_value("IoError", "no " + path)};
  } else if (path == "hang") {
    ++hanging_;
    while (!token.wait_ms(100)) {
    }
    --hanging_;
    outcome = {StepStatus::Cancelled, error_value("Cancelled", "cancelled")};
  }
  --running_;
  return outcome;
}

std::optional<std::string> MadeUpEffects::environment(const std::string& name) {
  auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

std::vector<MadeUpEffects::Call> MadeUpEffects::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

// --- the disk
// -----------------------------------------------------------------------------------------

Disk::Disk() : store_(open_memory_store()) {}

std::unique_ptr<Store> Disk::open() const { return std::make_unique<SharedStore>(store_); }

std::string Disk::log() const {
  std::string log;
  auto scanned = store_->scan(Lsn{1}, [&](Lsn, std::string_view group) {
    log += group;
    return true;
  });
  REQUIRE(scanned);
  return log;
}

std::vector<uint64_t> Disk::record_ends() const {
  std::vector<uint64_t> ends;
  const std::string bytes = log();
  for (size_t at = 0; at < bytes.size();) {
    size_t used = 0;
    REQUIRE(decode_record(std::string_view(bytes).substr(at), Lsn{at + 1}, used));
    at += used;
    ends.push_back(at);
  }
  return ends;
}

Disk Disk::cut(uint64_t bytes) const {
  Disk other;
  Commit commit;
  commit.first = Lsn{1};
  commit.group = log().substr(0, bytes);
  for (size_t at = 0; at < commit.group.size();) {
    size_t used = 0;
    auto record = decode_record(std::string_view(commit.group).substr(at), Lsn{at + 1}, used);
    REQUIRE(record);
    at += used;
    if (record->type != RecordType::RunStarted || record->program.empty()) continue;
    auto program = store_->program(record->program);
    REQUIRE((program && *program));
    commit.programs.emplace_back(record->program, **program);
  }
  if (bytes > 0) REQUIRE(other.store_->commit(commit));
  return other;
}

// --- sessions
// -----------------------------------------------------------------------------------------

std::vector<std::string> Session::texts() const {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(line.text);
  return texts;
}

namespace {

std::vector<std::string> step_ends(const Journal& journal) {
  std::vector<std::string> ends;
  const RunInfo* root = journal.find("root");
  if (root == nullptr) return ends;
  auto history = journal.history(root->number);
  REQUIRE(history);
  for (const auto& [at, record] : *history) {
    if (record.type != RecordType::StepEnded) continue;
    ends.push_back(fmt::format("{} {}{}", record.step,
                               status_name(static_cast<StepStatus>(record.kind)),
                               record.number == kOutcomeUnknown ? ", unknown" : ""));
  }
  std::sort(ends.begin(), ends.end());
  return ends;
}

}  // namespace

Session play(const std::string& script, const Disk& disk, const Act& act) {
  Session session;
  VirtualClock clock;
  CountingRandom random;
  MadeUpEffects effects;
  if (act.clock != 0) clock.now = act.clock;
  clock.cpu_step_us = act.cpu_step_us;
  clock.frozen = act.frozen;
  clock.hanging = [&] { return effects.all_hang(); };
  effects.variables = act.variables;
  auto opened = Journal::open(disk.open(), true);
  REQUIRE(opened);
  Journal& journal = **opened;
  Collector output(journal);
  {
    auto inbox = act.inbox ? act.inbox(journal) : nullptr;
    Engine engine(journal, output, {clock, random, effects, inbox.get()},
                  {.heap_bytes = act.heap_bytes, .queues = act.queues});
    RunId root;
    if (const RunInfo* info = journal.find("root")) {
      root = info->number;
      std::vector<RunId> open{root};
      for (const RunInfo* run : journal.runs()) {
        if (run->status == RunStatus::Running && run->number != root) open.push_back(run->number);
      }
      if (auto resumed = engine.resume(open); !resumed) session.problem = resumed.error().message;
    } else {
      auto started = engine.start(program_of(script), "main", "root", cbor(act.arguments));
      REQUIRE(started);
      root = *started;
    }
    if (act.before) act.before(engine, root);
    if (session.problem.empty() && act.work) {
      auto worked = engine.work_until_ended({root});
      if (!worked) session.problem = worked.error().message;
    }
    const RunInfo* ended = journal.find(root);
    if (session.problem.empty() && act.undo && ended->status == RunStatus::Completed &&
        !ended->undone) {
      REQUIRE(engine.undo(root));
      auto worked = engine.work_until_ended({root});
      if (!worked) session.problem = worked.error().message;
    }
    for (const RunInfo& info : output.ended) {
      if (info.number != root) continue;
      session.status = status_name(info.status);
      auto record = journal.record_at(info.last);
      REQUIRE(record);
      session.value = text_of(record->value);
    }
  }
  REQUIRE(journal.flush());
  session.ends = step_ends(journal);
  if (session.problem.empty()) session.problem = replay_all(journal);
  session.lines = std::move(output.lines);
  session.calls = effects.calls();
  session.clock = clock.now;
  return session;
}

namespace {

/// Lines of the resumed session: the end of all lines, and none missing that cannot have been out
/// before.
std::string compare_lines(const Session& whole, const Session& rest, uint64_t cut) {
  std::vector<std::string> all = whole.texts(), again = rest.texts();
  size_t due =
      static_cast<size_t>(std::count_if(whole.lines.begin(), whole.lines.end(),
                                        [&](const Line& l) { return l.released_at > cut + 1; }));
  if (again.size() < due) return fmt::format("{} lines instead of at least {}", again.size(), due);
  std::multiset<std::string> left(all.begin(), all.end());
  for (const std::string& line : again) {
    auto found = left.find(line);
    if (found == left.end()) return "a line too many: " + line;
    left.erase(found);
  }
  return "";
}

}  // namespace

std::string crash_everywhere(const std::string& script, const Act& act) {
  Disk disk;
  const Session whole = play(script, disk, act);
  if (!whole.problem.empty()) return whole.problem;
  std::set<std::string> keys;
  for (const auto& call : whole.calls) keys.insert(call.path + " " + call.key);
  std::vector<uint64_t> cuts = disk.record_ends();
  cuts.insert(cuts.begin(), 0);
  for (size_t i = 0; i < cuts.size(); ++i) {
    Act again = act;
    again.before = nullptr;
    const Session rest = play(script, disk.cut(cuts[i]), again);
    std::string where = fmt::format("cut after {} of {} records: ", i, cuts.size() - 1);
    if (rest() != whole()) return where + rest() + " instead of " + whole();
    if (rest.ends != whole.ends) {
      return where + fmt::format("steps ended [{}] instead of [{}]", fmt::join(rest.ends, "; "),
                                 fmt::join(whole.ends, "; "));
    }
    if (std::string wrong = compare_lines(whole, rest, cuts[i]); !wrong.empty())
      return where + wrong;
    for (const auto& call : rest.calls) {
      if (!keys.contains(call.path + " " + call.key))
        return where + "a new call of " + call.path + " " + call.key;
    }
  }
  return "";
}

}  // namespace wakeful::testing
