// Values as bytes: CBOR (RFC 8949) for the journal and between runs, JSON for the outside.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/values/heap.h"

namespace wakeful {

/// Why a value cannot be written, with the path to the culprit: `input.items[3].callback`.
struct CodecError {
  std::string path;                 // "" or ".items[3].callback", to be put behind a name
  std::string message;              // "a function cannot leave the run"
};

/// Deep copy to bytes. Keeps types: int, float, string (text), list, map (order kept), null, bool; duration
/// as tag 4001 over int ms, time as tag 4002 over int ms, range as tag 4003 over [begin, end, step], error
/// as tag 4004 over [kind, message, data, cause, workflow_id, stack]; functions that are declared (workflow,
/// activity, fn of the program, builtin) cannot be written either. Refuses functions, handles, NaN and
/// infinities, nesting deeper than kMaxDepth (so cycles too), and values of more than kMaxBytes.
std::optional<CodecError> to_cbor(Value value, std::string& out);
/// Reads what to_cbor wrote (and plain CBOR of others). Strict: trailing bytes, bad UTF-8, excess depth are
/// errors; never reads out of bounds, whatever the bytes.
bool from_cbor(Heap& heap, std::string_view bytes, Value& out, std::string& error);

struct JsonOptions {
  bool pretty = false;              // two spaces
  bool lossy = false;               // for display: functions, handles, NaN as text instead of an error
};
/// JSON text; durations, times as strings, errors as {kind, message, data, cause, workflow_id}, a range as a list.
std::optional<CodecError> to_json(Value value, std::string& out, JsonOptions options = {});
/// `error` names line, column and what was expected. Numbers with a point or exponent are floats; an int
/// outside 64 bits is an error; duplicate keys: the last one wins.
bool from_json(Heap& heap, std::string_view text, Value& out, std::string& error);

inline constexpr int kMaxDepth = 1000;
inline constexpr size_t kMaxBytes = size_t{64} << 20;

/// Texts of CBOR values for `wf history` and errors, without a caller's heap.
std::string cbor_to_json(std::string_view bytes, JsonOptions options = {.pretty = false, .lossy = true});

/// "1h30m", "250ms" → ms. RFC 3339 → ms since 1970. False where the text is neither.
bool parse_duration(std::string_view text, int64_t& ms);
bool parse_time(std::string_view text, int64_t& ms);

/// Whether a value fits a type. On a mismatch: the path (".items[3].price") and "expected number, got string".
/// With `from_json` (input of the command line, results of workers) a duration or time given as a string is
/// converted in place, as is a range annotated as list.
std::optional<CodecError> check_type(Heap& heap, Value& value, const TypeDesc& type, bool from_json);
/// `list<int>?`, for messages.
std::string type_text(const TypeDesc& type);

}  // namespace wakeful
