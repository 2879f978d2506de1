// The inside of Run (run.h). Private to this folder.
//
// Words: a *work* is something open that ends later: a child, an activity, a library effect, a
// timer or a strand. A *scope* holds the works spawned in it and the blocks registered in it
// (language.md, section 6). A strand waits in one place at a time (Wait); whoever ends a work tells
// the strands that registered with it.
//
// Always true:
//  1. Values move only in collect(), which advance() calls between two instructions; everywhere
//  else plain Values
//     may be held. Whatever survives a burst is reached by visit_roots().
//  2. A strand is in exactly one of: ready_ (or running_), waiting (wait.kind), or finished and
//  gone.
//  3. Nothing here recurses along strands or scopes: progress is queued in settling_ and worked off
//  by settle().
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "runtime/run/options.h"
#include "runtime/run/random.h"
#include "runtime/run/run.h"
#include "runtime/vm/machine.h"

namespace wakeful {

/// Who wants to know that a work has ended: a strand in the wait with that serial, or a stream.
struct Waiter {
  uint64_t strand = 0;
  uint64_t serial = 0;
  Value stream;  // not null: a stream of that strand
};

struct Work {
  uint64_t number = 0;  // its step
  RecordType type{};    // ChildStarted, StepScheduled, TimerStarted; of a strand: RunStarted;
                        // of a signal that somebody waits for by its handle: SignalReceived
  ClosePolicy policy = ClosePolicy::Wait;
  bool cancel_sent = false;
  bool hands_over = true;  // of a child: its blocks pass to this run (undo_policy)
  bool effect = false;     // of StepScheduled: a library effect, whose own error is thrown
  uint64_t scope = 0;      // 0: none holds it
  uint64_t strand = 0;     // the one that started it
  uint64_t where = 0;
  int64_t due = 0;  // of a timer
  std::string name;
  Value handle;
  std::vector<Waiter> waiters;
  bool is_strand() const { return type == RecordType::RunStarted; }
  bool is_signal() const { return type == RecordType::SignalReceived; }
  bool is_timer() const { return type == RecordType::TimerStarted; }
};

struct Block {
  uint64_t place = 0;   // order of registration in the run
  Value closure;        // of what a child did as a whole: the child's id
  uint64_t child = 0;   // then: the step that started it
  Value handle;         // of one bound to a step: that step's
  uint64_t strand = 0;  // the one that did it
  /// The child or step that it undoes; 0 for one that stands by itself.
  uint64_t of() const { return handle.is(Tag::Handle) ? handle.as<Handle>()->step : child; }
};

struct Scope {
  uint64_t owner = 0;    // the strand that it belongs to
  bool leaving = false;  // an error leaves it: what is moved into it is cancelled
  bool ending = false;   // its strand has ended well: close policies apply to what is moved into it
  uint32_t open_count = 0;
  std::vector<uint64_t>
      open;  // works, in order; those that have ended are skipped and dropped now and then
  std::vector<Block> blocks;
};

enum class Waiting : uint8_t {
  Nothing,
  Call,
  Sleep,
  Receive,
  Gather,
  WaitAny,
  Stream,
  Race,
  Batch,
  Leaving,
  End
};

/// An error on its way out of a scope: first the open works end, then the blocks run, then it goes
/// on.
struct Leaving {
  std::optional<Handler> handler;  // none: out of the strand
  Value error;
  Value failures;  // list: errors of blocks
  Block block;     // the one that runs
  bool block_running = false;
  bool flows = false;  // a block has just ended: what comes next is the same strand of code
};

struct BatchState {
  Value items;  // list
  Value body;   // closure
  enum class Item : uint8_t { Skipped, Done, Failed };
  Value results;             // list: values and errors of the turns that ended
  std::vector<Item> states;  // of each item
  Value error;               // why it stops; null while it goes on
  uint32_t total = 0;
  uint32_t next = 0;  // the first item that was not started
  uint32_t running = 0;
  uint32_t failed = 0;
  uint32_t at_once = 1;  // size or limit
  uint32_t tolerated = 0;
  bool waves = false;     // size
  bool outcomes = false;  // settled, tolerate: gives outcomes
  bool tolerates = false;
  bool stopping = false;
  int64_t pause_ms = -1;
  uint64_t pause_timer = 0;
};

/// A race, until its losers have been cancelled, have ended, and have been undone.
struct RaceState {
  Value operand;      // a copy: outcomes have its shape
  Value runners;      // list: its handles, each once
  Value winner;       // null: none, and `error` says why
  Value error;        // thrown once the losers are undone; null where the winner's value is given
  uint32_t open = 0;  // runners that have not ended
  uint8_t reg = 0;
  bool success = false;  // only who ends well can win
  bool decided = false;
};

struct Wait {
  Waiting kind = Waiting::Nothing;
  uint8_t reg = 0;  // gets the answer
  bool settled = false;
  bool stopping = false;  // a gather that failed or timed out waits for the rest
  uint32_t remaining = 0;
  uint64_t serial = 0;
  uint64_t timer = 0;              // the time-out's step
  uint64_t work = 0;               // of Call and Sleep
  const uint32_t* jump = nullptr;  // of Stream: where to go at its end
  Value operand;                   // of Gather, WaitAny, Stream
  Value error;                     // of a stopping gather
  std::unique_ptr<Leaving> leaving;
  std::unique_ptr<BatchState> batch;
  std::unique_ptr<RaceState> race;  // also while its losers are being undone (Leaving)
};

/// A first-in-first-out queue that takes no memory while it is empty (a run that waits should be
/// small).
class Queue {
 public:
  bool empty() const { return head_ == items_.size(); }
  uint64_t front() const { return items_[head_]; }
  void push_back(uint64_t n) { items_.push_back(n); }
  void push_front(uint64_t n) {
    if (head_ > 0)
      items_[--head_] = n;
    else
      items_.insert(items_.begin(), n);
  }
  void pop_front() {
    if (++head_ == items_.size()) clear();
  }
  void clear() {
    head_ = 0;
    items_.clear();
    if (items_.capacity() > 64) items_.shrink_to_fit();
  }

 private:
  std::vector<uint64_t> items_;
  size_t head_ = 0;
};

/// Undo: runs no code of its own; it holds the blocks of a completed run while they run.
enum class Role : uint8_t { Main, Spawned, Turn, Block, Undo, Handler, Query };

struct RunStrand : Strand {
  uint64_t number = 0;
  Role role{};
  bool begun = false;
  bool has_error = false;        // `error` is to be thrown where it stands
  uint64_t owner = 0;            // of a Turn, a Block: the strand that waits for it
  uint32_t turn = 0;             // of a Turn: which item
  Value pending_cancel;          // a cancellation that waits for the strand to wait
  std::vector<uint64_t> scopes;  // innermost last; the first is its own
  Wait wait;
};

/// What `on` registers; the numbers are operand B of the instruction.
enum class HandlerOf : uint8_t { Signal, Query, Update };

struct MessageHandler {
  HandlerOf of{};
  std::string name;
  Value closure;
};

/// A strand that takes the next signal of a name, in the wait with that serial.
struct Taker {
  uint64_t strand = 0;
  uint64_t serial = 0;
  uint64_t step = 0;  // of the signal's handle that it gathers; 0: it receives
};

/// The signals of one name. Where one is queued, nobody waits who could take it.
struct SignalQueue {
  struct Item {
    Value payload;
    uint64_t order;  // when it came, among all ends of the run
  };
  std::deque<Item> items;
  Value count;                // cell: their number, shared with the handles of the name
  std::vector<Taker> takers;  // in the order in which they began to wait
};

/// What a run keeps of messages; most runs have none.
struct Messages {
  std::map<std::string, SignalQueue> queues;
  size_t watched = 0;                    // works of signals
  size_t watched_max = 64;               // then those that nobody waits for any more are forgotten
  std::vector<MessageHandler> handlers;  // in force
  std::map<uint64_t, std::string> updates;  // being handled: strand → the message's id
};

struct Run::Core {
  explicit Core(Setup setup);

  // core.cpp: events in, bursts
  void deliver(const Record& event, const std::string& value);
  void take_event(const Record& event, const std::string& value);
  State advance(RunHost& host, uint64_t budget);
  void interrupt(InterruptKind kind);
  void begin();
  void make_self();
  void run_strand(RunStrand& strand);
  void handle_trap(RunStrand& strand);
  void limit_ticks();
  void collect();
  void visit_roots(RootVisitor& visitor);
  void break_deadlock();
  bool command(Record& record);
  uint64_t place_of(const RunStrand& strand) const;

  // strands.cpp: how strands begin, wait, are cancelled and end
  RunStrand& new_strand(Role role, Value callee, const Value* args, uint32_t count, uint64_t owner,
                        bool at_once = false);
  void make_ready(RunStrand& strand, bool at_once = false);
  void park(RunStrand& strand, Waiting kind, uint8_t reg);
  void end_wait(RunStrand& strand);
  void answer(RunStrand& strand, Value value);
  void raise(RunStrand& strand, Value error);
  void raise(RunStrand& strand, std::string_view kind, std::string_view message);
  bool cancelled_instead(RunStrand& strand);
  void cancel_strand(RunStrand& strand, Value error);
  void cancel_main(Value error);
  void strand_finished(RunStrand& strand, Value value);
  void strand_failed(RunStrand& strand, Value error);
  void drop_strand(uint64_t number);
  RunStrand* find_strand(uint64_t number);
  void settle();

  // scopes.cpp
  uint64_t open_scope(RunStrand& strand);
  void enter_try(RunStrand& strand);
  void exit_try(RunStrand& strand);
  void move_scope(uint64_t from, uint64_t to);
  void unwind(RunStrand& strand);
  void leave(RunStrand& strand, Value error, std::optional<Handler> handler);
  void continue_leaving(RunStrand& strand);
  Value compensation_failed(RunStrand& strand, Value failures, Value cause);
  void end_scope(RunStrand& strand);
  void continue_end(RunStrand& strand);
  void hold(uint64_t scope, Work& work);
  void release(Work& work);
  void apply_close_policy(Work& work);
  void register_block(RunStrand& strand);
  void bind_block(RunStrand& strand, Work& work, Value closure);
  bool run_block(RunStrand& strand, const Block& block, bool at_once);
  Value came_to(Handle* handle);
  static int64_t block_function(const Block& block);
  static bool runs_nothing(const Block& block);
  void receive_blocks(const Work& child);
  void undo_child(RunStrand& strand, const Block& block);

  // works.cpp
  Work& add_work(RecordType type, Handle::Kind kind, std::string name, uint64_t where);
  void end_work(uint64_t number, bool done, Value outcome);
  void tell(const Waiter& waiter, Work& ended);
  void cancel_work(Work& work, CancelMode mode, Value reason, bool again = false);
  void wait_for(RunStrand& strand, Work& work);
  uint64_t start_timer(int64_t ms, TimerKind kind, uint64_t where);
  void drop_timer(uint64_t number);
  void forget_work(uint64_t number);
  Value wrap_failure(std::string_view kind, std::string_view workflow_id, Value cause);
  Value cancelled_error(Value reason);
  Value thrown_copy(RunStrand& strand, Value error);

  // start.cpp: what Start and calls that trap begin
  void trap_start(RunStrand& strand);
  void trap_call(RunStrand& strand);
  void start(RunStrand& strand, Value callee, std::vector<Value> args, Value id, Value options,
             Value undo, bool direct);
  Work* start_child(RunStrand& strand, const CallableDecl& decl, std::vector<Value>& args, Value id,
                    Value options);
  Work* start_activity(RunStrand& strand, const CallableDecl& decl, std::vector<Value>& args,
                       Value options);
  Work* start_effect(RunStrand& strand, const Builtin& builtin, std::vector<Value>& args,
                     Value options);
  Work* start_strand(RunStrand& strand, Value callee, std::vector<Value>& args);
  bool encode_arguments(RunStrand& strand, const std::string& callee,
                        const std::vector<Parameter>* params, std::vector<Value>& args,
                        std::string& out);
  bool encode_options(RunStrand& strand, const Constant& declared, Value given, OptionsOf what,
                      Options& parsed, std::string& out);
  void finish_call(RunStrand& strand, Work& work);

  // waits.cpp
  void trap_gather(RunStrand& strand);
  void trap_wait_any(RunStrand& strand);
  void trap_stream_new(RunStrand& strand);
  void trap_stream_next(RunStrand& strand);
  void gather_told(RunStrand& strand, Work& ended);
  void finish_gather(RunStrand& strand);
  void fail_gather(RunStrand& strand, Value error);
  void look_at_stream(RunStrand& strand, Stream* stream);
  bool handles_of(RunStrand& strand, const char* verb, Value operand, std::vector<Handle*>& out);
  bool timeout_fits(RunStrand& strand, Value timeout);
  bool start_timeout(RunStrand& strand, Value timeout);
  Value shallow_copy(Value operand);
  Value outcome_of(Handle* handle);
  Value in_shape(Value operand, bool outcomes);
  void take(Handle* handle);
  Value with_outcomes(Value error, Value outcomes);

  // race.cpp
  void trap_race(RunStrand& strand);
  void race_told(RunStrand& strand, Work& ended);
  void decide(RunStrand& strand, Handle* winner, Value error);
  void undo_losers(RunStrand& strand);
  void take_over(RunStrand& strand, uint64_t scope, const std::vector<uint64_t>& losers);
  bool done_by(uint64_t number, const std::vector<uint64_t>& ancestors) const;
  void finish_race(RunStrand& strand);
  void forget_ended_strands();

  // batch.cpp
  void trap_batch(RunStrand& strand);
  void batch_step(RunStrand& strand);
  void turn_ended(RunStrand& turn, bool done, Value value);
  void stop_batch(RunStrand& strand, Value error);
  Value batch_outcomes(const BatchState& batch);

  // builtins.cpp: library functions that the run answers itself
  void trap_builtin(RunStrand& strand, const Builtin& builtin, std::vector<Value>& args);
  void cancel_handle(RunStrand& strand, Handle* handle, Value reason);

  // signals.cpp
  void take_signal_event(const Record& event, Value payload);
  void handle_signal(const MessageHandler& handler, Value payload);
  SignalQueue& queue_of(std::string_view name);
  Value pop_signal(SignalQueue& queue);
  void serve_signals(const std::string& name);
  void receive(RunStrand& strand, Value name, Value timeout);
  Value signal_handle(std::string_view name);
  Work& work_of(Handle* handle);
  void watch(Handle* handle, const Waiter& waiter, bool takes);
  bool stale(uint64_t strand, uint64_t serial);
  void take_if_signal(Handle* handle);
  uint64_t finish_order(Handle* handle);
  void forget_unwatched();
  void send_signal(RunStrand& strand, Handle* handle, Value name, Value payload);

  // messages.cpp
  void trap_on(RunStrand& strand);
  void take_update(const Record& event);
  void end_update(const std::string& id, bool done, Value value);
  bool handler_ended(RunStrand& strand, bool done, Value& value);
  Work& start_handler(const MessageHandler& handler, const std::vector<Value>& args);
  bool bind_message(const MessageHandler& handler, MessageForm form, Value value,
                    std::vector<Value>& args, Value& error);
  const MessageHandler* find_handler(HandlerOf of, std::string_view name) const;
  Value no_handler(HandlerOf of, std::string_view name);
  const std::vector<Parameter>& params_of(const MessageHandler& handler) const;
  bool takes_messages();

  // query.cpp
  void ask(const std::string& name, MessageForm form, const std::string& bytes);
  void answer_query(bool done, Value value);
  bool may_in_query(RunStrand& strand);

  // ending.cpp
  void complete(Value result);
  void fail_run(Value error);
  Value timed_out_with(Value error);
  void end_run(RunStatus status, std::string value);
  void begin_undo();
  void end_undo(Value error);
  std::string encode_error(Value error);
  bool unhandled_failure(Value& error);

  // inspect.cpp
  std::vector<WaitingPlace> waiting() const;
  std::vector<OpenStep> open_steps() const;
  std::vector<PlannedUndo> undo_plan() const;
  Place place(Span span) const;

  Setup setup;
  Heap heap;
  Machine machine;
  Random random;
  RunHost* host = nullptr;  // during advance()
  std::unique_ptr<std::pair<Record, std::string>>
      pending;           // the event that the next advance() takes
  bool stopped = false;  // the host said so
  bool printed = false;  // in this burst
  bool asked = false;    // it answers a query, and may only look
  bool cancel_requested = false;
  bool heap_interrupted = false;  // over the limit, and already told
  Value timed_out;                // the Timeout error of the run, or null
  RunStatus status = RunStatus::Running;
  std::string outcome;
  int64_t now_ms = 0;  // the burst's time
  int64_t task_timeout_ms = 60'000;
  std::optional<std::pair<uint64_t, InterruptKind>> interrupt_tick;
  uint64_t slice_end = 0;

  uint64_t last_step = 0;
  uint64_t last_scope = 0;
  uint64_t last_place = 0;
  uint64_t last_serial = 0;
  uint64_t last_order = 0;
  std::map<std::string, uint64_t> child_counts;
  /// Strands that ended well and handed something to a scope: → the strand that started each.
  std::map<uint64_t, uint64_t> ended_strands;

  // ordered maps: a run with one of each takes no table, and iteration is deterministic
  std::map<uint64_t, Work> works;
  size_t outside_works = 0;  // of them, those that are not strands
  std::map<uint64_t, Scope> scopes;
  std::map<uint64_t, std::unique_ptr<RunStrand>> strands;
  Queue ready;
  Queue settling;  // strands whose scope, batch or leaving may go on
  uint64_t running = 0;
  uint64_t main = 0;
  Value main_result;
  std::vector<Block> held;             // of a completed run: what undoing it would run
  std::vector<Value> failures;         // handles that failed and were not taken
  std::unique_ptr<Messages> messages;  // null until there are any
};

}  // namespace wakeful
