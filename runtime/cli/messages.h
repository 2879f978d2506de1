// Messages from the command line to a run: into the inbox of its store, and how they fare.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/cli/output.h"
#include "runtime/journal/inbox.h"
#include "runtime/journal/journal.h"

namespace wakeful::cli {

/// JSON of the command line as CBOR. Fault::Usage says what is wrong with it.
Result<std::string> read_json(const std::string& argument, const std::string& json);

/// Opens the store for reading and finds the run of ID, which must be open: an attempt of a child
/// that is to be tried again counts as open.
struct Target {
  std::unique_ptr<Journal> journal;
  RunInfo info;
};
Result<Target> find_open_run(const CommandLine& line);

/// A message that was sent. `kept`: no engine is at work on the store, so it lies in the inbox.
struct Sent {
  std::string id;
  bool kept = false;
};
Result<Sent> send(const CommandLine& line, const RunInfo& run, Record record);
/// Says that a message is kept, and how to go on.
void say_kept(const CommandLine& line, const RunInfo& run);

enum class WhenAlone { Wait, Return };

/// Waits until `look` gives an exit code; it is called with the store, once the message has been
/// taken and whenever the store has changed. None: the engine at work does not carry the run, so it
/// is kept; or no engine is at work any more, and the caller does not want to wait for another one.
std::optional<int> wait_in_store(const CommandLine& line, const RunInfo& run,
                                 const std::string& message, WhenAlone when_alone,
                                 const std::function<std::optional<int>(const Journal&)>& look);

}  // namespace wakeful::cli
