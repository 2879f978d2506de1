#include "runtime/replay/describe.h"

#include <fmt/format.h>

#include "runtime/values/codec.h"

namespace wakeful {

namespace {

constexpr size_t kShownMax = 120;

/// Cuts at a code point, so that the message stays UTF-8.
std::string shown(const std::string& cbor) {
  if (cbor.empty()) return "";
  std::string text = cbor_to_json(cbor);
  if (text.size() <= kShownMax) return text;
  size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

/// A list of arguments without its brackets.
std::string arguments(const std::string& cbor) {
  std::string text = shown(cbor);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    return text.substr(1, text.size() - 2);
  return text;
}

std::string place(const Record& record, const Sources* sources) {
  if (record.where == 0 || sources == nullptr) return "";
  Place at = unpack_place(record.where);
  if (at.file >= sources->files.size()) return "";
  return fmt::format(" at {}:{}:{}", sources->files[at.file]->name(), at.line, at.column);
}

std::string time_text(int64_t ms) {
  std::string text;
  append_time(text, ms);
  return text;
}

std::string child(const Record& record) {
  std::string text = fmt::format("starts the child workflow {}({}) as \"{}\"", record.name,
                                 record.kind == 0 ? arguments(record.value) : "", record.id);
  if (record.kind != 0) text += " (refused)";
  return text;
}

std::string step(const Record& record) {
  const char* kind =
      static_cast<StepKind>(record.kind) == StepKind::Activity ? "the activity " : "";
  return fmt::format("calls {}{}({})", kind, record.name, arguments(record.value));
}

const char* timer_name(uint64_t kind) {
  switch (static_cast<TimerKind>(kind)) {
    case TimerKind::Sleep:
      return "sleeps until";
    case TimerKind::Timer:
      return "starts a timer until";
    case TimerKind::Timeout:
      return "starts a time-out at";
    case TimerKind::Pause:
      return "pauses until";
  }
  return "waits until";
}

std::string words(const Record& record) {
  switch (record.type) {
    case RecordType::RunStarted:
      return fmt::format("the run of {} started", record.name);
    case RecordType::RunEnded:
      return fmt::format("ends as {} with {}", status_name(static_cast<RunStatus>(record.kind)),
                         shown(record.value));
    case RecordType::CancelRequested:
      return "the run was asked to cancel";
    case RecordType::RunTimedOut:
      return fmt::format("the run's {} was over", record.name);
    case RecordType::Terminated:
      return "the run was terminated";
    case RecordType::Interrupted:
      return fmt::format("was interrupted at tick {} ({})", record.number,
                         static_cast<InterruptKind>(record.kind) == InterruptKind::TaskTimeout
                             ? "task_timeout"
                             : "heap limit");
    case RecordType::ChildStarted:
      return child(record);
    case RecordType::ChildEnded:
      return fmt::format("the child of step {} ended as {}", record.step,
                         status_name(static_cast<RunStatus>(record.kind)));
    case RecordType::StepScheduled:
      return step(record);
    case RecordType::StepEnded:
      return fmt::format("step {} {}", record.step,
                         status_name(static_cast<StepStatus>(record.kind)));
    case RecordType::TimerStarted:
      return fmt::format("{} {}", timer_name(record.kind), time_text(record.time));
    case RecordType::TimerFired:
      return fmt::format("the timer of step {} fired", record.step);
    case RecordType::CancelSent:
      return fmt::format(
          "{} step {}",
          static_cast<CancelMode>(record.kind) == CancelMode::Cancel ? "cancels" : "terminates",
          record.step);
    case RecordType::ValueRecorded:
      return fmt::format("reads the variable {} of the environment", record.name);
    case RecordType::AttemptFailed:
      return fmt::format("attempt {} of step {} failed", record.number, record.step);
    case RecordType::Released:
      return "the run's last prints were released";
    case RecordType::UndoSent:
      return fmt::format("undoes the child of step {}", record.ref);
    case RecordType::UndoRequested:
      return "the completed run was asked to undo what it did";
    case RecordType::UndoEnded:
      return fmt::format("ends its undoing, which {}",
                         status_name(static_cast<StepStatus>(record.kind)));
    case RecordType::SignalReceived:
      return fmt::format("the signal {} came", record.name);
    case RecordType::SignalSent:
      return fmt::format("sends the signal {}({}) to the child of step {}", record.name,
                         shown(record.value), record.ref);
    case RecordType::UpdateReceived:
      return fmt::format("the update {} came", record.name);
    case RecordType::UpdateEnded:
      return fmt::format("answers the update {} ({}) with {}", record.id,
                         status_name(static_cast<StepStatus>(record.kind)), shown(record.value));
    case RecordType::ChildUndone:
      return fmt::format("the undoing of step {} {}", record.step,
                         status_name(static_cast<StepStatus>(record.kind)));
    case RecordType::Heartbeat:
      return fmt::format("attempt {} of step {} said how far it is", record.number, record.step);
    case RecordType::StepDispatched:
      return fmt::format("attempt {} of step {} was about to begin", record.number, record.step);
    case RecordType::SecretRead:
      return fmt::format("reads the secret {}", record.name);
  }
  return "an unknown record";
}

}  // namespace

std::string describe(const Record& record, const Sources* sources) {
  std::string text = words(record);
  if (record.step != 0 && class_of(record.type) == RecordClass::Command &&
      record.type != RecordType::CancelSent && record.type != RecordType::UndoSent) {
    text += fmt::format(" as step {}", record.step);
  }
  return text + place(record, sources);
}

}  // namespace wakeful
