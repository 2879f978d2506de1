// How a run ends, and what it leaves.
#include <algorithm>

#include "runtime/run/core.h"
#include "runtime/values/codec.h"

namespace wakeful {

/// The first failure, in the order of the journal, that nothing took; its data lists all of them.
bool Run::Core::unhandled_failure(Value& error) {
  std::vector<Handle*> lost;
  for (Value v : failures) {
    Handle* handle = v.as<Handle>();
    if (!handle->taken && !handle->cancelled) lost.push_back(handle);
  }
  if (lost.empty()) return false;
  std::sort(lost.begin(), lost.end(),
            [](Handle* a, Handle* b) { return a->end_order < b->end_order; });
  List* outcomes = make_list(heap, static_cast<uint32_t>(lost.size()));
  for (Handle* handle : lost) list_push(heap, outcomes, outcome_of(handle));
  RunStrand* strand = find_strand(main);
  error = with_outcomes(thrown_copy(*strand, lost.front()->outcome), Value::of(outcomes));
  return true;
}

void Run::Core::complete(Value result) {
  const Program& program = setup.image->program();
  const CallableDecl& decl = program.workflows[program.find_workflow(setup.workflow)];
  std::string bytes;
  std::optional<CodecError> wrong = check_type(heap, result, decl.result, false);
  if (!wrong) wrong = to_cbor(result, bytes);
  if (wrong) {
    RunStrand* strand = find_strand(main);
    end_wait(*strand);
    Value error = Value::of(make_error(
        heap, "TypeError", decl.name + ": result" + wrong->path + ": " + wrong->message));
    List* stack = make_list(heap, 1);  // its frames are gone: the workflow itself is the place
    list_push(heap, stack,
              string_value(heap, decl.name + " at " + program.sources.place(decl.span)));
    error.as<ErrorObject>()->stack = Value::of(stack);
    leave(*strand, error, std::nullopt);
    return;
  }
  held = std::move(scopes.at(find_strand(main)->scopes.front()).blocks);
  std::erase_if(held, runs_nothing);
  end_run(RunStatus::Completed, std::move(bytes));
}

/// The error of a timed-out run is its Timeout, or the CompensationFailed that it led to; what else
/// a catch threw meanwhile becomes its cause.
Value Run::Core::timed_out_with(Value error) {
  ErrorObject* thrown = error.as<ErrorObject>();
  const bool undoing =
      thrown->kind.is(Tag::String) && thrown->kind.string()->view() == "CompensationFailed";
  if (error.object == timed_out.object || undoing) return error;
  ErrorObject* told = timed_out.as<ErrorObject>();
  ErrorObject* result = make_error(heap, "Timeout", told->message.string()->view());
  result->stack = told->stack;
  result->cause = error;
  return Value::of(result);
}

void Run::Core::fail_run(Value error) {
  RunStatus how = RunStatus::Failed;
  ErrorObject* object = error.as<ErrorObject>();
  if (!timed_out.is_null()) {
    how = RunStatus::TimedOut;
    error = timed_out_with(error);
  } else if (cancel_requested && object->kind.is(Tag::String) &&
             object->kind.string()->view() == "Cancelled") {
    how = RunStatus::Cancelled;
  }
  end_run(how, encode_error(error));
}

/// An error must leave the run whatever its data holds: what cannot be written is shown as text.
std::string Run::Core::encode_error(Value error) {
  std::string bytes;
  if (!to_cbor(error, bytes)) return bytes;
  for (Value v = error; v.is(Tag::Error); v = v.as<ErrorObject>()->cause) {
    ErrorObject* object = v.as<ErrorObject>();
    std::string scratch;
    if (!to_cbor(object->data, scratch)) continue;
    std::string text;
    Value shown;
    std::string unreadable;
    to_json(object->data, text, {.pretty = false, .lossy = true});
    object->data = from_json(heap, text, shown, unreadable) ? shown : string_value(heap, text);
  }
  bytes.clear();
  if (!to_cbor(error, bytes)) return bytes;
  ErrorObject* plain = make_error(heap, "Error", "the error of the run is too large to be kept");
  ErrorObject* object = error.as<ErrorObject>();
  if (object->kind.is(Tag::String)) plain->kind = object->kind;
  if (object->message.is(Tag::String) && object->message.string()->bytes < 65536) {
    plain->message = object->message;
  }
  bytes.clear();
  to_cbor(Value::of(plain), bytes);
  return bytes;
}

void Run::Core::end_run(RunStatus how, std::string value) {
  Record record;
  record.type = RecordType::RunEnded;
  record.kind = static_cast<uint64_t>(how);
  record.value = value;
  record.number = (printed ? kPrinted : 0) | (held.empty() ? 0 : kHoldsBlocks);
  if (!command(record)) return;
  std::vector<uint64_t> timers;
  for (auto& [number, work] : works) {
    if (work.is_timer()) timers.push_back(number);
  }
  for (uint64_t number : timers) drop_timer(number);
  status = how;
  outcome = std::move(value);
  strands.clear();
  works.clear();
  outside_works = 0;
  scopes.clear();
  ready.clear();
  settling.clear();
  running = 0;
}

/// The run has completed and is undone as a whole: by its parent, or by hand.
void Run::Core::begin_undo() {
  status = RunStatus::Running;
  uint64_t number = ++last_step;
  RunStrand& strand = *strands.emplace(number, std::make_unique<RunStrand>()).first->second;
  strand.number = number;
  strand.role = Role::Undo;
  strand.begun = true;
  main = number;
  uint64_t scope = open_scope(strand);
  scopes.at(scope).blocks = std::move(held);
  held.clear();
  leave(strand, Value::of(make_error(heap, "Cancelled", "the run is being undone")), std::nullopt);
}

void Run::Core::end_undo(Value error) {
  ErrorObject* object = error.as<ErrorObject>();
  bool failed = object->kind.string()->view() == "CompensationFailed";
  Record record;
  record.type = RecordType::UndoEnded;
  record.kind = static_cast<uint64_t>(failed ? StepStatus::Failed : StepStatus::Completed);
  record.number = printed ? kPrinted : 0;
  if (failed) {
    object->cause = Value::null();  // what started the undoing is the parent's affair
    record.value = encode_error(error);
  } else {
    to_cbor(Value::null(), record.value);
  }
  if (command(record)) status = RunStatus::Completed;
}

}  // namespace wakeful
