#include "runtime/replay/compare.h"

#include "runtime/values/codec.h"

namespace wakeful {

namespace {

bool is_refused_child(const Record& record) {
  return record.type == RecordType::ChildStarted &&
         static_cast<ChildRefusal>(record.kind) != ChildRefusal::None;
}

/// The value is the outside's answer, not the code's saying.
bool value_is_answer(const Record& known) {
  return known.type == RecordType::ValueRecorded || known.type == RecordType::SecretRead ||
         is_refused_child(known);
}

bool kind_is_answer(const Record& known) {
  return known.type == RecordType::ChildStarted || known.type == RecordType::SignalSent;
}

/// Errors carry the stack of the code that threw them; another version of the code has other lines.
bool errors_agree(const std::string& a, const std::string& b) {
  Heap heap;
  Value left, right;
  std::string error;
  if (!from_cbor(heap, a, left, error) || !from_cbor(heap, b, right, error)) return false;
  if (!left.is(Tag::Error) || !right.is(Tag::Error)) return equals(left, right);
  auto* l = left.as<ErrorObject>();
  auto* r = right.as<ErrorObject>();
  return equals(l->kind, r->kind) && equals(l->message, r->message);
}

bool values_agree(const Record& known, const Record& found, bool same_program) {
  if (known.value == found.value || value_is_answer(known)) return true;
  return !same_program && errors_agree(known.value, found.value);
}

const char* value_word(RecordType type) {
  switch (type) {
    case RecordType::RunEnded:
      return "the outcomes";
    case RecordType::UpdateEnded:
      return "the answers";
    case RecordType::CancelSent:
      return "the reasons";
    case RecordType::SignalSent:
      return "the payloads";
    default:
      return "the arguments";
  }
}

}  // namespace

std::optional<std::string> commands_differ(const Record& known, const Record& found,
                                           bool same_program) {
  if (known.type != found.type || known.name != found.name) return "";
  if (known.step != found.step) return "the numbers of the steps";
  if (!kind_is_answer(known) && known.kind != found.kind) return "";
  if (known.id != found.id) return "the ids";
  if (!values_agree(known, found, same_program)) return value_word(known.type);
  if (known.options != found.options) return "the options";
  if (known.time != found.time && known.type == RecordType::TimerStarted) return "the times";
  if (same_program && known.where != found.where) return "the places";
  return std::nullopt;
}

void take_answer(const Record& known, Record& record) {
  record.ref = known.ref;
  if (kind_is_answer(known)) record.kind = known.kind;
  if (value_is_answer(known)) record.value = known.value;
}

}  // namespace wakeful
