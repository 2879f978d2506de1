// The journal: one total order of records over a Store, group commit, and the table of runs.
//
// Always true:
//  1. Records become durable in log order; durable() never goes back.
//  2. A crash loses a suffix of the order, for all runs alike.
//  3. After a failed commit nothing becomes durable any more and every wait ends with the same error.
//  4. Every record carries XXH3-64 over its position, its header and its body; a bad one is Fault::Store, with
//     the position and the run named, never a wrong value.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/base/error.h"
#include "runtime/journal/store.h"
#include "runtime/run/record.h"

namespace wakeful {

// --- records as bytes (record_codec.cpp; FORMAT.md) --------------------------------------------------

/// Frames a record at position `at`: length, type, fields, checksum.
void encode_record(const Record& record, Lsn at, std::string& out);
/// Decodes the record at the start of `bytes`; `used` gets its framed size. Never reads out of bounds.
Result<Record> decode_record(std::string_view bytes, Lsn at, size_t& used);

// --- the run table ----------------------------------------------------------------------------------

/// What `wf list` knows of a run without reading its history. Kept up by the journal from the records.
struct RunInfo {
  RunId number;
  std::string id;
  std::string workflow;
  RunStatus status = RunStatus::Running;
  RunId parent;                     // none: a root
  StepId parent_step;
  uint32_t attempt = 1;
  int64_t started_ms = 0;
  int64_t ended_ms = 0;             // 0 while it runs (time of the last event of its history)
  Lsn first;                        // its RunStarted
  Lsn last;                         // its newest record; once ended, its RunEnded or Terminated
  bool released = true;             // false: ended with prints that nobody marked as released (journal note)
  bool undoing = false;             // completed, and its compensate blocks are to run or run now
  bool undone = false;              // completed, and they have run
  std::string_view program;         // content hash; kept by the journal that the row came from
};

class Journal {
 public:
  /// Reads the run table and the records after it.
  static Result<std::unique_ptr<Journal>> open(std::unique_ptr<Store> store, bool writer);
  ~Journal();                       // commits what is left, unless halted

  // --- writing; from the engine's thread only ---
  /// Gives the record its place: sets `previous`, updates the run table, queues it for the committer. Never blocks.
  Lsn append(Record& record);
  /// Queues a program to be stored with the next group, where it is not stored yet.
  void put_program(const std::string& hash, const std::string& bytes);
  /// Gives out a number: each call another one. Dense, from 1.
  RunId next_run_number();
  /// From hold() to let_go() what is appended gathers, and the committer takes it as one group; flush()
  /// overrides. Around each burst: without it the committer may take the first record of a burst alone, and the
  /// burst costs two commits.
  void hold();
  void let_go();
  /// Everything before this position is durable.
  Lsn durable() const;              // any thread
  Lsn appended() const;             // the end of what was appended
  /// Called on the committer's thread after each group: post to the engine, don't work there.
  void on_durable(std::function<void()> callback);
  /// Blocks until everything appended is durable, or the store has failed.
  Result<void> flush();
  /// The first failure of the store, if any. After it nothing is released.
  std::optional<Error> failure() const;

  // --- reading; engine thread, or a reader's only thread ---
  /// All records of a run, oldest first. Sees appended records that are not durable yet, too.
  Result<std::vector<std::pair<Lsn, Record>>> history(RunId run) const;
  Result<Record> record_at(Lsn at) const;
  Result<std::string> program(const std::string& hash) const;
  /// Histories of many runs in one pass over the store (recovery).
  Result<std::unordered_map<RunId, std::vector<std::pair<Lsn, Record>>>> histories(
      const std::vector<RunId>& runs) const;

  const RunInfo* find(RunId run) const;                    // null: no such run
  /// The newest run (attempt) with that id, open or closed; null: none.
  const RunInfo* find(const std::string& id) const;
  /// Children of a run in the order of their start (all attempts).
  std::vector<const RunInfo*> children(RunId run) const;
  /// In the order of their numbers.
  std::vector<const RunInfo*> runs() const;

 private:
  Journal();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful
