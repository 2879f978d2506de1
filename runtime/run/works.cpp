// Works: what is open and ends later, whoever waits for it, and how it is cancelled.
#include "runtime/run/core.h"
#include "runtime/values/codec.h"

namespace wakeful {

Work& Run::Core::add_work(RecordType type, Handle::Kind kind, std::string name, uint64_t where) {
  uint64_t number = type == RecordType::RunStarted ? last_step : ++last_step;
  Work& work = works[number];
  if (type != RecordType::RunStarted) ++outside_works;
  work.number = number;
  work.type = type;
  work.name = std::move(name);
  work.where = where;
  work.handle = Value::of(make_handle(heap, kind, number));
  return work;
}

void Run::Core::end_work(uint64_t number, bool done, Value outcome) {
  auto found = works.find(number);
  WF_CHECK(found != works.end());
  Work work = std::move(found->second);
  forget_work(number);
  Handle* handle = work.handle.as<Handle>();
  handle->state = done ? Handle::State::Done : Handle::State::Failed;
  handle->outcome = outcome;
  handle->end_order = ++last_order;
  for (const Waiter& waiter : work.waiters) tell(waiter, work);
  if (!done && !handle->taken && !handle->cancelled && !work.is_timer() && !work.is_signal() &&
      work.policy != ClosePolicy::Abandon) {
    failures.push_back(work.handle);
  }
  release(work);
}

void Run::Core::tell(const Waiter& waiter, Work& ended) {
  RunStrand* strand = find_strand(waiter.strand);
  if (!waiter.stream.is_null()) {
    Stream* stream = reinterpret_cast<Stream*>(waiter.stream.object);
    list_push(heap, stream->finished.list(), ended.handle);
    if (strand == nullptr || strand->wait.kind != Waiting::Stream) return;
    if (strand->wait.operand.object != waiter.stream.object) return;
    Value next = stream->finished.list()->begin()[stream->given++];
    answer(*strand, next);
    return;
  }
  if (strand == nullptr || strand->wait.serial != waiter.serial) return;
  switch (strand->wait.kind) {
    case Waiting::Call:
      finish_call(*strand, ended);
      break;
    case Waiting::Receive:  // its time-out
      strand->wait.timer = 0;
      answer(*strand, Value::null());
      break;
    case Waiting::Sleep:
      answer(*strand, Value::null());
      break;
    case Waiting::Gather:
      gather_told(*strand, ended);
      break;
    case Waiting::WaitAny: {
      bool time_out = ended.number == strand->wait.timer;
      if (time_out) strand->wait.timer = 0;
      answer(*strand, time_out ? Value::null() : ended.handle);
      break;
    }
    case Waiting::Race:
      race_told(*strand, ended);
      break;
    case Waiting::Batch:  // its pause is over
      strand->wait.batch->pause_timer = 0;
      settling.push_back(strand->number);
      break;
    case Waiting::Leaving: {  // a child has undone itself
      Handle* handle = ended.handle.as<Handle>();
      Leaving& leaving = *strand->wait.leaving;
      if (handle->state == Handle::State::Failed) {
        machine.add_stack(*strand, handle->outcome);
        list_push(heap, leaving.failures.list(), handle->outcome);
      }
      leaving.block_running = false;
      settling.push_back(strand->number);
      break;
    }
    case Waiting::Nothing:
    case Waiting::Stream:
    case Waiting::End:
      break;
  }
}

/// Asks a work to end. A scope that asks what was asked before changes nothing; a script's second
/// h.cancel() does
/// (`again`: it interrupts the clean-up), and so does a termination after a cancellation.
void Run::Core::cancel_work(Work& work, CancelMode mode, Value reason, bool again) {
  Handle* handle = work.handle.as<Handle>();
  handle->cancelled = true;
  const bool step = work.type == RecordType::StepScheduled;  // it has no clean-up to interrupt
  if (work.cancel_sent && mode == CancelMode::Cancel && (!again || step)) return;
  work.cancel_sent = true;
  if (work.is_strand()) {
    if (RunStrand* strand = find_strand(work.number))
      cancel_strand(*strand, cancelled_error(reason));
    return;
  }
  if (work.is_timer() || work.is_signal()) {
    uint64_t number = work.number;
    if (work.is_timer()) host->drop_timer(StepId{number});
    end_work(number, false, cancelled_error(reason));
    return;
  }
  Record record;
  record.type = RecordType::CancelSent;
  record.step = work.number;
  record.kind = static_cast<uint64_t>(mode);
  to_cbor(reason.is(Tag::String) ? reason : Value::null(), record.value);
  command(record);
}

/// A direct call: the strand waits for it, and takes its failure.
void Run::Core::wait_for(RunStrand& strand, Work& work) {
  park(strand, Waiting::Call, machine.trap().result);
  strand.wait.work = work.number;
  work.handle.as<Handle>()->taken = true;
  work.waiters.push_back({strand.number, strand.wait.serial, Value::null()});
}

void Run::Core::finish_call(RunStrand& strand, Work& work) {
  Handle* handle = work.handle.as<Handle>();
  if (handle->state == Handle::State::Done) {
    answer(strand, handle->outcome);
    return;
  }
  Value error = thrown_copy(strand, handle->outcome);
  end_wait(strand);
  raise(strand, error);
  make_ready(strand);
}

uint64_t Run::Core::start_timer(int64_t ms, TimerKind kind, uint64_t where) {
  Work& work = add_work(RecordType::TimerStarted, Handle::Kind::Timer, "timer", where);
  uint64_t number = work.number;
  int64_t due = 0;
  if (__builtin_add_overflow(now_ms, ms < 0 ? 0 : ms, &due)) due = INT64_MAX;
  work.due = due;
  Record record;
  record.type = RecordType::TimerStarted;
  record.step = number;
  record.time = due;
  record.kind = static_cast<uint64_t>(kind);
  record.where = where;
  command(record);
  return number;
}

void Run::Core::forget_work(uint64_t number) {
  auto found = works.find(number);
  if (!found->second.is_strand()) --outside_works;
  if (found->second.is_signal()) --messages->watched;
  works.erase(found);
}

/// Not wanted any more; nobody is told.
void Run::Core::drop_timer(uint64_t number) {
  if (!works.contains(number)) return;
  forget_work(number);
  host->drop_timer(StepId{number});
}

/// ChildFailed, ActivityFailed: the message is that of the cause.
Value Run::Core::wrap_failure(std::string_view kind, std::string_view workflow_id, Value cause) {
  std::string message = "no error was recorded";
  if (cause.is(Tag::Error)) {
    ErrorObject* inner = cause.as<ErrorObject>();
    if (inner->message.is(Tag::String)) message = inner->message.string()->view();
  }
  ErrorObject* error = make_error(heap, kind, message);
  if (cause.is(Tag::Error)) error->cause = cause;
  if (!workflow_id.empty()) error->workflow_id = string_value(heap, workflow_id);
  return Value::of(error);
}

Value Run::Core::cancelled_error(Value reason) {
  std::string message = "cancelled";
  if (reason.is(Tag::String) && !reason.string()->view().empty()) {
    message += ": " + std::string(reason.string()->view());
  }
  return Value::of(make_error(heap, "Cancelled", message));
}

/// What a gather throws: each time an error of its own, so that stacks and data do not mix.
Value Run::Core::thrown_copy(RunStrand& strand, Value error) {
  ErrorObject* from = error.as<ErrorObject>();
  ErrorObject* copy = make_error(heap, "", "");
  copy->kind = from->kind;
  copy->message = from->message;
  copy->data = from->data;
  copy->cause = from->cause;
  copy->workflow_id = from->workflow_id;
  copy->stack = from->stack;
  machine.add_stack(strand, Value::of(copy));
  return Value::of(copy);
}

}  // namespace wakeful
