// What a run came to, for people (stderr) and for programs (--json).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/output.h"
#include "runtime/journal/journal.h"

namespace wakeful::cli {

/// An error of a script as it stands in the journal; `causes` holds its cause, then that one's
/// cause …
struct ErrorView {
  std::string kind;
  std::string message;
  std::string workflow_id;         // "": none
  std::string data;                // JSON, "null" where there is none
  std::vector<std::string> stack;  // "Order at order.wf:12:5", innermost first
  std::vector<ErrorView> causes;   // filled for the outermost only
};

/// The error in a CBOR value; a value of another shape becomes an Error with that value as its
/// message.
ErrorView read_error(const std::string& cbor);

/// How a closed run ended.
struct Outcome {
  RunStatus status{};
  std::string value;               // CBOR: the result of a completed run, else empty
  std::optional<ErrorView> error;  // of all others
};

/// The arguments that the run was started with: CBOR list, by position.
Result<std::string> arguments_of(const Journal& journal, const RunInfo& info);
/// REQUIRES: the run is closed. A store that cannot be read is Fault::Store.
Result<Outcome> read_outcome(const Journal& journal, const RunInfo& info);
int exit_code_of(RunStatus status);
/// `completed`, `completed, undone`, `completed, being undone`, `failed` …
std::string status_text(const RunInfo& info);
/// Why the undoing of a run failed; nothing where it was undone, or not at all.
Result<std::optional<ErrorView>> failed_undoing(const Journal& journal, const RunInfo& info);

/// `Kind: message`, the stack, and the causes across children, with their workflow ids.
std::string error_text(const ErrorView& error, bool colour);
/// Of that only the causes, "" where there is none.
std::string causes_text(const ErrorView& error, bool colour);
/// {"kind", "message", "workflow_id", "data", "cause", "stack"}
void write_error(JsonWriter& json, const ErrorView& error);

/// Begins an object with what every document says of a run: "id", "run", "workflow", "status".
JsonWriter& begin_run(JsonWriter& json, const RunInfo& info);
/// The document of `wf run --json`: {"id", "run", "workflow", "status", "result" or "error"}; an
/// open run has neither. Of a run whose undoing failed: "undo_error" too.
Result<void> write_run(JsonWriter& json, const Journal& journal, const RunInfo& info);

/// Says how the runs ended and prints results: text to `out`, or with `json` the documents as one
/// (a list where `as_list`). Gives the exit code: 1 where one did not complete, 130 where one is
/// open.
int report_runs(const CommandLine& line, const Journal& journal, const std::vector<RunId>& runs,
                bool as_list, Stdout& out);

/// Says why the undoing failed, if it did; gives the exit code.
int say_undone(const CommandLine& line, const Journal& journal, const RunInfo& info);

std::string time_text(int64_t ms);  // RFC 3339 UTC, in whole seconds
std::string duration_text(int64_t ms);

}  // namespace wakeful::cli
