// CancelToken: a flag to look at, a condition to wait on, a descriptor to poll.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "lang/base/check.h"
#include "runtime/effects/effect.h"

namespace wakeful {

void CancelToken::cancel() {
  std::lock_guard lock(mutex_);
  if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
  if (pipe_[1] >= 0) (void)!write(pipe_[1], "c", 1);
  changed_.notify_all();
}

bool CancelToken::wait_ms(int64_t ms) {
  std::unique_lock lock(mutex_);
  constexpr int64_t kYear =
      int64_t{365} * 86'400'000;  // keeps the arithmetic of the clock in bounds
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(ms < kYear ? ms : kYear);
  return changed_.wait_until(lock, until, [this] { return cancelled(); });
}

int CancelToken::fd() {
  std::lock_guard lock(mutex_);
  if (pipe_[0] < 0) {
    WF_CHECK(pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) == 0);
    if (cancelled()) (void)!write(pipe_[1], "c", 1);
  }
  return pipe_[0];
}

CancelToken::~CancelToken() {
  for (int end : pipe_) {
    if (end >= 0) close(end);
  }
}

}  // namespace wakeful
