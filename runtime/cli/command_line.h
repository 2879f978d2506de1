// The words of one command line, parsed by the rows of subcommands.def.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wakeful::cli {

enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitScript = 3,
  kExitStore = 4,
  kExitReplay = 5,
  kExitInterrupted = 130,
};

struct OptionRow {
  std::string name;   // `--input`
  std::string value;  // `JSON|@FILE|-`; empty: a flag
  bool many = false;
  std::string help;
};

/// A positional argument, read from the row's `arguments`.
struct ArgumentRow {
  std::string name;  // `FILE`
  bool required = true;
  bool many = false;
};

struct Command;

/// What was given. Asking for a name that the command's rows do not have is our own mistake
/// (WF_CHECK).
class CommandLine {
 public:
  explicit CommandLine(const Command& command) : command_(command) {}
  const Command& command() const { return command_; }
  bool has(const std::string& name) const { return !all(name).empty(); }
  /// The only value of an argument or option, "" where it was not given.
  std::string one(const std::string& name) const;
  const std::vector<std::string>& all(const std::string& name) const;
  bool json() const { return has("--json"); }

  void set(const std::string& name, std::vector<std::string> values);

 private:
  const Command& command_;
  std::map<std::string, std::vector<std::string>> values_;
};

struct Command {
  std::string name;
  std::vector<ArgumentRow> arguments;
  std::vector<OptionRow> options;  // the shared ones included
  std::string usage;               // `wf run FILE [WORKFLOW]`
  std::string help;
  std::string examples;
  int (*function)(const CommandLine& line);
};

/// All rows. Built once.
const std::vector<Command>& commands();

/// The parsed line, or nothing where the answer was help or an error, which is printed by then:
/// `exit_code` says which.
std::optional<CommandLine> parse_command_line(const std::vector<std::string>& words,
                                              int& exit_code);

/// Says what is wrong with the use of a command, and how to get help; gives kExitUsage.
int usage_error(const Command& command, const std::string& message);

#define WF_COMMAND(name, arguments, flags, help, examples) int cmd_##name(const CommandLine& line);
#include "runtime/cli/subcommands.def"

}  // namespace wakeful::cli
