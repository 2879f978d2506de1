// Named queues: who may begin, and who waits for it. Nothing of it is journaled: after a restart
// whoever is open competes again, in the order of the journal.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "runtime/engine/timers.h"

namespace wakeful {

struct TaskQueue {
  std::string name;
  bool worker = false;  // of activities without a body, which only a worker process can serve
  uint64_t number = 0;  // names it in a timer
  size_t slots = 0;     // attempts at once; 0: nobody serves it here
  size_t taken = 0;
  std::set<std::tuple<uint64_t, uint64_t, uint64_t>> waiting;  // position in the journal, run, step
  std::set<uint64_t> parked;                                   // runs that have not begun
  TimerKey warning;
  bool warned = false;

  bool unlimited() const { return slots == SIZE_MAX; }
  /// What is waited for, for the reader; `activity` names one without a body.
  std::string why(const std::string& activity) const;
};

/// A slot of a queue, held by an attempt.
class Slot {
 public:
  Slot() = default;
  explicit Slot(TaskQueue& queue) : queue_(&queue) { ++queue.taken; }
  Slot(const Slot&) = delete;
  Slot& operator=(Slot&& other) noexcept {
    std::swap(queue_, other.queue_);
    return *this;
  }
  ~Slot() { give_back(); }
  void give_back() {
    if (queue_ != nullptr) --queue_->taken;
    queue_ = nullptr;
  }

 private:
  TaskQueue* queue_ = nullptr;
};

}  // namespace wakeful
