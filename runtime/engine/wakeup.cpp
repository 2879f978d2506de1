#include "runtime/engine/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "lang/base/check.h"

namespace wakeful {

Wakeup::Wakeup() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { WF_CHECK(event_ >= 0); }

Wakeup::~Wakeup() { close(event_); }

void Wakeup::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(work));
    mail_.store(true, std::memory_order_release);
  }
  notify();
}

/// The system call is made only where the thread sleeps; `asleep_` and `notified_` are sequentially
/// consistent, so that one of the two sides sees the other.
void Wakeup::notify() {
  notified_.store(true);
  if (!asleep_.exchange(false)) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(event_, &one, sizeof one);
}

void Wakeup::request_stop() {
  stop_.store(true, std::memory_order_release);
  notify();
}

void Wakeup::drain() {
  if (!has_mail()) return;
  {
    std::lock_guard lock(mutex_);
    working_.swap(inbox_);
    mail_.store(false, std::memory_order_release);
  }
  for (auto& work : working_) work();
  working_.clear();
}

void Wakeup::sleep(int64_t microseconds) {
  asleep_.store(true);
  if (!notified_.exchange(false)) {
    pollfd ready[2] = {{event_, POLLIN, 0}, {watched_, POLLIN, 0}};  // -1 is passed over
    timespec limit{microseconds / 1'000'000, microseconds % 1'000'000 * 1'000};
    ppoll(ready, 2, microseconds < 0 ? nullptr : &limit, nullptr);
  }
  asleep_.store(false);
  notified_.store(false);
  uint64_t count = 0;
  [[maybe_unused]] ssize_t got = read(event_, &count, sizeof count);
}

}  // namespace wakeful
