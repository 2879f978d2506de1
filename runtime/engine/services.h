// What the engine takes from the system, as interfaces: nothing else in it calls the system. The
// simulator, the crash tests and the virtual clock stand on them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/effects/effect.h"

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
  /// No time is due and nothing is in progress: only a message from outside can make the engine go on.
  virtual void nothing_to_wait_for() {}
};
Clock& system_clock();

/// Answers steps in the place of their bodies and of the real effects: the mocks of a test. Engine's thread.
class StepServer {
 public:
  struct Call {
    uint64_t run = 0, step = 0, attempt = 0;
    uint64_t part = 0;      // 0: the step itself; n: the n-th effect that an activity's body calls
    std::string name;       // of the activity or effect: `charge`, `http.get`
    std::string arguments;  // CBOR list by position, `undefined` where not given
  };
  using Done = std::function<void(EffectOutcome)>;
  virtual bool serves(const std::string& name) const = 0;
  /// `done` is called once, now or later, unless the engine ends before.
  virtual void serve(const Call& call, Done done) = 0;
  /// The answer to calls(…) of a test (kCallsOf): CBOR.
  virtual std::string calls_of(const std::string& what) = 0;

 protected:
  ~StepServer() = default;
};

/// What an exploration of a test does to its engine. Engine's thread. Where there is one, each turn of
/// the loop ends with its commit: so the same choices give the same journal.
class Interference {
 public:
  /// Asked before a burst of a run (`what`: its id) and before a step is dispatched (`charge of
  /// order-1`): true: not before nothing else can happen without the clock.
  virtual bool put_off(const std::string& what) = 0;
  /// Asked as an attempt of a step begins: an error (CBOR) that ends it at once, or "".
  virtual std::string failure(const std::string& what, uint64_t attempt) = 0;

 protected:
  ~Interference() = default;
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual uint64_t next() = 0;  // seeds of runs, letters of ids
};
RandomSource& system_random();

}  // namespace wakeful
