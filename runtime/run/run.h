// One run of a workflow: a state machine without I/O, clock, thread or fiber. It is told events and
// asks for commands; the same code serves live runs, replay and tests.
//
// Always true:
//  1. What it does depends on its program, its RunStarted record, the events in their order and the
//  answers
//     of its host, on nothing else.
//  2. It emits commands only inside advance(), through Host::command, in an order that 1
//  determines.
//  3. Between advance() calls that returned Waiting, no strand can go on without an event.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/run/record.h"
#include "runtime/values/heap.h"
#include "runtime/vm/image.h"

namespace wakeful {

/// Whoever drives a run: the engine, replay, a test. Called only from within Run::advance().
class RunHost {
 public:
  /// The run asks for something. Live: fill the answer (ChildStarted: ref, or kind = refusal with
  /// `value` an error message text; ValueRecorded: value), journal the record, remember the work to
  /// start once it is durable. Replay: compare with the next record of the history and take the
  /// answer from there. False: stop at once, the run is not to be touched again (replay found a
  /// difference).
  virtual bool command(Record& record) = 0;
  /// Lines for stdout (print) or the log. Not steps: the host releases them when the burst is
  /// durable.
  virtual void print(std::string text) = 0;
  virtual void log(const char* level, std::string message, std::string fields_json) = 0;
  /// The timer of this step is not wanted any more (no record: replay comes to the same
  /// conclusion).
  virtual void drop_timer(StepId step) = 0;

 protected:
  ~RunHost() = default;
};

/// Where a strand waits, for `wf show` and progress.
struct WaitingPlace {
  uint64_t strand;
  std::string what;          // "sleep until …", "child item-1", "activity charge, attempt 2"
  std::vector<Place> stack;  // innermost first
};

/// A step that was dispatched and has not ended.
struct OpenStep {
  StepId step;
  RecordType type;  // ChildStarted, StepScheduled, TimerStarted
  std::string name;
  std::string id;
  uint64_t where;
};

/// One thing that undoing a completed run would do, the next one first.
struct PlannedUndo {
  Place place;              // of the compensate block
  bool bound = false;       // to a step
  bool done = false;        // that step ended well; else its outcome is unknown
  uint64_t child_step = 0;  // not a block, but what this child did: it undoes itself
};

class Run {
 public:
  /// What is needed of its RunStarted as long as it lives; named like the record's fields.
  struct Started {
    int64_t time = 0;
    uint64_t number = 0;  // seed
    uint64_t kind = 1;    // attempt
    uint64_t parent = 0;
    uint64_t parent_step = 0;
    std::string options;  // CBOR
    Started() = default;
    Started(const Record& r)
        : time(r.time),
          number(r.number),
          kind(r.kind),
          parent(r.parent),
          parent_step(r.parent_step),
          options(r.options) {}
    /// The event that begins the run.
    Record event() const;
  };
  struct Setup {
    RunId number;
    std::string id;
    std::string workflow;
    std::shared_ptr<Image> image;
    std::string parent_id;  // "" for a root
    uint32_t depth = 0;     // 0 for a root; children nest at most kNestingMax deep
    Started started;
    std::string arguments;  // CBOR list, by position
    size_t heap_limit_bytes = Heap::kDefaultLimit;
  };
  explicit Run(Setup setup);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  enum class State : uint8_t { Waiting, More, Ended, Stopped };

  /// Tells it an event and lets it become runnable. Events for steps that are no longer open are
  /// ignored. `value` replaces record.value for ChildEnded (the child's result or error; CBOR).
  void deliver(const Record& event, const std::string& value);
  /// Runs ready strands until none is left (Waiting), the budget of ticks is used up (More: call
  /// again), the run has ended (its RunEnded was emitted) or the host said stop.
  State advance(RunHost& host, uint64_t budget);
  /// Throws Timeout (task_timeout) or ResourceExhausted into the strand that is running, at the
  /// present tick. Only between two advance() calls of a burst that said More. The host journals it
  /// as Interrupted{ticks()}.
  void interrupt(InterruptKind kind);
  /// In replay: the burst that is about to run or running was interrupted at this tick.
  void interrupt_at(uint64_t ticks, InterruptKind kind);
  uint64_t ticks() const;  // of the present burst
  bool over_heap_limit() const;

  RunStatus status() const;            // Running until its RunEnded
  const std::string& outcome() const;  // CBOR: result or error, once it has ended
  /// milliseconds of CPU that one burst may take (task_timeout of its options; default 60,000)
  int64_t task_timeout_ms() const;

  /// Asks its `on query` handler of that name. The run stops whatever it was doing and is good for
  /// nothing else afterwards: advance() until Ended; status() is then Completed or Failed,
  /// outcome() the value or the error. It emits no command.
  void ask(const std::string& name, MessageForm form, const std::string& arguments);

  /// `on update add(by, note)` for each handler in force; and how many signals are queued, by name.
  std::vector<std::string> handlers_in_force() const;
  std::vector<std::pair<std::string, size_t>> queued_signals() const;

  std::vector<WaitingPlace> waiting() const;
  std::vector<OpenStep> open_steps() const;
  /// Of a completed run: what undoing it would run; in the middle of that: what runs and is still
  /// to come.
  std::vector<PlannedUndo> undo_plan() const;
  size_t footprint_bytes() const;
  const Setup& setup() const;

  static constexpr uint32_t kNestingMax = 100;

  struct Core;  // runtime/run/core.h, private to that folder

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace wakeful
