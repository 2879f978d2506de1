// The world of a test: a clock, randomness and a store that are its own.
#pragma once

#include <memory>

#include "runtime/engine/engine.h"

namespace wakeful {

inline constexpr int64_t kTestBeginMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

/// Goes to the next due time whenever nothing else is in progress.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(int64_t begin_ms) : now(begin_ms) {}
  int64_t now_ms() override { return now; }
  /// Stands still: how fast the machine is makes no difference to what happens when.
  int64_t monotonic_us() override { return 0; }
  int64_t thread_cpu_us() override { return system_clock().thread_cpu_us(); }
  int64_t wait_ms(int64_t due_ms, bool idle) override;
  void nothing_to_wait_for() override;

  int64_t now;
  bool stuck = false;
  Engine* engine = nullptr;
};

/// The same numbers in every run of a test.
class CountingRandom final : public RandomSource {
 public:
  /// Goes on behind so many numbers.
  explicit CountingRandom(uint64_t used) : state_(1 + used * kStep) {}
  uint64_t next() override;

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15u;
  uint64_t state_;
};

class TestLines final : public EngineOutput {
 public:
  void print(const std::string& text) override { lines.push_back(text); }
  void log(RunId run, const char* level, const std::string& message,
           const std::string& fields) override;
  void run_ended(const RunInfo&) override {}
  void warn(const std::string& message) override { lines.push_back("warning: " + message); }
  std::vector<std::string> lines;
};

/// A store that outlives the sessions that use it, and may end one of them: after a number of
/// records no commit succeeds any more, as if the process had died.
class SessionStore final : public Store {
 public:
  explicit SessionStore(std::shared_ptr<Store> store, std::optional<uint64_t> crash_after = {})
      : store_(std::move(store)), crash_after_(crash_after) {}
  Result<void> commit(const Commit& commit) override;
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
  std::optional<uint64_t> crash_after_;
  uint64_t records_ = 0;
};

/// What a log says of the session that wrote it.
struct LogFacts {
  uint64_t records = 0;
  uint64_t starts = 0;             // of runs: each took a random number
  int64_t last_ms = kTestBeginMs;  // the time of its newest event
  size_t hash = 0;
};
LogFacts read_log(const Store& store);

}  // namespace wakeful
