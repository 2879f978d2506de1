// The table of runs, kept up from the records: what `wf list` shows, and where each run's chain of
// records ends.
//
// Always true:
//  1. It is a function of the records applied so far, so a snapshot with the records after it gives
//  the same table.
//  2. A RunInfo stays at its address as long as the table lives.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lang/base/error.h"
#include "runtime/journal/journal.h"

namespace wakeful {

class RunTable {
 public:
  /// Takes the next record of the order. Fault::Store where it cannot be: of a run that never
  /// started, a second start, a chain that misses a record.
  Result<void> apply(const Record& record, Lsn at);

  /// Numbers are given out once; those that ChildStarted records name count as given.
  RunId reserve_number() { return RunId{++numbers_}; }

  /// The newest record of a run, of whatever type; none where the run is not known.
  Lsn newest(RunId run) const;
  const RunInfo* find(RunId run) const;
  const RunInfo* find(std::string_view id) const;
  std::vector<const RunInfo*> children(RunId run) const;
  std::vector<const RunInfo*> runs() const;
  size_t size() const { return rows_.size(); }

  /// The table as bytes, good for everything before `until` (FORMAT.md). restore() fails on
  /// anything else.
  std::string snapshot(Lsn until) const;
  Result<Lsn> restore(std::string_view bytes);

 private:
  // Kept small: there may be millions. A row without `info.first` is a number that was only
  // reserved.
  struct Row {
    RunInfo info;
    Lsn newest;
    int64_t last_event_ms = 0;
    uint64_t first_child = 0, last_child = 0, next_sibling = 0;
  };

  Row* row(RunId run);
  const Row* row(RunId run) const { return const_cast<RunTable*>(this)->row(run); }
  Result<void> start(const Record& record, Lsn at);
  void link(Row& row);
  Row& make_row(uint64_t number);
  std::string_view keep(const std::string& program) { return *programs_.insert(program).first; }

  std::set<std::string, std::less<>> programs_;  // the hashes that rows point to
  std::deque<Row> rows_;  // run n at n - 1; a deque, because rows never move
  uint64_t numbers_ = 0;  // the highest number given out
  std::unordered_map<std::string_view, uint64_t> newest_of_id_;  // views into the rows
};

}  // namespace wakeful
