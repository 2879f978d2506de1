// Feeds a run its own history: events to deliver(), commands compared one by one, answers taken
// from the records. Replay uses it alone; the engine's recovery lets it play to the end of the
// history and go on live from there.
//
// Always true:
//  1. A command that has a record in the history reaches nobody else; one that comes after the last
//  record goes to
//     the live host, in the same call of advance().
//  2. What a burst printed reaches nobody, except the last burst of the history: that one's lines
//  may not have
//     been released before the crash, so they go out again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lang/base/source.h"
#include "runtime/replay/replay.h"

namespace wakeful {

using History = std::vector<std::pair<Lsn, Record>>;

/// What else than its history a run needs to be played.
struct PlayerSources {
  /// The value that a record holds (ChildEnded points at its child's RunEnded or Terminated).
  std::function<Result<std::string>(Lsn)> value_at;
  const Sources* sources = nullptr;  // for places in messages; null: none
  bool same_program = true;          // false: places, stacks and dues may differ
};

class HistoryPlayer final : public RunHost {
 public:
  /// `history` (oldest first, beginning with RunStarted), `run` and `live` must outlive the player.
  /// `live` null: the run is stopped where the history ends.
  HistoryPlayer(Run& run, const History& history, PlayerSources sources, RunHost* live);

  /// Plays on, for about `budget` ticks. Waiting: all was fed and the run waits. More: call again,
  /// or, once exhausted(), go on with the live host. Stopped: difference(), error(), or the end of
  /// the history without a live host. Ended: the run has ended, in its history or live.
  Run::State advance(uint64_t budget);
  /// Nothing is left to compare or to deliver.
  bool exhausted() const;

  const std::optional<Difference>& difference() const { return difference_; }
  /// Why a value could not be read.
  const std::optional<Error>& error() const { return error_; }
  /// Prints of the last burst, where there is no live host.
  std::vector<std::string>& last_prints() { return last_prints_; }
  int64_t last_time() const { return last_time_; }  // of the events delivered so far

  bool command(Record& record) override;
  void print(std::string text) override;
  void log(const char* level, std::string message, std::string fields_json) override;
  void drop_timer(StepId step) override;

 private:
  const std::pair<Lsn, Record>* next() const;
  void skip_notes();
  void arm();
  bool deliver_next();
  bool differ(Lsn at, std::string expected, std::string found);
  bool finish_burst(Run::State state);

  Run& run_;
  const History& history_;
  PlayerSources sources_;
  RunHost* live_;
  size_t at_ = 0;          // the next record
  size_t last_event_ = 0;  // index of the last event that starts a burst
  bool in_burst_ = false;
  std::optional<std::pair<uint64_t, size_t>>
      armed_;  // tick of the interruption ahead, and its record
  int64_t last_time_ = 0;
  std::optional<Difference> difference_;
  std::optional<Error> error_;
  std::vector<std::string> last_prints_;
};

}  // namespace wakeful
