// What the engine takes from the system, as interfaces: nothing else in it calls the system. The
// simulator, the crash tests and the virtual clock stand on them.
#pragma once

#include <cstdint>

namespace wakeful {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t now_ms() = 0;         // wall clock, since 1970 UTC
  virtual int64_t monotonic_us() = 0;   // for waiting only, never journaled
  virtual int64_t thread_cpu_us() = 0;  // CPU time of the calling thread: task_timeout
  /// The engine has nothing to do before `due_ms`: how long it should really wait for that. A
  /// virtual clock goes there and says 0. `idle`: nothing outside is in progress (an effect, a
  /// commit) that could end sooner.
  virtual int64_t wait_ms(int64_t due_ms, bool idle);
};
Clock& system_clock();

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual uint64_t next() = 0;  // seeds of runs, letters of ids
};
RandomSource& system_random();

}  // namespace wakeful
