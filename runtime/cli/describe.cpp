#include "runtime/cli/describe.h"

#include <fmt/format.h>

#include "runtime/cli/arguments.h"
#include "runtime/cli/report.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

constexpr size_t kValueColumns = 120;

bool has_field(const Record& record, const char* name) {
  const uint32_t fields = fields_of(record.type);
#define WF_FIELD(field, bit, wire, text) \
  if (std::string_view(name) == #field) return fields & 1u << bit;
#include "runtime/run/records.def"
  return false;
}

const char* step_kind(uint64_t kind) {
  return static_cast<StepKind>(kind) == StepKind::Activity ? "activity" : "effect";
}

const char* timer_kind(uint64_t kind) {
  switch (static_cast<TimerKind>(kind)) {
    case TimerKind::Sleep:
      return "sleep";
    case TimerKind::Timer:
      return "timer";
    case TimerKind::Timeout:
      return "time-out";
    case TimerKind::Pause:
      return "pause";
  }
  return "timer";
}

const char* refusal(uint64_t kind) {
  switch (static_cast<ChildRefusal>(kind)) {
    case ChildRefusal::None:
      return "";
    case ChildRefusal::AlreadyExists:
      return "already_exists";
    case ChildRefusal::NotFound:
      return "not_found";
    case ChildRefusal::TooDeep:
      return "too_deep";
  }
  return "";
}

std::string with_value(const char* separator, const std::string& cbor) {
  const std::string value = short_value(cbor);
  return value.empty() || value == "null" ? "" : separator + value;
}

bool valid_place(const Program* program, Place place) {
  return program && place.line > 0 && place.file < program->sources.files.size() &&
         place.line <= program->sources.files[place.file]->line_count();
}

}  // namespace

std::string place_text(const Program* program, Place place) {
  if (!valid_place(program, place)) return "";
  return fmt::format("{}:{}:{}", program->sources.files[place.file]->name(), place.line,
                     place.column);
}

std::string source_line(const Program* program, Place place) {
  if (!valid_place(program, place)) return "";
  return fmt::format("{:>5} | {}", place.line,
                     printable(program->sources.files[place.file]->line(place.line)));
}

std::string short_value(const std::string& cbor) {
  return cbor.empty() ? "" : cut_to_width(printable(cbor_to_json(cbor)), kValueColumns);
}

std::string kind_text(const Record& record) {
  switch (record.type) {
    case RecordType::RunEnded:
    case RecordType::ChildEnded:
      return status_name(static_cast<RunStatus>(record.kind));
    case RecordType::CancelRequested:
      return static_cast<CancelCause>(record.kind) == CancelCause::User ? "user" : "parent";
    case RecordType::Interrupted:
      return static_cast<InterruptKind>(record.kind) == InterruptKind::TaskTimeout ? "task_timeout"
                                                                                   : "heap_limit";
    case RecordType::ChildStarted:
      return refusal(record.kind);
    case RecordType::StepScheduled:
      return step_kind(record.kind);
    case RecordType::StepEnded:
    case RecordType::UndoEnded:
    case RecordType::ChildUndone:
    case RecordType::UpdateEnded:
      return status_name(static_cast<StepStatus>(record.kind));
    case RecordType::TimerStarted:
      return timer_kind(record.kind);
    case RecordType::CancelSent:
      return static_cast<CancelMode>(record.kind) == CancelMode::Cancel ? "cancel" : "terminate";
    case RecordType::SignalSent:
      return static_cast<SignalAnswer>(record.kind) == SignalAnswer::Delivered ? "delivered"
                                                                               : "not_found";
    case RecordType::SignalReceived:
    case RecordType::UpdateReceived:
    case RecordType::Heartbeat:
    case RecordType::StepDispatched:
    case RecordType::SecretRead:
    case RecordType::RunStarted:
    case RecordType::RunTimedOut:
    case RecordType::Terminated:
    case RecordType::TimerFired:
    case RecordType::ValueRecorded:
    case RecordType::AttemptFailed:
    case RecordType::Released:
    case RecordType::UndoSent:
    case RecordType::UndoRequested:
      return "";
  }
  return "";
}

Describer::Describer(const Journal& journal, const RunInfo& info, const Program* program)
    : journal_(journal), info_(info), program_(program) {}

std::string Describer::step_label(const Record& record) {
  auto found = steps_.find(record.step);
  return found == steps_.end() ? fmt::format("step {}", record.step) : found->second;
}

std::string Describer::child_outcome(const Record& ended) const {
  auto record = journal_.record_at(Lsn{ended.ref});
  return record ? with_value(": ", record->value) : "";
}

std::string Describer::words(const Record& r) {
  const std::string kind = kind_text(r);
  switch (r.type) {
    case RecordType::RunStarted: {
      auto arguments = arguments_of(journal_, info_);
      const int index = program_ ? program_->find_workflow(r.name) : -1;
      const CallableDecl* workflow =
          index < 0 ? nullptr : &program_->workflows[static_cast<size_t>(index)];
      std::string text = "started " + r.name;
      if (arguments)
        text += " with " + cut_to_width(arguments_json(*arguments, workflow), kValueColumns);
      return r.kind > 1 ? text + fmt::format(", attempt {}", r.kind) : text;
    }
    case RecordType::RunEnded:
      return "the run " + kind + with_value(": ", r.value);
    case RecordType::CancelRequested:
      return fmt::format("cancellation asked for by {}",
                         kind == "user" ? "the user" : "the parent") +
             with_value(": ", r.value);
    case RecordType::RunTimedOut:
      return "timed out: " + r.name;
    case RecordType::Terminated:
      return "terminated" + with_value(": ", r.value);
    case RecordType::Interrupted:
      return fmt::format("stopped at tick {}: {}", r.number, kind);
    case RecordType::ChildStarted:
      steps_[r.step] = fmt::format("child {}", r.id);
      if (!kind.empty()) return fmt::format("child {} {} refused: {}", r.name, r.id, kind);
      return fmt::format("child {} {} started as #{}", r.name, r.id, r.ref) +
             with_value(" with ", r.value);
    case RecordType::ChildEnded:
      return step_label(r) + " " + kind + child_outcome(r);
    case RecordType::StepScheduled:
      steps_[r.step] = kind + " " + r.name;
      return kind + " " + r.name + " scheduled" + with_value(" with ", r.value);
    case RecordType::StepEnded:
      return step_label(r) + " " + kind +
             (r.number == kOutcomeUnknown ? ", its outcome unknown" : "") +
             with_value(": ", r.value);
    case RecordType::TimerStarted:
      steps_[r.step] = kind;
      return kind + " until " + time_text(r.time);
    case RecordType::TimerFired:
      return step_label(r) + " is due";
    case RecordType::CancelSent:
      return kind + " sent to " + step_label(r) + with_value(": ", r.value);
    case RecordType::ValueRecorded:
      return r.name + " gave " + short_value(r.value);
    case RecordType::AttemptFailed:
      return fmt::format("attempt {} of {} failed, next one at {}", r.number, step_label(r),
                         time_text(r.time)) +
             with_value(": ", r.value);
    case RecordType::Released:
      return "its last output was released";
    case RecordType::UndoSent: {
      Record child = r;
      child.step = r.ref;
      steps_[r.step] = "undoing of " + step_label(child);
      return "undoing asked of " + step_label(child);
    }
    case RecordType::UndoRequested:
      return "undoing begins";
    case RecordType::UndoEnded:
      return "undoing " + kind + with_value(": ", r.value);
    case RecordType::ChildUndone:
      return step_label(r) + " " + kind;
    case RecordType::SignalReceived:
      return "signal " + r.name + " came" + with_value(": ", r.value);
    case RecordType::SignalSent: {
      Record child = r;
      child.step = r.ref;
      return fmt::format("signal {} sent to {}", r.name, step_label(child)) +
             with_value(": ", r.value) + (r.kind == 0 ? "" : " (it has ended)");
    }
    case RecordType::UpdateReceived:
      updates_[r.id] = "update " + r.name;
      return "update " + r.name + " came" + with_value(": ", r.value);
    case RecordType::UpdateEnded:
      return updates_[r.id] + " " + kind + with_value(": ", r.value);
    case RecordType::Heartbeat:
      return fmt::format("heartbeat of attempt {} of {}", r.number, step_label(r)) +
             with_value(": ", r.value);
    case RecordType::StepDispatched:
      return fmt::format("attempt {} of {} begins, at most once", r.number, step_label(r));
    case RecordType::SecretRead:
      return "secret " + r.name + (r.value.empty() ? " is not set" : " was read");
  }
  return name_of(r.type);
}

void Describer::write(JsonWriter& json, Lsn at, const Record& r) const {
  json.begin_object()
      .key("at")
      .number(static_cast<int64_t>(at.value))
      .key("event")
      .text(name_of(r.type));
  if (has_field(r, "step")) json.key("step").number(static_cast<int64_t>(r.step));
  if (has_field(r, "time")) {
    std::string time;
    append_time(time, r.time);
    json.key("time").text(time);
  }
  if (const std::string kind = kind_text(r); !kind.empty()) json.key("kind").text(kind);
  if (r.type == RecordType::RunStarted) json.key("attempt").number(static_cast<int64_t>(r.kind));
  if (has_field(r, "name")) json.key("name").text(r.name);
  if (has_field(r, "id")) json.key("id").text(r.id);
  if (r.type == RecordType::ChildStarted) json.key("child_run").number(static_cast<int64_t>(r.ref));
  std::string value = r.value;
  if (r.type == RecordType::RunStarted)
    if (auto arguments = arguments_of(journal_, info_)) value = *arguments;
  if (r.type == RecordType::ChildEnded)
    if (auto ended = journal_.record_at(Lsn{r.ref})) value = ended->value;
  if (!value.empty()) json.key("value").raw(cbor_to_json(value));
  if (!r.options.empty()) json.key("options").raw(cbor_to_json(r.options));
  if (has_field(r, "number")) json.key("number").number(static_cast<int64_t>(r.number));
  if (has_field(r, "program")) json.key("program").text(r.program);
  if (const std::string place = place_text(program_, unpack_place(r.where));
      r.where && !place.empty())
    json.key("where").text(place);
  json.end_object();
}

}  // namespace wakeful::cli
