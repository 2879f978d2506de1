// What touches the outside: http, exec, file, and the environment. Straight-line blocking code, called on
// threads of its own, never on the thread that carries runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/run/record.h"

namespace wakeful {

/// Asks a blocking call to end early. Thread-safe. cancel() may come before, during or after the call.
class CancelToken {
 public:
  void cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  /// Waits so long or until cancelled; true where cancelled.
  bool wait_ms(int64_t ms);
  /// A descriptor that becomes readable with cancel(), for poll().
  int fd();
  ~CancelToken();
 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  int pipe_[2] = {-1, -1};
};

struct EffectCall {
  uint16_t builtin = 0;             // row of builtins.def, of Kind Effect
  std::string args;                 // CBOR list, one element a parameter, `undefined` (0xf7) where not given
  std::string key;                  // idempotency key: Idempotency-Key, WF_IDEMPOTENCY_KEY
};

struct EffectOutcome {
  StepStatus status{};
  std::string value;                // CBOR: the result, or an error (HttpError, ExecError, IoError, ArgumentError …)
  bool unknown = false;             // failed, and no answer came: the outside may have done it
};

/// All effects; the only code that the engine does not run itself. Tests put fakes here.
class Effects {
 public:
  virtual ~Effects() = default;
  /// Blocks. Ends soon after the token is cancelled, with StepStatus::Cancelled.
  virtual EffectOutcome run(const EffectCall& call, CancelToken& token) = 0;
  /// env.get; none where it is not set. Does not block.
  virtual std::optional<std::string> environment(const std::string& name) = 0;
};

/// The real ones.
Effects& system_effects();

}  // namespace wakeful
