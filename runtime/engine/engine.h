// The shell that makes runs real: it journals their commands and events, starts what they ask for
// once the record is durable, and feeds back what happened. One engine a store, one thread for all
// runs (plus the committer and a pool for blocking calls).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lang/base/error.h"
#include "lang/bytecode/program.h"
#include "runtime/effects/effect.h"
#include "runtime/engine/services.h"
#include "runtime/journal/inbox.h"
#include "runtime/journal/journal.h"
#include "runtime/run/run.h"

namespace wakeful {

/// What leaves the engine. Called on the engine's thread, only after everything that led to it is
/// durable.
class EngineOutput {
 public:
  virtual void print(const std::string& text) = 0;  // one print(…), without line break
  virtual void log(RunId run, const char* level, const std::string& message,
                   const std::string& fields_json) = 0;
  virtual void run_ended(const RunInfo& info) = 0;
  virtual void warn(const std::string& message) = 0;

 protected:
  ~EngineOutput() = default;
};

/// One node of the live tree, for progress and `wf show`.
struct LiveRun {
  RunInfo info;
  std::vector<WaitingPlace> waiting;
  struct Retry {
    StepId step;
    uint64_t attempt;
    int64_t due_ms;
    std::string error;
  };
  std::vector<Retry> retries;
  /// A step that waits for a slot of its queue; step 0: the run itself, which has not begun.
  struct Queued {
    StepId step;
    std::string why;  // "queue heavy: nobody serves it", for the reader
    bool unserved;
  };
  std::vector<Queued> queued;
};

/// What came of an update: its value, or its error (CBOR).
using UpdateDone = std::function<void(StepStatus status, const std::string& value)>;

class Engine {
 public:
  struct Services {
    Clock& clock = system_clock();
    RandomSource& random = system_random();
    Effects& effects = system_effects();
    Inbox* inbox = nullptr;  // messages from other processes; null: none come
    StepServer* server = nullptr;  // of tests, as is the next
    Interference* interference = nullptr;
  };
  struct Limits {
    size_t heap_bytes = Heap::kDefaultLimit;
    size_t effects_at_once = 256;  // threads for blocking calls
    /// Named queues that are served here, each with so many slots. "default" is always served,
    /// without a limit unless it has one here.
    std::map<std::string, size_t> queues;
  };
  Engine(Journal& journal, EngineOutput& output, Services services, Limits limits);
  ~Engine();

  /// Starts a root run. `arguments`: CBOR list, by position, already checked. Journaled when it
  /// returns, not yet durable.
  Result<RunId> start(const Program& program, const std::string& workflow, const std::string& id,
                      const std::string& arguments);
  /// Rebuilds open runs (and their open descendants) from the journal by replay; their open steps
  /// go on. A run whose program no longer agrees with its history: Fault::Replay.
  Result<void> resume(const std::vector<RunId>& runs);
  /// Journals a cancellation or termination of a run that was resumed or started here.
  Result<void> cancel(RunId run, const std::string& reason);
  Result<void> terminate(RunId run, const std::string& reason);

  /// Runs the compensate blocks of a run that has completed, and of its children; work_until_ended
  /// waits for that. One that was being undone, and was resumed, just goes on. Fault::Usage where
  /// the run has not completed, or is undone.
  Result<void> undo(RunId run);

  /// Sends an update to a run that is open here. `done` is called once, on the engine's thread,
  /// outside of bursts, when its end is durable; where the run ends without it, with NotFound. `id`
  /// names the message: sent again after a crash, it is handled once, and answered all the same.
  /// `arguments`: CBOR, as `form` says.
  Result<void> update(RunId run, const std::string& id, const std::string& name, MessageForm form,
                      std::string arguments, UpdateDone done);

  /// Works until all given runs have ended and everything is durable and released, or stop was
  /// requested. Fault::Store where the store has failed.
  Result<void> work_until_ended(const std::vector<RunId>& runs);
  /// Stops taking steps; work_until_ended returns once what happened is durable. Async-signal-safe.
  void request_stop();
  bool stopped() const;

  /// Called from the output callbacks or between calls; engine thread.
  std::vector<LiveRun> live(RunId root) const;
  /// Called about so often on the engine thread while it works (progress). 0: never.
  void on_tick(int64_t every_ms, std::function<void()> callback);

  struct State;  // runtime/engine/state.h

 private:
  std::unique_ptr<State> state_;
};

}  // namespace wakeful
