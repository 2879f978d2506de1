#include "runtime/testing/explore.h"

#include <algorithm>
#include <unordered_set>

#include "runtime/testing/trial.h"

namespace wakeful {

namespace {

using Kind = Schedule::Kind;
using Verdict = TestOutcome::Verdict;
using Choice = Schedule::Choice;

/// So many schedules with several choices are remembered to be run; each is one of a great many.
constexpr size_t kQueueMax = 100'000;

/// Whether the outcome is a finding; the outcome tells what is wrong then.
bool is_finding(const Trial& trial, Kind kind, TestOutcome& outcome) {
  if (kind != Kind::Failure) return outcome.verdict != Verdict::Passed;
  if (outcome.verdict == Verdict::Stuck || outcome.verdict == Verdict::Broken) return true;
  if (trial.undo_failure.empty()) return false;
  outcome.verdict = Verdict::Failed;
  outcome.error = trial.undo_failure;
  return true;
}

class Explorer {
 public:
  Explorer(const Program& program, const TestCase& test) : program_(program), test_(test) {}

  /// One choice each: `count` schedules, of which `limit` are run, spread over all.
  void singles(Kind kind, size_t count, size_t limit, Exploration::Count& done,
               const std::function<Choice(size_t)>& choice) {
    const size_t runs = std::min(count, limit);
    for (size_t i = 0; i < runs; ++i) {
      const Schedule schedule{kind, {choice(runs == count ? i : i * count / runs)}};
      ++done.run;
      if (try_schedule(schedule)) return;
    }
    done.left_out += count - runs;
  }

  /// First all with one choice, then with two, and so on; those with more than one in a mixed
  /// order.
  void orders(const Trial& base, size_t limit, Exploration::Count& done) {
    std::unordered_set<size_t> seen{base.log_hash};
    std::vector<Schedule> level = longer(Schedule{Kind::Order, {}}, base);
    while (!level.empty()) {
      std::vector<Schedule> next;
      for (size_t i = 0; i < level.size(); ++i) {
        if (done.run == limit) {
          done.left_out += level.size() - i + next.size();
          return;
        }
        ++done.run;
        Trial trial(&level[i]);
        TestOutcome outcome = run_trial(program_, test_, trial);
        if (is_finding(trial, Kind::Order, outcome)) return found(shortest(level[i]));
        // The same journal: what was put off was next anyway.
        if (!seen.insert(trial.log_hash).second) continue;
        for (Schedule& schedule : longer(level[i], trial))
          if (next.size() < kQueueMax) next.push_back(std::move(schedule));
      }
      mix(next);
      level = std::move(next);
    }
  }

  std::vector<Finding> take_findings() { return std::move(findings_); }

 private:
  bool try_schedule(const Schedule& schedule) {
    Trial trial(&schedule);
    TestOutcome outcome = run_trial(program_, test_, trial);
    if (!is_finding(trial, schedule.kind, outcome)) return false;
    findings_.push_back({schedule, std::move(outcome)});
    return true;
  }

  void found(const Schedule& schedule) { try_schedule(schedule); }

  /// The schedules with one more choice than this one, behind its last.
  static std::vector<Schedule> longer(const Schedule& schedule, const Trial& trial) {
    std::vector<Schedule> all;
    const uint64_t first = schedule.choices.empty() ? 0 : schedule.choices.back().at + 1;
    for (uint64_t at = first; at < trial.could_wait().size(); ++at) {
      all.push_back(schedule);
      all.back().choices.push_back({at, trial.could_wait()[at]});
    }
    return all;
  }

  /// Without the choices that make no difference to its failing.
  Schedule shortest(Schedule schedule) {
    for (size_t i = schedule.choices.size(); schedule.choices.size() > 1 && i-- > 0;) {
      Schedule shorter = schedule;
      shorter.choices.erase(shorter.choices.begin() + static_cast<std::ptrdiff_t>(i));
      Trial trial(&shorter);
      TestOutcome outcome = run_trial(program_, test_, trial);
      if (is_finding(trial, Kind::Order, outcome)) schedule = std::move(shorter);
    }
    return schedule;
  }

  /// The same each time.
  static void mix(std::vector<Schedule>& schedules) {
    uint64_t state = 1;
    for (size_t i = schedules.size(); i > 1; --i) {
      state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      std::swap(schedules[i - 1], schedules[(state >> 33) % i]);
    }
  }

  const Program& program_;
  const TestCase& test_;
  std::vector<Finding> findings_;
};

}  // namespace

Exploration explore(const Compiled& compiled, const TestCase& test, size_t limit) {
  Exploration result;
  const Program program = program_for(compiled, test);
  Trial base;
  if (run_trial(program, test, base).verdict != Verdict::Passed) return result;
  Explorer explorer(program, test);
  // Failures and crashes take a third each at most, orders what is left.
  explorer.singles(Kind::Failure, base.could_fail().size(), std::max<size_t>(limit / 3, 1),
                   result.failures, [&](size_t i) {
                     return Choice{i, base.could_fail()[i] + ", first attempt"};
                   });
  explorer.singles(
      Kind::Crash, base.records, std::max<size_t>(limit / 3, 1), result.crashes, [&](size_t i) {
        return Choice{
            i, "after " + std::to_string(i) + " of " + std::to_string(base.records) + " records"};
      });
  explorer.orders(base, limit - std::min(limit, result.failures.run + result.crashes.run),
                  result.orders);
  result.findings = explorer.take_findings();
  return result;
}

TestOutcome run_test_under(const Compiled& compiled, const TestCase& test,
                           const Schedule& schedule) {
  Trial trial(&schedule);
  TestOutcome outcome = run_trial(program_for(compiled, test), test, trial);
  if (!is_finding(trial, schedule.kind, outcome)) outcome.verdict = Verdict::Passed;
  return outcome;
}

}  // namespace wakeful
