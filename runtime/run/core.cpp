// Events in, bursts of instructions, commands out.
#include "runtime/run/core.h"

#include <algorithm>

#include "runtime/values/codec.h"

namespace wakeful {

namespace {

/// Adapts "all values of this run" to the heap.
struct Roots : RootSource {
  explicit Roots(Run::Core& c) : core(c) {}
  void visit_roots(RootVisitor& visitor) override { core.visit_roots(visitor); }
  Run::Core& core;
};

}  // namespace

Run::Core::Core(Setup s)
    : setup(std::move(s)), heap(setup.heap_limit_bytes), machine(heap, *setup.image) {
  random.reseed(setup.started.number);
}

/// Keeps the event for advance(): what it sets off may already emit commands.
void Run::Core::deliver(const Record& event, const std::string& value) {
  WF_CHECK(!pending);
  machine.ticks = 0;
  printed = false;
  interrupt_tick.reset();
  pending = std::make_unique<std::pair<Record, std::string>>(event, value);
}

void Run::Core::take_event(const Record& event, const std::string& value) {
  now_ms = std::max(now_ms, event.time);
  Value decoded;
  std::string error;
  auto decode = [&](const std::string& bytes) {
    decoded = Value::null();
    if (!bytes.empty() && !from_cbor(heap, bytes, decoded, error)) decoded = Value::null();
  };
  switch (event.type) {
    case RecordType::RunStarted:
      begin();
      break;
    case RecordType::StepEnded: {
      auto found = works.find(event.step);
      if (found == works.end()) break;
      decode(event.value);
      bool done = static_cast<StepStatus>(event.kind) == StepStatus::Completed;
      found->second.handle.as<Handle>()->unknown = (event.number & kOutcomeUnknown) != 0;
      if (!done && !found->second.effect) {
        decoded = wrap_failure("ActivityFailed", "", decoded);
      }
      end_work(event.step, done, decoded);
      break;
    }
    case RecordType::ChildEnded: {
      auto found = works.find(event.step);
      if (found == works.end()) break;
      decode(value);
      RunStatus ended = static_cast<RunStatus>(event.kind);
      bool done = ended == RunStatus::Completed;
      if (ended == RunStatus::Terminated) {
        found->second.handle.as<Handle>()->unknown = true;
        std::string text = "the run was terminated";
        if (decoded.is(Tag::String) && !decoded.string()->view().empty()) {
          text += ": " + std::string(decoded.string()->view());
        }
        decoded = Value::of(make_error(heap, "Terminated", text));
      }
      if (!done) {
        Handle* handle = found->second.handle.as<Handle>();
        decoded = wrap_failure("ChildFailed", handle->id.string()->view(), decoded);
      } else if ((event.number & kHoldsBlocks) != 0) {
        receive_blocks(found->second);
      }
      end_work(event.step, done, decoded);
      break;
    }
    case RecordType::TimerFired:
      if (works.contains(event.step)) end_work(event.step, true, Value::null());
      break;
    case RecordType::CancelRequested: {
      cancel_requested = true;
      decode(event.value);
      cancel_main(cancelled_error(decoded));
      break;
    }
    case RecordType::RunTimedOut: {
      timed_out =
          Value::of(make_error(heap, "Timeout", "the run took longer than its " + event.name));
      cancel_main(timed_out);
      break;
    }
    case RecordType::UndoRequested:
      begin_undo();
      break;
    case RecordType::UpdateReceived:
      take_update(event);
      break;
    case RecordType::SignalReceived:
      decode(event.value);
      take_signal_event(event, decoded);
      break;
    case RecordType::ChildUndone: {
      auto found = works.find(event.step);
      if (found == works.end()) break;
      decode(value);
      bool done = static_cast<StepStatus>(event.kind) == StepStatus::Completed;
      Handle* handle = found->second.handle.as<Handle>();
      if (!done) decoded = wrap_failure("ChildFailed", handle->id.string()->view(), decoded);
      end_work(event.step, done, decoded);
      break;
    }
    case RecordType::RunEnded:
    case RecordType::UndoSent:
    case RecordType::UndoEnded:
    case RecordType::SignalSent:
    case RecordType::UpdateEnded:
    case RecordType::Heartbeat:
    case RecordType::StepDispatched:
    case RecordType::SecretRead:
    case RecordType::Terminated:
    case RecordType::Interrupted:
    case RecordType::ChildStarted:
    case RecordType::StepScheduled:
    case RecordType::TimerStarted:
    case RecordType::CancelSent:
    case RecordType::ValueRecorded:
    case RecordType::AttemptFailed:
    case RecordType::Released:
      WF_CHECK(!"not an event of a run");
  }
  settle();
}

void Run::Core::begin() {
  make_self();
  const Program& program = setup.image->program();
  int index = program.find_workflow(setup.workflow);
  WF_CHECK(index >= 0);
  const CallableDecl& decl = program.workflows[index];
  Value arguments;
  std::string error;
  std::vector<Value> args;
  bool readable = from_cbor(heap, setup.arguments, arguments, error) && arguments.is(Tag::List);
  if (readable && arguments.list()->count > 0) {
    args.assign(arguments.list()->begin(), arguments.list()->end());
  }
  args.resize(decl.params.size(), Value::absent());
  RunStrand& strand = new_strand(Role::Main, Value::callee(CalleeKind::Function, decl.function),
                                 args.data(), static_cast<uint32_t>(args.size()), 0);
  main = strand.number;
  if (!readable)
    raise(strand, "ArgumentError", "the arguments of the run cannot be read: " + error);
}

void Run::Core::make_self() {
  const Started& started = setup.started;
  Value options;
  std::string error;
  auto option = [&](const char* name) {
    Value* found = options.is(Tag::Map) ? map_find(options.map(), name) : nullptr;
    return found != nullptr ? *found : Value::null();
  };
  if (!started.options.empty()) from_cbor(heap, started.options, options, error);
  if (Value limit = option("task_timeout"); limit.is(Tag::Duration))
    task_timeout_ms = limit.integer;
  if (!setup.image->uses_self()) return;
  auto text = [&](const std::string& s) {
    return s.empty() ? Value::null() : string_value(heap, s);
  };
  Map* self = make_map(heap, 8);
  map_set(heap, self, "id", text(setup.id));
  map_set(heap, self, "workflow", text(setup.workflow));
  map_set(heap, self, "run", Value::of(static_cast<int64_t>(setup.number.value)));
  map_set(heap, self, "parent_id", text(setup.parent_id));
  map_set(heap, self, "attempt",
          Value::of(static_cast<int64_t>(std::max<uint64_t>(started.kind, 1))));
  map_set(heap, self, "started_at", Value::time(started.time));
  const Value queue = option("task_queue");
  map_set(heap, self, "task_queue", queue.is_null() ? string_value(heap, "default") : queue);
  map_set(heap, self, "memo", option("memo"));
  self->flags |= Object::kFrozen;
  machine.self = Value::of(self);
}

Run::State Run::Core::advance(RunHost& h, uint64_t budget) {
  host = &h;
  slice_end = machine.ticks + budget;
  if (pending) {
    auto event = std::move(pending);
    const bool undo = event->first.type == RecordType::UndoRequested;
    if (status == (undo ? RunStatus::Completed : RunStatus::Running)) {
      take_event(event->first, event->second);
    }
  }
  for (;;) {
    limit_ticks();
    while (!ready.empty() && status == RunStatus::Running && !stopped) {
      running = ready.front();
      ready.pop_front();
      RunStrand* strand = find_strand(running);
      if (strand == nullptr) continue;
      run_strand(*strand);
      if (running != 0) {  // it was stopped in mid-burst
        ready.push_front(running);
        running = 0;
        host = nullptr;
        return stopped ? State::Stopped : State::More;
      }
      settle();
    }
    if (stopped || status != RunStatus::Running) break;
    break_deadlock();
    if (ready.empty()) break;
  }
  host = nullptr;
  if (stopped) return State::Stopped;
  return status == RunStatus::Running ? State::Waiting : State::Ended;
}

void Run::Core::limit_ticks() {
  machine.tick_limit = slice_end;
  if (interrupt_tick) machine.tick_limit = std::min(machine.tick_limit, interrupt_tick->first);
}

/// Runs one strand until it waits, ends, or the slice is over; `running` is 0 after the first two.
void Run::Core::run_strand(RunStrand& strand) {
  strand.begun = true;
  const uint64_t number = strand.number;
  for (;;) {
    Machine::Exit exit;
    if (strand.has_error) {
      strand.has_error = false;
      exit = Machine::Exit::Threw;
    } else {
      exit = machine.run(strand);
    }
    switch (exit) {
      case Machine::Exit::Finished:
        running = 0;
        strand_finished(strand, strand.result);
        return;
      case Machine::Exit::Threw:
        unwind(strand);
        break;
      case Machine::Exit::Trap:
        handle_trap(strand);
        break;
      case Machine::Exit::Budget:
        if (heap.wants_collection()) collect();
        if (interrupt_tick && machine.ticks >= interrupt_tick->first) {
          InterruptKind kind = interrupt_tick->second;
          interrupt_tick.reset();
          limit_ticks();
          interrupt(kind);
          break;
        }
        if ((heap.over_limit() && !heap_interrupted) || machine.ticks >= slice_end) return;
        break;
    }
    if (stopped || status != RunStatus::Running) {
      running = 0;
      return;
    }
    if (find_strand(number) != &strand || strand.wait.kind != Waiting::Nothing) {
      running = 0;
      return;
    }
  }
}

void Run::Core::interrupt(InterruptKind kind) {
  RunStrand* strand = find_strand(running != 0 ? running : (ready.empty() ? 0 : ready.front()));
  if (strand == nullptr) return;
  if (kind == InterruptKind::TaskTimeout) {
    std::string limit;
    append_duration(limit, task_timeout_ms);
    raise(*strand, "Timeout",
          "ran for longer than its task_timeout of " + limit +
              " without waiting; wait in between (sleep, gather), move the work into an activity, "
              "or raise task_timeout");
  } else {
    heap_interrupted = true;
    raise(*strand, "ResourceExhausted",
          "the values of this run take more than its limit of " +
              std::to_string(heap.limit_bytes() >> 20) +
              " MiB; keep less at once, or pass it through files");
  }
}

void Run::Core::handle_trap(RunStrand& strand) {
  const Op op = machine.trap().instruction.op();
  if (asked && !may_in_query(strand)) return;
  switch (op) {
    case Op::EnterTry:
      return enter_try(strand);
    case Op::ExitTry:
      return exit_try(strand);
    case Op::Start:
      return trap_start(strand);
    case Op::Gather:
      return trap_gather(strand);
    case Op::WaitAny:
      return trap_wait_any(strand);
    case Op::StreamNew:
      return trap_stream_new(strand);
    case Op::StreamNext:
      return trap_stream_next(strand);
    case Op::Batch:
      return trap_batch(strand);
    case Op::Compensate:
      return register_block(strand);
    case Op::Race:
      return trap_race(strand);
    case Op::On:
      return trap_on(strand);
    default:
      return trap_call(strand);
  }
}

void Run::Core::collect() {
  Roots roots(*this);
  heap.collect(roots);
  forget_ended_strands();
  if (!heap.over_limit()) heap_interrupted = false;
}

void Run::Core::visit_roots(RootVisitor& visitor) {
  machine.visit_roots(visitor);
  visitor.visit(main_result);
  visitor.visit(timed_out);
  for (Value& v : failures) visitor.visit(v);
  if (messages) {
    for (MessageHandler& handler : messages->handlers) visitor.visit(handler.closure);
    for (auto& [name, queue] : messages->queues) {
      visitor.visit(queue.count);
      for (SignalQueue::Item& item : queue.items) visitor.visit(item.payload);
    }
  }
  auto visit_blocks = [&](std::vector<Block>& blocks) {
    for (Block& block : blocks) {
      visitor.visit(block.closure);
      visitor.visit(block.handle);
    }
  };
  visit_blocks(held);
  for (auto& [number, work] : works) {
    visitor.visit(work.handle);
    for (Waiter& waiter : work.waiters) visitor.visit(waiter.stream);
  }
  for (auto& [number, scope] : scopes) visit_blocks(scope.blocks);
  for (auto& [number, strand] : strands) {
    strand->visit_roots(visitor);
    visitor.visit(strand->pending_cancel);
    Wait& wait = strand->wait;
    visitor.visit(wait.operand);
    visitor.visit(wait.error);
    if (wait.leaving) {
      visitor.visit(wait.leaving->error);
      visitor.visit(wait.leaving->failures);
      visitor.visit(wait.leaving->block.closure);
      visitor.visit(wait.leaving->block.handle);
    }
    if (wait.race) {
      visitor.visit(wait.race->operand);
      visitor.visit(wait.race->runners);
      visitor.visit(wait.race->winner);
      visitor.visit(wait.race->error);
    }
    if (wait.batch) {
      visitor.visit(wait.batch->items);
      visitor.visit(wait.batch->body);
      visitor.visit(wait.batch->results);
      visitor.visit(wait.batch->error);
    }
  }
}

/// Strands that wait only for each other can never go on: the first of them is told.
void Run::Core::break_deadlock() {
  if (strands.empty() || outside_works > 0) return;
  if (messages && !messages->handlers.empty()) return;  // a message may come and change things
  RunStrand* first = nullptr;
  for (auto& [number, strand] : strands) {
    if (strand->wait.kind == Waiting::Receive) return;
    bool stuck = strand->wait.kind == Waiting::Gather || strand->wait.kind == Waiting::WaitAny ||
                 strand->wait.kind == Waiting::Stream || strand->wait.kind == Waiting::Race ||
                 strand->wait.kind == Waiting::Call;
    if (stuck && (first == nullptr || number < first->number)) first = strand.get();
  }
  if (first == nullptr) return;
  end_wait(*first);
  raise(*first, "Error", "deadlock: it waits for strands that wait for it, so none can ever go on");
  make_ready(*first);
}

bool Run::Core::command(Record& record) {
  if (stopped) return false;
  record.run = setup.number;
  if (!host->command(record)) {
    stopped = true;
    return false;
  }
  return true;
}

Place Run::Core::place(Span span) const {
  const Sources& sources = setup.image->program().sources;
  if (span.file >= sources.files.size()) return {};
  LineColumn at = sources.of(span).locate(span.begin);
  return {span.file, at.line, at.column};
}

/// Where the strand stands in the author's own code, packed.
uint64_t Run::Core::place_of(const RunStrand& strand) const {
  for (auto frame = strand.frames.rbegin(); frame != strand.frames.rend(); ++frame) {
    if (frame->function->prelude) continue;
    uint32_t pc = static_cast<uint32_t>(frame->pc - frame->function->code.data()) - 1;
    return pack_place(place(frame->function->place_of(pc)));
  }
  return 0;
}

// --- the door
// -----------------------------------------------------------------------------------------

Record Run::Started::event() const {
  Record record;
  record.type = RecordType::RunStarted;
  record.time = time;
  return record;
}

Run::Run(Setup setup) : core_(std::make_unique<Core>(std::move(setup))) {}
Run::~Run() = default;

void Run::deliver(const Record& event, const std::string& value) { core_->deliver(event, value); }
Run::State Run::advance(RunHost& host, uint64_t budget) { return core_->advance(host, budget); }
void Run::interrupt(InterruptKind kind) { core_->interrupt(kind); }
void Run::interrupt_at(uint64_t ticks, InterruptKind kind) {
  core_->interrupt_tick = {ticks, kind};
  core_->limit_ticks();
}
uint64_t Run::ticks() const { return core_->machine.ticks; }
bool Run::over_heap_limit() const { return core_->heap.over_limit() && !core_->heap_interrupted; }
RunStatus Run::status() const { return core_->status; }
const std::string& Run::outcome() const { return core_->outcome; }
void Run::ask(const std::string& name, MessageForm form, const std::string& arguments) {
  core_->ask(name, form, arguments);
}
int64_t Run::task_timeout_ms() const { return core_->task_timeout_ms; }
std::vector<WaitingPlace> Run::waiting() const { return core_->waiting(); }
std::vector<OpenStep> Run::open_steps() const { return core_->open_steps(); }
std::vector<PlannedUndo> Run::undo_plan() const { return core_->undo_plan(); }
const Run::Setup& Run::setup() const { return core_->setup; }

}  // namespace wakeful
