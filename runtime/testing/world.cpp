#include "runtime/testing/world.h"

#include <algorithm>

namespace wakeful {

namespace {

/// A test that is still busy then waits in a loop for something that never comes.
constexpr int64_t kLongestMs = int64_t{100} * 365 * 24 * 3600 * 1000;

/// Calls `f` with the records of a stretch of the log; it gives false to stop. The bytes behind the
/// last one that it wanted.
size_t each_record(std::string_view group, Lsn first, const std::function<bool(const Record&)>& f) {
  size_t at = 0;
  while (at < group.size()) {
    size_t used = 0;
    const auto record = decode_record(group.substr(at), Lsn{first.value + at}, used);
    if (!record || !f(*record)) break;
    at += used;
  }
  return at;
}

}  // namespace

int64_t VirtualClock::wait_ms(int64_t due_ms, bool idle) {
  if (!idle) return 1;  // an effect that really runs: it ends when it ends
  if (due_ms - kTestBeginMs > kLongestMs) {
    nothing_to_wait_for();
    return 1;
  }
  now = std::max(now, due_ms);
  return 0;
}

void VirtualClock::nothing_to_wait_for() {
  stuck = true;
  engine->request_stop();
}

uint64_t CountingRandom::next() {  // splitmix64
  uint64_t x = state_ += kStep;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void TestLines::log(RunId, const char* level, const std::string& message,
                    const std::string& fields) {
  const std::string shown = fields.empty() || fields == "{}" ? "" : " " + fields;
  lines.push_back("[" + std::string(level) + "] " + message + shown);
}

Result<void> SessionStore::commit(const Commit& commit) {
  if (!crash_after_) return store_->commit(commit);
  const size_t kept = each_record(commit.group, commit.first,
                                  [this](const Record&) { return records_++ < *crash_after_; });
  if (kept == commit.group.size()) return store_->commit(commit);
  Commit part = commit;
  part.group.resize(kept);
  part.run_table.reset();  // it is good for the whole group only
  if (kept > 0)
    if (auto done = store_->commit(part); !done) return done;
  return fail(Fault::Store, "the process is to end here");
}

LogFacts read_log(const Store& store) {
  LogFacts facts;
  std::string log;
  const auto scanned = store.scan(Lsn{1}, [&](Lsn first, std::string_view group) {
    log += group;
    each_record(group, first, [&](const Record& record) {
      ++facts.records;
      facts.starts += record.type == RecordType::RunStarted;
      if (class_of(record.type) == RecordClass::Event)
        facts.last_ms = std::max(facts.last_ms, record.time);
      return true;
    });
    return true;
  });
  WF_CHECK(scanned);
  facts.hash = std::hash<std::string>{}(log);
  return facts;
}

}  // namespace wakeful
