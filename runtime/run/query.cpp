// A question to a run: its handler runs on the state that the run has now, and may only look. The
// run is good for nothing else afterwards.
#include "runtime/run/core.h"
#include "runtime/values/codec.h"
#include "runtime/vm/messages.h"

namespace wakeful {

namespace {

/// What a query may call of what the run answers itself.
bool only_looks(const Builtin& builtin) {
  constexpr std::string_view kMay[] = {"print",    "time_now", "log_debug",
                                       "log_info", "log_warn", "log_error"};
  for (std::string_view symbol : kMay) {
    if (builtin.kind == Builtin::Kind::Host && builtin.symbol == symbol) return true;
  }
  return false;
}

}  // namespace

/// Leaves what the run was doing, and begins the handler.
void Run::Core::ask(const std::string& name, MessageForm form, const std::string& bytes) {
  asked = true;
  pending.reset();
  interrupt_tick.reset();
  strands.clear();
  works.clear();
  scopes.clear();
  ready.clear();
  settling.clear();
  outside_works = 0;
  running = 0;
  machine.ticks = 0;
  stopped = false;
  status = RunStatus::Running;
  const MessageHandler* handler = find_handler(HandlerOf::Query, name);
  if (handler == nullptr) return answer_query(false, no_handler(HandlerOf::Query, name));
  Value value, error;
  std::string unreadable;
  std::vector<Value> args;
  if (!from_cbor(heap, bytes, value, unreadable)) {
    error =
        Value::of(make_error(heap, "ArgumentError", "the arguments cannot be read: " + unreadable));
    return answer_query(false, error);
  }
  if (!bind_message(*handler, form, value, args, error)) return answer_query(false, error);
  new_strand(Role::Query, handler->closure, args.data(), static_cast<uint32_t>(args.size()), 0);
}

void Run::Core::answer_query(bool done, Value value) {
  outcome.clear();
  if (done) {
    if (auto wrong = to_cbor(value, outcome)) {
      done = false;
      value = Value::of(
          make_error(heap, "TypeError", "the query's value" + wrong->path + ": " + wrong->message));
    }
  }
  if (!done) outcome = encode_error(value);
  status = done ? RunStatus::Completed : RunStatus::Failed;
}

/// Whether what the machine trapped for may happen in a query; else the strand has its TypeError.
bool Run::Core::may_in_query(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  const Op op = trap.instruction.op();
  std::string what = word_of(op);
  if (op == Op::EnterTry || op == Op::ExitTry) return true;
  if (op == Op::Gather) {
    std::vector<Handle*> handles;
    if (!handles_of(strand, "gather", strand.registers[trap.first], handles)) return false;
    bool open = false;
    for (const Handle* handle : handles) open |= handle->state == Handle::State::Open;
    if (!open) return true;
    what += " of what has not ended";
  } else if (trap.callee.is(Tag::Callee) && op != Op::Start) {
    const auto index = static_cast<size_t>(trap.callee.integer);
    const Program& program = setup.image->program();
    switch (trap.callee.callee_kind) {
      case CalleeKind::Builtin: {
        const Builtin& builtin = *builtin_by_number(static_cast<uint16_t>(index));
        if (only_looks(builtin)) return true;
        what = builtin.qualified();
        break;
      }
      case CalleeKind::Workflow:
        what = program.workflows[index].name;
        break;
      case CalleeKind::Activity:
        what = program.activities[index].name;
        break;
      case CalleeKind::Function:
        break;
    }
  }
  raise(strand, "TypeError",
        "`" + what +
            "` cannot stand in a query, which only looks; what waits or changes something "
            "is for `on update`");
  return false;
}

}  // namespace wakeful
