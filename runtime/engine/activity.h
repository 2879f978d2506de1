// One attempt of an activity's body: straight-line code on a heap of its own, effects run directly.
#pragma once

#include <memory>
#include <string>

#include "runtime/effects/effect.h"
#include "runtime/engine/services.h"
#include "runtime/vm/machine.h"

namespace wakeful {

/// What the body reaches of the world. Called on the attempt's fiber; what waits blocks only that.
class ActivityWorld {
 public:
  virtual EffectOutcome effect(const EffectCall& call) = 0;
  /// False: the attempt was cancelled meanwhile, or had been before.
  virtual bool sleep(int64_t ms) = 0;
  virtual bool cancelled() = 0;
  /// Lets others run, now and then in a long computation.
  virtual void give_way() = 0;
  virtual void print(const std::string& text) = 0;
  virtual void log(const char* level, const std::string& message,
                   const std::string& fields_json) = 0;
  virtual std::optional<std::string> environment(const std::string& name) = 0;
  virtual std::optional<std::string> secret(const std::string& name) = 0;  // its placeholder
  virtual int64_t now_ms() = 0;
  /// `progress`: CBOR, or none where the heartbeat says nothing. False: cancelled, as of sleep().
  virtual bool heartbeat(std::optional<std::string> progress) = 0;
  virtual uint64_t random() = 0;  // the seed of the attempt's generator
 protected:
  ~ActivityWorld() = default;
};

struct ActivityCall {
  std::string name;
  std::string arguments;  // CBOR list by position, `undefined` where not given
  std::string workflow_id;
  std::string workflow;
  std::string key;  // idempotency key of the step
  uint64_t attempt = 1;
  std::string progress;  // CBOR: what an attempt before said last; "" where none did
  size_t heap_limit_bytes = Heap::kDefaultLimit;
};

/// Runs the body to its end. Cancelled: it was stopped; Failed: value is its error (CBOR).
EffectOutcome run_activity(const ActivityCall& call, std::shared_ptr<Image> image,
                           ActivityWorld& world);

}  // namespace wakeful
