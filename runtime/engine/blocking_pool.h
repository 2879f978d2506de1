// Threads for calls that block (http, exec, file), so that the thread that carries runs never does.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace wakeful {

/// Threads are started as they are needed, up to the limit, and kept. Jobs start in their order.
/// Threads: submit from the engine's thread only.
class BlockingPool {
 public:
  explicit BlockingPool(size_t threads_max) : threads_max_(threads_max) {}
  /// Waits for the jobs that run; drops those that have not begun.
  ~BlockingPool();

  void submit(std::function<void()> job);

 private:
  void work();

  const size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  size_t idle_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace wakeful
