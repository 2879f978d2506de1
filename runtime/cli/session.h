// An engine at work for one command: what it prints and logs, how it is stopped, what it left open.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/cli/output.h"
#include "runtime/engine/engine.h"

namespace wakeful::cli {

class Progress;

/// `--queue NAME=N`, of the commands that have it.
Result<std::map<std::string, size_t>> queues_of(const CommandLine& line);

class Session final : public EngineOutput {
 public:
  /// `line` and `journal` must outlive it. What scripts print goes to `out`, or to stderr with
  /// --json.
  Session(const CommandLine& line, Journal& journal, Stdout& out);
  ~Session();
  Session(const Session&) = delete;

  Engine& engine() { return *engine_; }
  /// Works until the runs have ended, or it was stopped: then what has happened is durable.
  Result<void> work(const std::vector<RunId>& runs);
  /// Says which of the runs were interrupted and how to go on, and which abandoned children are
  /// open.
  void say_what_is_open(const std::vector<RunId>& runs);

 private:
  void print(const std::string& text) override;
  void log(RunId run, const char* level, const std::string& message,
           const std::string& fields_json) override;
  void run_ended(const RunInfo& info) override;
  void warn(const std::string& message) override;

  std::string queue_words() const;

  const CommandLine& line_;
  Journal& journal_;
  Stdout& out_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Progress> progress_;
};

/// The newest attempt of each run: what it came to. (A retried run goes on under a new number.)
std::vector<RunId> newest_attempts(const Journal& journal, const std::vector<RunId>& runs);

}  // namespace wakeful::cli
