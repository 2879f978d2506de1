// The inside of the engine (engine.h). Private to this folder.
//
// Words: a *live run* is one that the engine carries; an *attempt* is one execution of an activity
// or effect; an *event* is what a run is told next, not journaled before its burst begins.
//
// Always true:
//  1. One event, one burst: an event is appended when its burst begins, and no event between the
//  commands of a burst.
//  2. A step is dispatched, and a line released, only when durable() has passed its record.
//     Nor a step before the burst that scheduled it is over: so one that is cancelled in the same
//     burst never begins, and recovery can tell.
//  3. A run with lines that were not released gets no further event: so a crash can repeat the
//  lines of its last
//     burst only, and lose none.
//  4. Everything here belongs to the engine's thread. Other threads come in through `wakeup`.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/effects/secrets.h"
#include "runtime/engine/blocking_pool.h"
#include "runtime/engine/carriers.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/output_gate.h"
#include "runtime/engine/queues.h"
#include "runtime/engine/step_options.h"
#include "runtime/engine/timers.h"
#include "runtime/engine/wakeup.h"
#include "runtime/replay/history_player.h"

namespace wakeful {

/// What a run is told next.
struct PendingEvent {
  RecordType type{};
  uint64_t step = 0;
  uint64_t kind = 0;
  uint64_t ref = 0;
  uint64_t number = 0;
  std::string name;
  std::string id;
  std::string value;  // of ChildEnded: delivered with the record, not part of it
};

PendingEvent signal_event(const std::string& name, std::string id, std::string payload);
/// The id of a signal that a run sent to its child.
std::string signal_id(RunId sender, uint64_t step);

/// One execution of a step. Shared by the step, its fiber and the thread that it blocks.
struct Attempt {
  CancelToken token;
  uint64_t number = 1;
  Slot slot;           // given back when it has ended
  bool begun = false;  // its fiber has; before, it waits for StepDispatched to be durable
  const char* timed_out = nullptr;  // the option that struck
  TimerKey timeout;                 // start_to_close
  TimerKey heartbeat;
  int64_t last_beat_ms = 0;
  FiberGate* sleeping = nullptr;  // open() ends its sleep
};

/// A step of a live run that was scheduled and has not ended.
struct LiveStep {
  StepId step;
  StepKind kind{};
  std::string name;
  std::string arguments;  // CBOR list
  std::shared_ptr<const StepOptions> options;
  uint64_t attempt = 1;              // the present or next one
  std::shared_ptr<Attempt> running;  // null: not dispatched, or between attempts
  int64_t scheduled_ms = 0;          // time-outs count from here
  uint64_t position = 0;             // in the journal: its place among those that wait for a slot
  TaskQueue* queue = nullptr;        // where it waits for a slot
  TimerKey retry;                    // armed between attempts
  TimerKey deadline;                 // schedule_to_close
  TimerKey start;                    // schedule_to_start, until the attempt has a slot
  std::string last_error;            // CBOR, of the attempt before
  bool dispatched = false;           // the present attempt was, or may have been before a crash
  bool unknown = false;              // kOutcomeUnknown: of this attempt or one before it
  bool lost = false;                 // at most once, and its outcome was lost in a crash
  std::string progress;              // CBOR: the last heartbeat's
  int64_t progress_noted_ms = 0;     // when it was last journaled
  TimerKey progress_due;             // armed while there is some that is not
  bool cancelled = false;            // asked for by the run
  uint64_t burst = 0;                // the one that scheduled it
};

struct RunTimeouts {
  TimerKey run, execution;
};

/// A completed run that runs its compensate blocks, and what came of it.
struct Undoing {
  uint64_t step = 0;    // the parent's UndoSent; 0: its parent is not waiting
  uint64_t kind = 0;    // StepStatus, once it has ended
  std::string failure;  // CBOR
};

struct LiveRunEntry {
  std::unique_ptr<Run> run;            // null before its first burst
  std::unique_ptr<Run::Setup> unborn;  // until then
  RunId number;
  RunId parent;
  StepId parent_step;
  Lsn spawned;                // the parent's ChildStarted
  Lsn ended_at;               // its RunEnded, once emitted
  uint64_t ended_number = 0;  // `number` of that
  uint32_t attempt = 1;
  std::shared_ptr<const StepOptions> options;  // of a child; null where there are none
  int64_t first_started_ms = 0;                // of its first attempt: execution_timeout
  int64_t last_time = 0;                       // of its last event: time never goes back in a run
  int64_t burst_cpu_us = 0;
  size_t burst_output_bytes = 0;
  std::vector<PendingEvent> pending;
  size_t pending_at = 0;  // the next of them
  bool queued = false;    // in State::ready
  bool in_burst = false;
  uint64_t burst = 0;                     // counts its events
  bool announce = false;                  // a root, or asked for by resume(): run_ended
  bool cancel_requested = false;          // so its failure is not retried
  uint32_t unreleased = 0;                // items of the gate that hold its lines
  std::vector<OutputLine> lines;          // of the present burst
  std::unique_ptr<RunTimeouts> timeouts;  // null: none is armed
  bool resumed = false;                   // its history is older than this engine
  std::unique_ptr<std::map<std::string, UpdateDone>> updates;  // sent and not answered, by id
  std::unique_ptr<Undoing> undoing;  // of a completed run that undoes itself; null elsewhere
  // Ordered maps: an empty one is small, and most runs have few steps.
  std::map<uint64_t, TimerKey> timers;  // by step
  std::map<uint64_t, std::unique_ptr<LiveStep>> steps;
  std::map<uint64_t, RunId> children;  // open ones: step → its present attempt
  std::vector<StepId> held;            // steps to be dispatched once the burst is over

  const Run::Setup& setup() const { return run ? run->setup() : *unborn; }
  bool has_event() const { return pending_at < pending.size(); }
};

/// A child between two attempts.
struct ChildBackoff {
  Run::Setup setup;  // of the attempt that failed: what the next one begins with
  RunId parent;
  StepId parent_step;
  Lsn spawned;
  Lsn failed_at;        // RunEnded of the attempt that failed
  std::string failure;  // its error, CBOR
  RunStatus status{};
  uint32_t attempt = 1;  // the next one's number
  std::shared_ptr<const StepOptions> options;
  int64_t first_started_ms = 0;
  TimerKey timer;
  std::vector<PendingEvent> signals;  // that came meanwhile: the next attempt is told
};

struct PairHash {
  size_t operator()(const std::pair<uint64_t, uint64_t>& p) const noexcept {
    return std::hash<uint64_t>{}(p.first * 0x9E3779B97F4A7C15u ^ p.second);
  }
};

/// A live run's commands and lines, while it is in a burst.
class BurstHost final : public RunHost {
 public:
  BurstHost(Engine::State& state, LiveRunEntry& entry) : state_(state), entry_(entry) {}
  bool command(Record& record) override;
  void print(std::string text) override;
  void log(const char* level, std::string message, std::string fields_json) override;
  void drop_timer(StepId step) override;

 private:
  void add_line(OutputLine line);
  Engine::State& state_;
  LiveRunEntry& entry_;
};

struct Engine::State {
  State(Journal& journal, EngineOutput& output, Services services, Limits limits);
  ~State();

  // runs.cpp: events in, bursts
  LiveRunEntry& add_run(RunId number, std::unique_ptr<Run::Setup> setup);
  LiveRunEntry* find(RunId run);
  void tell(LiveRunEntry& entry, PendingEvent event);
  void make_ready(LiveRunEntry& entry);
  void carry_runs();
  bool run_slice(LiveRunEntry& entry);
  void begin_burst(LiveRunEntry& entry);
  void check_limits(LiveRunEntry& entry, int64_t cpu_us);
  void end_burst(LiveRunEntry& entry, bool last);
  int64_t time_for(LiveRunEntry& entry);
  void drop_run(LiveRunEntry& entry);

  // children.cpp: how children start, end, are tried again, cancelled and terminated
  void start_child(LiveRunEntry& parent, Record& record);
  bool refuse_reuse(Record& record, const RunInfo& closed);
  LiveRunEntry& start_attempt(Run::Setup setup, RunId parent, StepId parent_step, Lsn spawned,
                              uint32_t attempt, std::shared_ptr<const StepOptions> options,
                              int64_t first_started_ms);
  void arm_run_timeouts(LiveRunEntry& entry, bool already_timed_out);
  void run_has_ended(LiveRunEntry& entry);
  void child_has_ended(RunId parent, StepId step, RunStatus status, Lsn ended_at, uint64_t number,
                       std::string value);
  bool back_off(LiveRunEntry& entry, RunStatus status, const std::string& error);
  void next_attempt(RunId parent, StepId step);
  void drop_backoffs(RunId parent, bool abandoned_too);
  void cancel_child(RunId parent, StepId step, CancelMode mode, const std::string& reason);
  void request_cancel(LiveRunEntry& entry, CancelCause cause, const std::string& reason,
                      const std::string& message = "");
  void terminate(RunId run, const std::string& reason);

  // undo.cpp: completed runs that undo themselves
  void send_undo(LiveRunEntry& parent, StepId step, uint64_t child_step);
  struct Rebuilt {
    std::unique_ptr<Run> run;
    int64_t last_time = 0;
  };
  Result<Rebuilt> rebuild(RunId run);
  Result<void> begin_undo(RunId run, StepId step);
  Result<void> was_undone(RunId parent, StepId step, const RunInfo& child);
  void refuse_undo(RunId parent, StepId step, const RunInfo* child, const std::string& why);
  void child_is_undone(RunId parent, StepId step, uint64_t kind, Lsn at, std::string failure);
  const RunInfo* completed_child(RunId parent, uint64_t child_step) const;
  PlayerSources player_sources(const Image& image) const;

  // messages.cpp: what others tell a run
  Result<void> send_update(RunId run, const std::string& id, const std::string& name,
                           MessageForm form, std::string arguments, UpdateDone done);
  void send_signal(LiveRunEntry& parent, Record& record);
  void update_ended(LiveRunEntry& entry, const Record& record);
  void refuse_updates(LiveRunEntry& entry);
  std::vector<PendingEvent> left_signals(RunId attempt, const History* next);
  void read_inbox();
  void deliver(InboxMessage message);
  bool was_received(const InboxMessage& message, const RunInfo& target) const;
  void message_is_journaled(const std::string& id);
  void drop_messages(LiveRunEntry& entry);
  void remove_taken_messages();

  // steps.cpp: activities and effects
  void schedule(LiveRunEntry& entry, const Record& record);
  void queue_dispatch(RunId run, StepId step, Lsn position);
  void dispatch(RunId run, StepId step);
  void take_slot(LiveRunEntry& entry, LiveStep& step, TaskQueue& queue);
  void begin_attempt(LiveRunEntry& entry, LiveStep& step);
  void arm_deadline(RunId run, LiveStep& step);
  void arm_start(RunId run, LiveStep& step, int64_t from_ms);
  void let_go(RunId run, LiveStep& step);
  void perform(RunId run, LiveStep& step, std::shared_ptr<Attempt> attempt);
  void attempt_ended(RunId run, StepId step, const std::shared_ptr<Attempt>& attempt,
                     EffectOutcome outcome);
  void attempt_failed(LiveRunEntry& entry, LiveStep& step, const std::string& error);
  void end_step(LiveRunEntry& entry, StepId step, StepStatus status, std::string value);
  void cancel_step(LiveRunEntry& entry, StepId step);
  void cancel_attempt(Attempt& attempt);
  void time_out_attempt(RunId run, StepId step, const char* option);
  void time_out_step(RunId run, StepId step, bool to_start);
  void lose_outcome(LiveRunEntry& entry, StepId step);

  // progress.cpp: heartbeats
  bool heartbeat(RunId run, StepId step, const std::shared_ptr<Attempt>& attempt,
                 std::optional<std::string> progress);
  void check_heartbeat(RunId run, StepId step);
  void note_progress(RunId run, LiveStep& step);

  // queues.cpp: who may begin
  TaskQueue& queue_named(const std::string& name, bool worker);
  TaskQueue& queue_of(const LiveRunEntry& entry, const LiveStep& step);
  bool parks(LiveRunEntry& entry);
  void wait_in(TaskQueue& queue, RunId run, LiveStep& step);
  void serve_queues();
  bool can_serve() const;
  void expect_warning(TaskQueue& queue);
  void warn_of(uint64_t queue);
  std::optional<std::string> secret(const std::string& name);
  void salt_secrets();
  bool is_served(const std::string& name) const;
  EffectOutcome run_served(const StepServer::Call& call, const std::shared_ptr<Attempt>& attempt);
  EffectOutcome run_blocking(const EffectCall& call, const std::shared_ptr<Attempt>& attempt);
  bool attempt_sleep(RunId run, StepId step, const std::shared_ptr<Attempt>& attempt, int64_t ms);

  // interference.cpp: what the exploration of a test puts off
  struct Dispatch {
    RunId run;
    StepId step;
    Lsn position;
  };
  std::string label_of(RunId run, const LiveStep& step);
  bool puts_off(LiveRunEntry& entry);
  bool puts_off(const Dispatch& dispatch);
  bool take_up();

  // engine.cpp: the loop
  Result<void> work(std::vector<RunId> runs);
  void release();
  bool can_release() const;
  void fire_timers();
  void fire(const TimerTarget& target);
  void sleep_until_something_happens();
  void tick();
  Result<void> stop();
  Result<std::shared_ptr<Image>> image_of(const std::string& hash);

  Journal& journal;
  EngineOutput& output;
  Services services;
  Limits limits;
  std::shared_ptr<Wakeup> wakeup = std::make_shared<Wakeup>();
  Carriers carriers;
  Secrets secrets;
  std::unique_ptr<BlockingPool> pool;
  size_t blocking = 0;  // calls that threads of the pool are asked for

  std::map<std::pair<std::string, bool>, TaskQueue> queues;  // by name and `worker`
  std::unordered_map<RunId, std::unique_ptr<LiveRunEntry>> runs;
  std::unordered_map<std::pair<uint64_t, uint64_t>, ChildBackoff, PairHash>
      backoffs;                                        // by parent and step
  std::unordered_map<std::string, RunId> backoff_ids;  // ids that those hold
  std::deque<RunId> ready;
  bool carrying = false;  // a fiber carries runs
  std::deque<Dispatch> dispatches;  // in the order of their positions
  std::vector<RunId> put_off_runs;  // by the interference, both; such a run counts as queued
  std::vector<Dispatch> put_off_dispatches;
  struct Answer {
    Lsn position;
    UpdateDone done;
    StepStatus status{};
    std::string value;
  };
  // Messages of the inbox: on their way to their run; journaled at a position behind which their
  // files go.
  std::unordered_set<std::string> from_inbox;
  std::deque<std::pair<Lsn, std::string>> taken;
  std::deque<Answer> answers;  // of updates, in the order of their positions
  Timers timers;
  OutputGate gate;
  StepOptionsCache options_cache;
  std::unordered_map<std::string, std::shared_ptr<Image>> images;
  bool stopping = false;
  int64_t tick_every_us = 0;
  int64_t next_tick_us = 0;
  std::function<void()> on_tick;
};

}  // namespace wakeful
