// A world in memory for tests of the run core: children, steps and a virtual clock, without an
// engine. After each story every run is replayed from its history; a command that differs fails the
// story.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/run/run.h"

namespace wakeful::testing {

/// What came of a story.
struct Story {
  RunStatus status{};
  std::string result;               // JSON of the result, or "Kind: message" of the error
  std::string error_json;           // the whole error, where it failed
  std::vector<std::string> prints;  // of all runs, in order
  std::string problem;              // "" unless a replay differed or nothing could go on
  size_t records = 0;
  std::map<std::string, std::string> answers;  // of updates, by id: JSON, or "Kind: message"
};

/// What the outside sends to the root.
struct Message {
  int64_t at_ms = 0;
  RecordType
      type{};  // SignalReceived, UpdateReceived; RunEnded: a query of the run as it ended or stands
  std::string name;
  std::string value = "[]";  // JSON
  std::string id = "u";
  MessageForm form = MessageForm::Json;
};

/// Compiles `source`, runs `workflow main` with the arguments (JSON list) to its end, then replays
/// every run. The bodies of activities are not run; the world answers them by name:
///   ok(x) → x     slow(ms, x) → x after ms     fail(message) throws     hang() never ends unless
///   cancelled
/// `cancel_at_ms` ≥ 0 cancels the root at that virtual time.
Story tell(const std::string& source, const std::string& arguments = "[]",
           int64_t cancel_at_ms = -1, const std::vector<Message>& messages = {});

}  // namespace wakeful::testing
