// One run of a test, from its beginning to its verdict, with what a schedule does to it.
#pragma once

#include "runtime/engine/services.h"
#include "runtime/testing/explore.h"

namespace wakeful {

/// Follows a schedule, and notes what could have been chosen.
class Trial final : public Interference {
 public:
  /// Null: nothing happens. The schedule must outlive this.
  explicit Trial(const Schedule* schedule = nullptr) : schedule_(schedule) {}

  bool put_off(const std::string& what) override;
  std::string failure(const std::string& what, uint64_t attempt) override;

  const Schedule* schedule() const { return schedule_; }
  /// After how many records the process dies.
  std::optional<uint64_t> crash() const;
  const std::vector<std::string>& could_wait() const { return could_wait_; }
  const std::vector<std::string>& could_fail() const { return could_fail_; }

  // What is there at the end, set by run_trial.
  uint64_t records = 0;
  size_t log_hash = 0;       // the same for the same journal
  std::string undo_failure;  // CBOR of a CompensationFailed that is no mere consequence of Failure

 private:
  bool chosen(Schedule::Kind kind, uint64_t at) const;
  const Schedule* schedule_;
  std::vector<std::string> could_wait_, could_fail_;
};

/// `program`: that of program_for().
TestOutcome run_trial(const Program& program, const TestCase& test, Trial& trial);

}  // namespace wakeful
