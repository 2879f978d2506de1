// An engine on a store in memory, with a virtual clock, counted randomness and effects that are
// made up. What the tests of this folder and of replay/ stand on.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/engine/engine.h"

namespace wakeful::testing {

/// Goes to the next due time whenever nothing else is in progress; a sleep of a week takes no time.
class VirtualClock final : public Clock {
 public:
  int64_t now = 1'700'000'000'000;
  bool frozen = false;            // does not go on by itself
  int64_t cpu_step_us = 0;        // what every look at the CPU time adds to it
  std::function<bool()> hanging;  // effects that wait to be cancelled count as nothing
  int64_t now_ms() override { return now; }
  int64_t monotonic_us() override { return system_clock().monotonic_us(); }
  int64_t thread_cpu_us() override { return cpu_ += cpu_step_us; }
  int64_t wait_ms(int64_t due_ms, bool idle) override;

 private:
  int64_t cpu_ = 0;
};

class CountingRandom final : public RandomSource {
 public:
  uint64_t next() override { return ++count_ * 0x9E3779B97F4A7C15u; }

 private:
  uint64_t count_ = 0;
};

/// file.read(path) decides by the path: "fail" fails, "hang" waits until it is cancelled, "flaky-N"
/// fails until its N-th call, "cancelled" … anything else is its own content. Everything is
/// counted.
class MadeUpEffects final : public Effects {
 public:
  EffectOutcome run(const EffectCall& call, CancelToken& token) override;
  std::optional<std::string> environment(const std::string& name) override;

  struct Call {
    std::string path, key;
  };
  std::vector<Call> calls() const;
  bool all_hang() const { return running_ > 0 && running_ == hanging_; }
  std::map<std::string, std::string> variables;

 private:
  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  std::atomic<int> running_{0}, hanging_{0};
};

/// The log of a store, shared by sessions: what a disk is to processes.
class Disk {
 public:
  Disk();
  /// A store that ends with the first `bytes` of the log, as after a crash.
  Disk cut(uint64_t bytes) const;
  std::unique_ptr<Store> open() const;
  std::string log() const;
  /// Ends of records, in order: each is a place to cut.
  std::vector<uint64_t> record_ends() const;

 private:
  std::shared_ptr<Store> store_;
};

struct Line {
  std::string text;
  uint64_t released_at = 0;  // durable() when it came out
};

struct Session {
  std::string status;  // of the root: "completed" …
  std::string value;   // JSON; of an error `Kind: message`
  std::vector<Line> lines;
  std::vector<MadeUpEffects::Call> calls;
  std::vector<std::string> ends;  // of the root's steps: `1 completed`, `2 failed, unknown`
  std::string problem;            // what the engine said, if it failed
  int64_t clock = 0;
  std::vector<std::string> texts() const;
  std::string operator()() const { return problem.empty() ? status + " " + value : problem; }
};

struct Act {
  std::string arguments = "[]";
  int64_t clock = 0;  // when the session begins; 0: at the beginning of the world
  int64_t cpu_step_us = 0;
  bool frozen = false;
  size_t heap_bytes = Heap::kDefaultLimit;
  std::map<std::string, std::string> variables;
  std::map<std::string, size_t> queues;
  /// Called when the engine has been made and the root is there, before it works.
  std::function<void(Engine&, RunId root)> before;
  bool work = true;
  bool undo = false;  // the root, once it has completed
  /// Where its messages come from; null: there are none.
  std::function<std::unique_ptr<Inbox>(Journal&)> inbox;
};

/// Starts the script's `main` as "root", or goes on with it, until it has ended.
Session play(const std::string& script, const Disk& disk, const Act& act = {});

/// Plays the script; then, for every record of its log, cuts a copy of the log there and goes on
/// with that. The result must be the same each time, no step may be repeated under another key, and
/// the lines must be those of the whole that were not surely out, none missing. Gives the first
/// difference, "" if there is none.
std::string crash_everywhere(const std::string& script, const Act& act = {});

}  // namespace wakeful::testing
