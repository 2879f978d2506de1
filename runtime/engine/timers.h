// What is to happen later, in the order of due times; equal ones in the order of their creation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "lang/base/ids.h"

namespace wakeful {

enum class TimerUse : uint8_t {
  Step,              // a timer of a script: TimerFired
  StepRetry,         // the next attempt of a step
  StepTimeout,       // start_to_close_timeout of an attempt
  StepDeadline,      // schedule_to_close_timeout of a step
  StepStart,         // schedule_to_start_timeout: it still waits for a slot
  Heartbeat,         // heartbeat_timeout of an attempt
  Progress,          // what an attempt said of its progress is to be noted
  QueueWarning,      // something has waited long for a queue that nobody serves; step: which queue
  ChildRetry,        // the next attempt of a child; run and step are the parent's
  RunTimeout,        // run_timeout
  ExecutionTimeout,  // execution_timeout
  AttemptSleep       // sleep() in an activity's body
};

/// Names an armed timer. `order`: the place in the journal that it comes from; `serial` tells
/// equals apart.
struct TimerKey {
  int64_t due_ms = 0;
  uint64_t order = 0;
  uint64_t serial = 0;  // 0: no timer
  explicit operator bool() const { return serial != 0; }
  auto operator<=>(const TimerKey&) const = default;
};

struct TimerTarget {
  TimerUse use{};
  RunId run;
  StepId step;
};

class Timers {
 public:
  TimerKey arm(int64_t due_ms, uint64_t order, TimerTarget target) {
    TimerKey key{due_ms, order, ++serial_};
    timers_.emplace(key, target);
    return key;
  }
  /// Safe for keys that have fired, and for no key.
  void drop(TimerKey& key) {
    if (key) timers_.erase(key);
    key = {};
  }
  /// The next one that is due by `now_ms`, taken out.
  std::optional<std::pair<TimerKey, TimerTarget>> take_due(int64_t now_ms) {
    if (timers_.empty() || timers_.begin()->first.due_ms > now_ms) return std::nullopt;
    auto first = *timers_.begin();
    timers_.erase(timers_.begin());
    return first;
  }
  std::optional<int64_t> next_due_ms() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first.due_ms;
  }
  size_t count() const { return timers_.size(); }

 private:
  std::map<TimerKey, TimerTarget> timers_;
  uint64_t serial_ = 0;
};

}  // namespace wakeful
