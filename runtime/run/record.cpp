// What records.def says, as functions.
#include "runtime/run/record.h"

namespace wakeful {

const char* status_name(RunStatus status) {
  switch (status) {
    case RunStatus::Running:
      return "running";
    case RunStatus::Completed:
      return "completed";
    case RunStatus::Failed:
      return "failed";
    case RunStatus::Cancelled:
      return "cancelled";
    case RunStatus::Terminated:
      return "terminated";
    case RunStatus::TimedOut:
      return "timed_out";
  }
  return "unknown";
}

const char* status_name(StepStatus status) {
  switch (status) {
    case StepStatus::Completed:
      return "completed";
    case StepStatus::Failed:
      return "failed";
    case StepStatus::Cancelled:
      return "cancelled";
  }
  return "unknown";
}

RecordClass class_of(RecordType type) {
  switch (type) {
#define WF_RECORD(Name, number, Class, fields, text) \
  case RecordType::Name:                             \
    return RecordClass::Class;
#include "runtime/run/records.def"
  }
  return RecordClass::Note;
}

uint32_t fields_of(RecordType type) {
  // The names that the `fields` column of records.def is written with.
  enum : uint32_t {
#define WF_FIELD(name, bit, wire, text) name = 1u << bit,
#include "runtime/run/records.def"
  };
  switch (type) {
#define WF_RECORD(Name, number, Class, fields, text) \
  case RecordType::Name:                             \
    return fields;
#include "runtime/run/records.def"
  }
  return 0;
}

const char* name_of(RecordType type) {
  switch (type) {
#define WF_RECORD(Name, number, Class, fields, text) \
  case RecordType::Name:                             \
    return #Name;
#include "runtime/run/records.def"
  }
  return nullptr;
}

}  // namespace wakeful
