#include "runtime/engine/step_options.h"

#include <algorithm>
#include <cmath>

#include "runtime/values/codec.h"
#include "runtime/values/utf8.h"

namespace wakeful {

namespace {

/// Mistakes that the next attempt would make again, and ends that somebody wanted.
bool never_retried(const std::string& kind) {
#define WF_ERROR_KIND(name, retried, line) \
  if (kind == #name) return !retried;
#include "lang/base/error_kinds.def"
  return false;
}

int64_t duration_or(Map* map, const char* key, int64_t otherwise) {
  Value* value = map_find(map, key);
  return value != nullptr && value->is(Tag::Duration) ? value->integer : otherwise;
}

RetryPolicy read_retry(Map* map) {
  RetryPolicy retry;
  if (Value* v = map_find(map, "maximum_attempts"); v && v->is(Tag::Int) && v->integer >= 0) {
    retry.maximum_attempts = static_cast<uint64_t>(v->integer);
  }
  retry.initial_interval_ms = std::max<int64_t>(0, duration_or(map, "initial_interval", 1'000));
  retry.maximum_interval_ms = duration_or(map, "maximum_interval", -1);
  if (Value* v = map_find(map, "backoff_coefficient"); v && v->is_number()) {
    retry.backoff_coefficient = v->number();
  }
  if (Value* v = map_find(map, "non_retryable_error_types"); v && v->is(Tag::List)) {
    for (uint32_t i = 0; i < v->list()->count; ++i) {
      Value kind = v->list()->begin()[i];
      if (kind.is(Tag::String)) retry.non_retryable.emplace_back(kind.string()->view());
    }
  }
  return retry;
}

std::string_view text_of(Map* map, const char* key) {
  Value* value = map_find(map, key);
  return value != nullptr && value->is(Tag::String) ? value->string()->view() : std::string_view();
}

IdReusePolicy read_id_reuse(std::string_view name) {
  if (name == "allow_duplicate_failed_only") return IdReusePolicy::AllowDuplicateFailedOnly;
  if (name == "reject_duplicate") return IdReusePolicy::RejectDuplicate;
  return IdReusePolicy::AllowDuplicate;
}

ParentClosePolicy read_close_policy(std::string_view name) {
  if (name == "cancel") return ParentClosePolicy::Cancel;
  if (name == "terminate") return ParentClosePolicy::Terminate;
  if (name == "abandon") return ParentClosePolicy::Abandon;
  return ParentClosePolicy::Wait;
}

}  // namespace

bool RetryPolicy::retries(uint64_t attempt, const std::string& error_kind) const {
  if (maximum_attempts != 0 && attempt >= maximum_attempts) return false;
  if (never_retried(error_kind)) return false;
  return std::find(non_retryable.begin(), non_retryable.end(), error_kind) == non_retryable.end();
}

int64_t RetryPolicy::backoff_ms(uint64_t attempt) const {
  constexpr double kYearMs = 365.0 * 24 * 3600 * 1000;
  double most = maximum_interval_ms >= 0 ? static_cast<double>(maximum_interval_ms)
                                         : 100.0 * static_cast<double>(initial_interval_ms);
  double exponent = static_cast<double>(attempt - 1);
  double wait = static_cast<double>(initial_interval_ms) * std::pow(backoff_coefficient, exponent);
  if (!(wait >= 0)) wait = most;  // 0 × infinity
  return std::llround(std::min({wait, most, kYearMs}));
}

StepOptions parse_step_options(const std::string& cbor) {
  StepOptions options;
  Heap heap;
  Value value;
  std::string error;
  if (cbor.empty() || !from_cbor(heap, cbor, value, error) || !value.is(Tag::Map)) return options;
  Map* map = value.map();
  options.start_to_close_ms = duration_or(map, "start_to_close_timeout", -1);
  options.execution_timeout_ms = duration_or(map, "execution_timeout", -1);
  options.run_timeout_ms = duration_or(map, "run_timeout", -1);
  if (Value* v = map_find(map, "retry_policy"); v && v->is(Tag::Map))
    options.retry = read_retry(v->map());
  options.schedule_to_close_ms = duration_or(map, "schedule_to_close_timeout", -1);
  options.schedule_to_start_ms = duration_or(map, "schedule_to_start_timeout", -1);
  options.heartbeat_ms = duration_or(map, "heartbeat_timeout", -1);
  Value* once = map_find(map, "at_most_once");
  options.at_most_once = once != nullptr && once->is(Tag::Bool) && once->boolean;
  options.task_queue = text_of(map, "task_queue");
  options.close_policy = read_close_policy(text_of(map, "parent_close_policy"));
  options.id_reuse = read_id_reuse(text_of(map, "id_reuse_policy"));
  return options;
}

std::shared_ptr<const StepOptions> StepOptionsCache::of(const std::string& cbor) {
  auto found = parsed_.find(cbor);
  if (found != parsed_.end()) return found->second;
  if (parsed_.size() >= kKept) parsed_.clear();
  auto parsed = std::make_shared<const StepOptions>(parse_step_options(cbor));
  parsed_.emplace(cbor, parsed);
  return parsed;
}

ErrorText read_error(const std::string& cbor) {
  Heap heap;
  Value value;
  std::string error;
  if (!from_cbor(heap, cbor, value, error))
    return {"Error", "an error that cannot be read: " + error};
  ErrorText text{"Error", ""};
  if (!value.is(Tag::Error)) {
    append_text(text.message, value);
    return text;
  }
  auto* e = value.as<ErrorObject>();
  if (e->kind.is(Tag::String)) text.kind = e->kind.string()->view();
  if (e->message.is(Tag::String)) text.message = e->message.string()->view();
  return text;
}

std::string error_cbor(const std::string& kind, const std::string& message) {
  Heap heap;
  std::string out;
  to_cbor(Value::of(make_error(heap, kind, message)), out);
  return out;
}

std::string text_cbor(const std::string& text) {
  Heap heap;
  std::string out;
  to_cbor(text.empty() ? Value::null() : string_value(heap, repair_utf8(text)), out);
  return out;
}

}  // namespace wakeful
