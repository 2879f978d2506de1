// The real clock and the real randomness.
#include "runtime/engine/services.h"

#include <sys/random.h>
#include <time.h>

#include "lang/base/check.h"

namespace wakeful {

namespace {

int64_t microseconds(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

class SystemClock final : public Clock {
 public:
  int64_t now_ms() override { return microseconds(CLOCK_REALTIME) / 1'000; }
  int64_t monotonic_us() override { return microseconds(CLOCK_MONOTONIC); }
  int64_t thread_cpu_us() override { return microseconds(CLOCK_THREAD_CPUTIME_ID); }
};

/// Numbers from the kernel, fetched in stock: a seed a child is too often for a call each.
class SystemRandom final : public RandomSource {
 public:
  uint64_t next() override {
    if (left_ == 0) refill();
    return words_[--left_];
  }

 private:
  static constexpr size_t kWords =
      32;  // 256 bytes: getrandom() gives so many whole, or is interrupted before the first
  void refill() {
    ssize_t got = 0;
    do {
      got = getrandom(words_, sizeof words_, 0);
    } while (got != static_cast<ssize_t>(sizeof words_));
    left_ = kWords;
  }
  uint64_t words_[kWords] = {};
  size_t left_ = 0;
};

}  // namespace

int64_t Clock::wait_ms(int64_t due_ms, bool) { return due_ms - now_ms(); }

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

RandomSource& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace wakeful
