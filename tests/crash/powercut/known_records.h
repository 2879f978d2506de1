// A sequence of records that depends on its seed and shape alone: a writer writes it, a checker
// makes it again.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "runtime/run/record.h"

namespace wakeful::powercut {

struct Shape {
  const char* name;
  size_t records;
  size_t flush_every_max;  // records appended between two flushes: 1 … this
  size_t value_bytes_max;
  size_t start_every;  // one record in so many starts a run
};

/// chain: a step at a time; burst: many records a commit; big: values over many pages; runs: as
/// many runs as records; long: enough for several snapshots of the run table.
inline constexpr Shape kShapes[] = {
    {"chain", 90, 1, 300, 30}, {"burst", 1500, 40, 120, 10}, {"big", 40, 2, 120000, 10},
    {"runs", 400, 12, 40, 1},  {"long", 12000, 500, 20, 4},
};

inline const Shape* shape_named(const std::string& name) {
  for (const Shape& shape : kShapes)
    if (name == shape.name) return &shape;
  return nullptr;
}

class KnownRecords {
 public:
  explicit KnownRecords(const Shape& shape, uint64_t seed = 1) : shape_(shape), random_(seed) {}

  /// The next record without its `previous`. For a RunStarted, program_of(record) is what it is
  /// pinned to.
  Record next() {
    Record record;
    if (runs_.empty() || random_() % shape_.start_every == 0) {
      record.type = RecordType::RunStarted;
      record.run = RunId{++started_};
      runs_.push_back(record.run);
      record.name = "Main";
      record.id = "run-" + std::to_string(random_() % 50 ? record.run.value : 1);
      record.time = static_cast<int64_t>(1000 + made_);
      record.program = "program-" + std::to_string(record.run.value % 7);
      record.parent = random_() % record.run.value;
    } else {
      const size_t which = random_() % runs_.size();
      record.run = runs_[which];
      if (random_() % 5 == 0 && runs_.size() > 1) {
        record.type = RecordType::RunEnded;
        record.kind = static_cast<uint64_t>(RunStatus::Completed);
        runs_[which] = runs_.back();
        runs_.pop_back();
      } else {
        record.type = RecordType::StepEnded;
        record.step = made_;
        record.time = static_cast<int64_t>(1000 + made_);
      }
      record.value.assign(random_() % (shape_.value_bytes_max + 1), static_cast<char>(random_()));
      for (size_t i = 0; i < record.value.size(); i += 7)
        record.value[i] = static_cast<char>(random_());
    }
    ++made_;
    return record;
  }

  size_t flush_after() { return 1 + (made_ * 7919) % shape_.flush_every_max; }
  static std::string program_bytes(const std::string& hash) {
    return hash + std::string(5000, '#');
  }

 private:
  const Shape& shape_;
  std::mt19937_64 random_;
  uint64_t started_ = 0;
  uint64_t made_ = 0;
  std::vector<RunId> runs_;  // that have not ended
};

}  // namespace wakeful::powercut
