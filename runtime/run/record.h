// One command, event or note of a history (records.def), as a plain struct. Which fields are set
// follows from its type; the rest stay at their defaults. The bytes are made in runtime/journal/.
#pragma once

#include <cstdint>
#include <string>

#include "lang/base/ids.h"

namespace wakeful {

enum class RecordType : uint8_t {
#define WF_RECORD(Name, number, Class, fields, text) Name = number,
#include "runtime/run/records.def"
};

enum class RecordClass : uint8_t { Event, Command, Note };

enum class RunStatus : uint8_t { Running, Completed, Failed, Cancelled, Terminated, TimedOut };
enum class StepStatus : uint8_t { Completed, Failed, Cancelled };
enum class StepKind : uint8_t { Activity, Effect };
enum class TimerKind : uint8_t { Sleep, Timer, Timeout, Pause };
enum class CancelMode : uint8_t { Cancel, Terminate };
enum class CancelCause : uint8_t { User, Parent };
enum class InterruptKind : uint8_t { TaskTimeout, HeapLimit };
/// Bits of `number` in RunEnded, UndoEnded and ChildEnded.
inline constexpr uint64_t kPrinted = 1;  // the burst that ended it printed
inline constexpr uint64_t kHoldsBlocks =
    2;  // it completed and holds compensate blocks, which can still run
/// In StepEnded (`number`) and AttemptFailed (`kind`): an attempt was dispatched whose outcome never came (time-out,
/// cancellation, a crash of an at-most-once step), so nobody knows whether it had its effect.
inline constexpr uint64_t kOutcomeUnknown = 1;
enum class SignalAnswer : uint8_t { Delivered, NotFound };
/// How the value of an UpdateReceived gives the arguments: a list by position (undefined where not
/// given), or one value that was JSON, which the handler's parameters make arguments of.
enum class MessageForm : uint8_t { Positional, Json };
/// What the NotFound says that an update gets from a run that is ending.
inline constexpr const char* kRunIsEnding = "the run is ending and takes no updates any more";
/// The name of a ValueRecorded that answers calls(…) of a test begins so; then `workflow X`,
/// `activity x`, `effect m.f`.
inline constexpr const char* kCallsOf = "calls of ";
enum class ChildRefusal : uint8_t { None, AlreadyExists, NotFound, TooDeep };

/// `running`, `completed`, `failed`, `cancelled`, `terminated`, `timed_out`.
const char* status_name(RunStatus status);
/// `completed`, `failed`, `cancelled`.
const char* status_name(StepStatus status);

struct Record {
  RecordType type{};
  RunId run;
  Lsn previous;  // the run's last record before this one: one history is a walk along it
  uint64_t step = 0;
  int64_t time = 0;
  uint64_t kind = 0;
  std::string name;
  std::string id;
  std::string value;    // CBOR
  std::string options;  // CBOR
  uint64_t where = 0;
  uint64_t ref = 0;
  uint64_t number = 0;
  std::string program;
  uint64_t parent = 0;
  uint64_t parent_step = 0;
  bool operator==(const Record&) const = default;
};

RecordClass class_of(RecordType type);
/// Bits of the fields that a record of this type carries (1 << WF_FIELD bit).
uint32_t fields_of(RecordType type);
const char* name_of(RecordType type);

/// Packs and unpacks `where`.
struct Place {
  uint32_t file = 0, line = 0, column = 0;
};
inline uint64_t pack_place(Place p) {
  return uint64_t{p.file} << 52 | uint64_t{p.line} << 20 | p.column;
}
inline Place unpack_place(uint64_t w) {
  return {static_cast<uint32_t>(w >> 52), static_cast<uint32_t>(w >> 20),
          static_cast<uint32_t>(w & 0xFFFFF)};
}

}  // namespace wakeful
