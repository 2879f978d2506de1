#include "runtime/engine/activity.h"

#include <fmt/format.h>

#include "runtime/engine/activity_host.h"
#include "runtime/engine/step_options.h"
#include "runtime/values/codec.h"
#include "runtime/vm/messages.h"

namespace wakeful {

namespace {

constexpr uint64_t kSliceTicks = 100'000;
constexpr int kSlicesAfterCancel = 1'000;  // so long may a cancelled body compute on, cleaning up

}  // namespace

ActivityHost::ActivityHost(const ActivityCall& call, std::shared_ptr<Image> image,
                           ActivityWorld& world)
    : call_(call),
      image_(std::move(image)),
      world_(world),
      heap_(call.heap_limit_bytes),
      machine_(heap_, *image_),
      random_(world.random()) {}

void ActivityHost::visit_roots(RootVisitor& visitor) {
  machine_.visit_roots(visitor);
  strand_.visit_roots(visitor);
  visitor.visit(unanswered_);
}

void ActivityHost::answer(Value value) {
  machine_.resume_with(strand_, machine_.trap().result, value);
}

void ActivityHost::raise(Value error) {
  machine_.add_stack(strand_, error);
  strand_.error = error;
  threw_ = true;
}

void ActivityHost::raise(std::string_view kind, std::string_view message) {
  raise(Value::of(make_error(heap_, kind, message)));
}

/// At the end of a `catch` that this reaches, it goes on outwards (EndCatch knows it by
/// strand.cancellation).
void ActivityHost::raise_cancelled() {
  raise("Cancelled", fmt::format("this attempt of {} was cancelled or timed out", call_.name));
  strand_.cancellation = strand_.error;
}

bool ActivityHost::decode(const std::string& cbor, Value& out) {
  std::string why;
  if (from_cbor(heap_, cbor, out, why)) return true;
  raise("Error", "a value cannot be read: " + why);
  return false;
}

void ActivityHost::make_self() {
  Map* self = make_map(heap_, 5);
  map_set(heap_, self, "id", string_value(heap_, call_.workflow_id));
  map_set(heap_, self, "workflow", string_value(heap_, call_.workflow));
  map_set(heap_, self, "attempt", Value::of(static_cast<int64_t>(call_.attempt)));
  map_set(heap_, self, "key", string_value(heap_, call_.key));
  Value progress;
  std::string unreadable;
  if (!call_.progress.empty() && !from_cbor(heap_, call_.progress, progress, unreadable))
    progress = {};
  map_set(heap_, self, "progress", progress);
  self->flags |= Object::kFrozen;
  machine_.self = Value::of(self);
}

bool ActivityHost::begin(EffectOutcome& refused) {
  const Program& program = image_->program();
  const int index = program.find_activity(call_.name);
  if (index < 0 || program.activities[index].function < 0) {
    refused = {
        StepStatus::Failed,
        error_cbor("NotFound",
                   fmt::format("the activity {} has no body, and nothing else serves it: workers "
                               "are not supported yet; give it a body",
                               call_.name))};
    return false;
  }
  decl_ = &program.activities[index];
  Value arguments;
  std::string why;
  if (!from_cbor(heap_, call_.arguments, arguments, why) || !arguments.is(Tag::List)) {
    refused = {StepStatus::Failed,
               error_cbor("ArgumentError", "the arguments cannot be read: " + why)};
    return false;
  }
  List* list = arguments.list();
  std::vector<Value> args;
  if (list->count > 0) args.assign(list->begin(), list->end());
  args.resize(decl_->params.size(), Value::absent());
  machine_.start(strand_, Value::callee(CalleeKind::Function, decl_->function), args.data(),
                 static_cast<uint32_t>(args.size()));
  make_self();
  return true;
}

EffectOutcome ActivityHost::run() {
  EffectOutcome outcome;
  if (!begin(outcome)) return outcome;
  machine_.tick_limit = kSliceTicks;
  for (;;) {
    const Machine::Exit exit = threw_ ? Machine::Exit::Threw : machine_.run(strand_);
    threw_ = false;
    switch (exit) {
      case Machine::Exit::Finished:
        return finish();
      case Machine::Exit::Trap:
        handle_trap();
        break;
      case Machine::Exit::Threw:
        if (!handle_error(outcome)) return outcome;
        break;
      case Machine::Exit::Budget:
        if (!handle_budget())
          return {StepStatus::Cancelled, error_cbor("Cancelled", "the attempt was stopped")};
        break;
    }
  }
}

/// A tick where the slice is over or a collection is due. False: cancelled long ago, and still
/// computing.
bool ActivityHost::handle_budget() {
  if (heap_.wants_collection()) {
    heap_.collect(*this);
    if (!heap_.over_limit()) {
      heap_told_ = false;
    } else if (!heap_told_) {
      heap_told_ = true;
      raise("ResourceExhausted", fmt::format("the values of this attempt of {} take more than its "
                                             "limit of {} MiB; keep less at once, or "
                                             "work through files",
                                             call_.name, heap_.limit_bytes() >> 20));
    }
  }
  if (machine_.ticks < machine_.tick_limit) return true;
  machine_.tick_limit = machine_.ticks + kSliceTicks;
  world_.give_way();
  return !world_.cancelled() || ++slices_since_cancel_ <= kSlicesAfterCancel;
}

/// False: nothing catches it.
bool ActivityHost::handle_error(EffectOutcome& outcome) {
  Value error = strand_.error;
  Handler handler{};
  if (!machine_.unwind(strand_, error, handler)) {
    outcome = failed(error);
    return false;
  }
  machine_.enter_handler(strand_, handler, error);
  return true;
}

EffectOutcome ActivityHost::finish() {
  std::string bytes;
  Value result = strand_.result;
  std::optional<CodecError> wrong = check_type(heap_, result, decl_->result, false);
  if (!wrong) wrong = to_cbor(result, bytes);
  if (!wrong) return {StepStatus::Completed, std::move(bytes)};
  return {StepStatus::Failed, error_cbor("TypeError", fmt::format("{}: result{}: {}", call_.name,
                                                                  wrong->path, wrong->message))};
}

EffectOutcome ActivityHost::failed(Value error) {
  const bool cancelled = world_.cancelled() && !strand_.cancellation.is_null();
  const StepStatus status = cancelled ? StepStatus::Cancelled : StepStatus::Failed;
  const bool unknown = unanswered_.is(Tag::Error) && unanswered_.object == error.object;
  std::string bytes;
  if (!to_cbor(error, bytes)) return {status, std::move(bytes), unknown};
  // Something in its data or its causes cannot leave: the words can.
  ErrorText text{"Error", ""};
  auto* object = error.as<ErrorObject>();
  if (object->kind.is(Tag::String)) text.kind = object->kind.string()->view();
  if (object->message.is(Tag::String)) text.message = object->message.string()->view();
  return {status, error_cbor(text.kind, text.message), unknown};
}

void ActivityHost::handle_trap() {
  const Machine::Trap& trap = machine_.trap();
  switch (trap.instruction.op()) {
    case Op::EnterTry:
      strand_.handlers.push_back({Handler::Kind::Try, trap.result,
                                  static_cast<uint32_t>(strand_.frames.size() - 1), trap.jump, 0});
      return;
    case Op::ExitTry:
      WF_CHECK(!strand_.handlers.empty());
      strand_.handlers.pop_back();
      return;
    case Op::Call:
    case Op::CallNamed:
    case Op::CallBuiltin:
    case Op::CallMethod:
    case Op::CallMethodNamed:
      if (trap.callee.is(Tag::Callee) && trap.callee.callee_kind == CalleeKind::Builtin) {
        const Builtin* builtin = builtin_by_number(static_cast<uint16_t>(trap.callee.integer));
        WF_CHECK(builtin != nullptr);
        return call_builtin(*builtin, trap.args);
      }
      return raise(
          "TypeError",
          "an activity's body cannot call workflows or activities: it is one step; call them "
          "from the workflow");
    default:
      return raise(
          "TypeError",
          fmt::format("{} cannot be used in an activity's body: it is one step; do that in "
                      "the workflow",
                      trap.instruction.op() == Op::Start
                          ? "spawn, with and calls of workflows and activities"
                          : word_of(trap.instruction.op())));
  }
}

EffectOutcome run_activity(const ActivityCall& call, std::shared_ptr<Image> image,
                           ActivityWorld& world) {
  return ActivityHost(call, std::move(image), world).run();
}

}  // namespace wakeful
