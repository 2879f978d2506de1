#include "runtime/journal/run_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/journal/record_frame.h"

namespace wakeful {
namespace {

// A run's number may be ahead of the rows (children are numbered when they are asked for), but not
// by more than any burst can ask for: a record that claims otherwise must not make us allocate
// without bound.
constexpr uint64_t kNumberLeapMax = 1u << 26;

}  // namespace

RunTable::Row* RunTable::row(RunId run) {
  if (!run || run.value > rows_.size()) return nullptr;
  Row& row = rows_[run.value - 1];
  return row.info.first ? &row : nullptr;
}

RunTable::Row& RunTable::make_row(uint64_t number) {
  if (rows_.size() < number) rows_.resize(number);
  numbers_ = std::max(numbers_, number);
  return rows_[number - 1];
}

void RunTable::link(Row& row) {
  auto [entry, fresh] = newest_of_id_.try_emplace(row.info.id, row.info.number.value);
  if (!fresh && entry->second < row.info.number.value) {
    newest_of_id_.erase(entry);  // the key is a view into the older row: renew it as well
    newest_of_id_.emplace(row.info.id, row.info.number.value);
  }
  const uint64_t parent_number = row.info.parent.value;
  if (parent_number == 0 || parent_number > rows_.size()) return;
  Row& parent = rows_[parent_number - 1];
  const uint64_t number = row.info.number.value;
  if (parent.last_child) rows_[parent.last_child - 1].next_sibling = number;
  if (!parent.first_child) parent.first_child = number;
  parent.last_child = number;
}

Result<void> RunTable::start(const Record& record, Lsn at) {
  if (row(record.run))
    return damaged_record(at, record.run, "starts a run that has started before");
  if (record.previous)
    return damaged_record(at, record.run, "starts a run, but has a record before it");
  if (record.run.value > rows_.size() + kNumberLeapMax)
    return damaged_record(at, record.run, "has a run number far beyond the others");
  Row& row = make_row(record.run.value);
  RunInfo& info = row.info;
  info.number = record.run;
  info.id = record.id;
  info.workflow = record.name;
  info.parent = RunId{record.parent};
  info.parent_step = StepId{record.parent_step};
  info.attempt = record.kind ? static_cast<uint32_t>(record.kind) : 1;
  info.started_ms = row.last_event_ms = record.time;
  info.first = info.last = row.newest = at;
  info.program = keep(record.program);
  if (info.program.empty())
    if (const Row* parent = this->row(info.parent)) info.program = parent->info.program;
  link(row);
  return {};
}

Result<void> RunTable::apply(const Record& record, Lsn at) {
  if (record.type == RecordType::RunStarted) return start(record, at);
  Row* row = this->row(record.run);
  if (!row) return damaged_record(at, record.run, "belongs to a run that has not started");
  if (record.previous != row->newest)
    return damaged_record(
        at, record.run, fmt::format("does not follow the run's last one at {}", row->newest.value));
  row->newest = at;
  RunInfo& info = row->info;
  if (info.status == RunStatus::Running) info.last = at;
  if (class_of(record.type) == RecordClass::Event && record.time) row->last_event_ms = record.time;

  if (record.type == RecordType::RunEnded) {
    info.status = static_cast<RunStatus>(record.kind);
    info.ended_ms = row->last_event_ms;
    info.released = (record.number & kPrinted) == 0;
    info.last = at;
  } else if (record.type == RecordType::Terminated) {
    info.status = RunStatus::Terminated;
    info.ended_ms = record.time;
    info.last = at;
  } else if (record.type == RecordType::UndoRequested) {
    info.undoing = true;
  } else if (record.type == RecordType::UndoEnded) {
    info.undoing = false;
    info.undone = true;
    info.released = (record.number & kPrinted) == 0;
  } else if (record.type == RecordType::Released) {
    info.released = true;
  } else if (record.type == RecordType::ChildStarted) {
    numbers_ = std::max(numbers_,
                        record.ref);  // given out, even where the child's start was lost in a crash
  }
  return {};
}

Lsn RunTable::newest(RunId run) const {
  const Row* found = row(run);
  return found ? found->newest : Lsn{};
}

const RunInfo* RunTable::find(RunId run) const {
  const Row* found = row(run);
  return found ? &found->info : nullptr;
}

const RunInfo* RunTable::find(std::string_view id) const {
  const auto found = newest_of_id_.find(id);
  return found == newest_of_id_.end() ? nullptr : find(RunId{found->second});
}

std::vector<const RunInfo*> RunTable::children(RunId run) const {
  std::vector<const RunInfo*> children;
  const Row* parent = row(run);
  for (uint64_t child = parent ? parent->first_child : 0; child;
       child = rows_[child - 1].next_sibling)
    children.push_back(&rows_[child - 1].info);
  return children;
}

std::vector<const RunInfo*> RunTable::runs() const {
  std::vector<const RunInfo*> all;
  all.reserve(rows_.size());
  for (const Row& row : rows_)
    if (row.info.first) all.push_back(&row.info);
  return all;
}

}  // namespace wakeful
