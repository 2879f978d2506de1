// How other threads and signal handlers reach the engine's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace wakeful {

/// An inbox of closures and a place to sleep. Threads: post, notify, request_stop from any
/// (request_stop from a signal handler too); the rest from the engine's thread.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// Has the engine's thread run `work`, soon.
  void post(std::function<void()> work);
  /// Ends a sleep, now or the next.
  void notify();
  void request_stop();
  bool stop_requested() const { return stop_.load(std::memory_order_acquire); }

  /// Something to read there ends a sleep, too. -1: nothing is watched.
  void watch(int descriptor) { watched_ = descriptor; }

  /// Runs what was posted.
  void drain();
  bool has_mail() const { return mail_.load(std::memory_order_acquire); }
  /// Sleeps until notified, at most so long; < 0: no limit. Returns at once if notified since the
  /// last sleep.
  void sleep(int64_t microseconds);

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> inbox_;
  std::vector<std::function<void()>> working_;
  std::atomic<bool> mail_{false};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> notified_{false};
  std::atomic<bool> stop_{false};
  int watched_ = -1;
  int event_ = -1;  // an eventfd: the one way to end a sleep that a signal handler may use
};

}  // namespace wakeful
