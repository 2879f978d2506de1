// Rebuilds open runs from the journal, so that what a crash cut off goes on.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/engine/state.h"

namespace wakeful {

// clang-format off
/// The journal may end after any record. What each pair needs when the second one is missing:
///   ChildStarted – RunStarted of the child     the child is started
///   RunEnded or Terminated – ChildEnded        the parent is told, or the child is tried again
///   CancelSent – CancelRequested of the child  the cancellation is sent again
///   CancelSent – StepEnded                     the step ends as cancelled, without another attempt
///   Terminated – the same for its children     their close policies are applied
///   SignalSent – SignalReceived of the child   the signal is sent again, unless an attempt got it
///   a message's record – its file gone         the file goes: the run's history has the id
///   RunStarted – SignalReceived of a next attempt  it is told what the one before had not received
///   UndoSent – UndoRequested of the child      the child is rebuilt and told
///   UndoEnded – ChildUndone                    the parent is told
///   StepScheduled – StepEnded                  dispatched again: same attempt, same key
///   StepDispatched – StepEnded                 at most once: the step fails, its outcome unknown
///   AttemptFailed – StepEnded                  the next attempt is made when it is due
///   TimerStarted – TimerFired                  the timer is armed, and fires at once if it is due
///   RunEnded with lines – Released             the lines of its last burst go out again
///   an event – the end of its burst            replay runs into the end of the history, then live
// clang-format on
class Recovery {
 public:
  explicit Recovery(Engine::State& state) : state_(state) {}
  Result<void> resume(const std::vector<RunId>& requested);

 private:
  /// What a run's records leave open.
  struct Open {
    RunId run;
    std::vector<uint64_t> steps;                                    // to be dispatched
    std::unordered_map<uint64_t, std::pair<Lsn, Record>> children;  // ChildStarted without an end
    std::unordered_map<uint64_t, std::vector<Record>> cancels;      // CancelSent, by step
    std::unordered_set<uint64_t> never_begun;  // steps cancelled in the burst that scheduled them
    uint64_t cancels_received = 0;             // from its parent
    std::unordered_map<uint64_t, uint64_t>
        undos;  // UndoSent without ChildUndone: → the child's step
    bool timed_out = false;
  };
  struct EndedChild {
    uint64_t step;
    RunInfo info;
  };

  Result<void> collect(const std::vector<RunId>& requested);
  Result<void> load();
  Result<void> add(RunId run);
  void read_history(Open& open, LiveRunEntry& entry, const History& history);
  void read_event(Open& open, LiveRunEntry& entry, Lsn at, const Record& record);
  void read_command(Open& open, LiveRunEntry& entry, Lsn at, const Record& record);
  int64_t first_start(RunId parent, StepId step, int64_t newest_start) const;
  Result<void> link_children(Open& open);
  Run::Setup child_setup(const LiveRunEntry& parent, const Record& spawn) const;
  Result<void> end_child(Open& open, LiveRunEntry& parent, const EndedChild& child);
  Result<void> apply_parent(const Open& open);
  void tell_left_signals(LiveRunEntry& entry);
  Result<void> resend_signals(const History& parent, StepId step, RunId parent_run);
  void resend_cancels(const Open& open, LiveRunEntry& entry, const History& parent);
  Result<void> play(const Open& open);
  Result<void> link_undos(const Open& open);
  void dispatch(const Open& open);
  Result<void> release_ended();
  Result<std::vector<OutputLine>> last_lines(RunId run);
  void order_lines(size_t waiting);
  void forget();

  Engine::State& state_;
  std::vector<RunId> requested_;
  std::vector<RunId> open_;        // in the order of their numbers, so parents first
  std::vector<RunId> unreleased_;  // closed, with lines that nobody marked as released
  std::vector<RunId> announced_;   // closed, and asked for
  std::unordered_map<RunId, History> histories_;
  std::unordered_map<RunId, Open> found_;
};

}  // namespace wakeful
