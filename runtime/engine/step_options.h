// The options of a step or a child (records' `options`, a CBOR map) as the engine needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace wakeful {

struct RetryPolicy {
  uint64_t maximum_attempts = 1;  // 0: no limit
  int64_t initial_interval_ms = 1'000;
  double backoff_coefficient = 2.0;
  int64_t maximum_interval_ms = -1;  // -1: 100 × initial
  std::vector<std::string> non_retryable;

  /// Whether an attempt (from 1) that failed with an error of this kind is followed by another.
  bool retries(uint64_t attempt, const std::string& error_kind) const;
  /// How long to wait after that attempt.
  int64_t backoff_ms(uint64_t attempt) const;
};

enum class ParentClosePolicy : uint8_t { Wait, Cancel, Terminate, Abandon };
enum class IdReusePolicy : uint8_t { AllowDuplicate, AllowDuplicateFailedOnly, RejectDuplicate };

struct StepOptions {
  RetryPolicy retry;
  int64_t start_to_close_ms = -1;  // of an activity or effect; -1: none, as below
  int64_t schedule_to_close_ms = -1;
  int64_t schedule_to_start_ms = -1;
  int64_t heartbeat_ms = -1;
  bool at_most_once = false;
  std::string task_queue;  // "": none is named
  int64_t execution_timeout_ms = -1;
  int64_t run_timeout_ms = -1;
  ParentClosePolicy close_policy = ParentClosePolicy::Wait;
  IdReusePolicy id_reuse = IdReusePolicy::AllowDuplicate;
};

/// Checked by the run core before: what does not fit is left at its default.
StepOptions parse_step_options(const std::string& cbor);

/// Most steps of a run have the same options: parsed once.
class StepOptionsCache {
 public:
  std::shared_ptr<const StepOptions> of(const std::string& cbor);

 private:
  static constexpr size_t kKept = 1'000;
  std::unordered_map<std::string, std::shared_ptr<const StepOptions>> parsed_;
};

/// `kind` and `message` of an error value; "Error" and its text where it is none.
struct ErrorText {
  std::string kind;
  std::string message;
};
ErrorText read_error(const std::string& cbor);
/// An error value, without a stack.
std::string error_cbor(const std::string& kind, const std::string& message);
std::string text_cbor(const std::string& text);  // "" gives null

}  // namespace wakeful
