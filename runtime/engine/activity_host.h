// The inside of an attempt. Private to this folder: activity.cpp runs it, activity_builtins.cpp has
// its library.
#pragma once

#include <vector>

#include "runtime/engine/activity.h"
#include "runtime/run/random.h"
#include "stdlib/builtins.h"

namespace wakeful {

class ActivityHost final : private RootSource {
 public:
  ActivityHost(const ActivityCall& call, std::shared_ptr<Image> image, ActivityWorld& world);
  EffectOutcome run();

  // What a library function answers with; each of them once a call.
  void answer(Value value);
  void raise(std::string_view kind, std::string_view message);
  void raise(Value error);
  void raise_cancelled();
  bool decode(const std::string& cbor, Value& out);

  void call_builtin(const Builtin& builtin, std::vector<Value> args);
  void call_effect(const Builtin& builtin, const std::vector<Value>& args);

  Heap& heap() { return heap_; }
  ActivityWorld& world() { return world_; }
  Random& random() { return random_; }

 private:
  void visit_roots(RootVisitor& visitor) override;
  bool begin(EffectOutcome& refused);
  void make_self();
  void handle_trap();
  bool handle_budget();
  bool handle_error(EffectOutcome& failed);
  EffectOutcome finish();
  EffectOutcome failed(Value error);

  const ActivityCall& call_;
  std::shared_ptr<Image> image_;
  ActivityWorld& world_;
  Heap heap_;
  Machine machine_;
  Strand strand_;
  Random random_;
  const CallableDecl* decl_ = nullptr;
  bool threw_ = false;  // strand_.error is to be thrown where it stands
  bool heap_told_ = false;
  int slices_since_cancel_ = 0;
  Value unanswered_ = Value::null();  // error of the last effect that may have been done
  uint64_t keyed_calls_ = 0;  // http and exec calls so far
};

}  // namespace wakeful
