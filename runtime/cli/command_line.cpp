// Parsing with CLI11, which is included here only: it costs 10 s of compile time. CLI11 splits the
// words; what is missing, doubled or unknown is said here, in our words and with our exit code.
#include "runtime/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "lang/diagnostics/diagnostics.h"
#include "runtime/cli/help.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

const Command* find_command(const std::string& name) {
  for (const Command& command : commands())
    if (command.name == name) return &command;
  return nullptr;
}

bool is_later(const std::string& name) {
#define WF_LATER(row, help) \
  if (name == #row) return true;
#include "runtime/cli/subcommands.def"
  return false;
}

int unknown_command(const std::string& name) {
  if (is_later(name)) {
    say("wf " + name + " is not supported yet");
    return kExitUsage;
  }
  std::vector<std::string> names = {"help"};
  for (const Command& command : commands()) names.push_back(command.name);
#define WF_LATER(row, help) names.push_back(#row);
#include "runtime/cli/subcommands.def"
  const std::string near = nearest_name(name, names);
  std::string message = "unknown command `" + printable(name) + "`";
  if (name.ends_with(".wf"))
    message += ": did you mean `wf run " + printable(name) + "`?";
  else if (!near.empty())
    message += ": did you mean `" + near + "`?";
  say(message);
  say("`wf help` lists the commands");
  return kExitUsage;
}

int help_command(const std::vector<std::string>& words) {
  if (words.empty()) return print_help();
  if (const Command* command = find_command(words.front())) return print_help(*command);
  return unknown_command(words.front());
}

bool wants_help(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "-h" || word == "--help") return true;
  }
  return false;
}

/// `--name=value` as two words, so that an empty value stays a value (CLI11 would take the next
/// word).
std::vector<std::string> split_equals(const Command& command,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> result;
  bool rest = false;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    bool split = false;
    if (!rest && equals != std::string::npos)
      for (const OptionRow& row : command.options) split |= row.name == name && !row.value.empty();
    rest |= word == "--";
    result.push_back(split ? name : word);
    if (split) result.push_back(word.substr(equals + 1));
  }
  return result;
}

int unknown_word(const Command& command, const std::string& word) {
  if (word.size() < 2 || word.front() != '-')
    return usage_error(command, "unexpected argument `" + printable(word) + "`");
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const OptionRow& row : command.options) names.push_back(row.name.substr(2));
  const std::string near = nearest_name(
      name.substr(name.find_first_not_of('-') == std::string::npos ? 0
                                                                   : name.find_first_not_of('-')),
      names);
  std::string message = "unknown option `" + printable(name) + "`";
  if (!near.empty()) message += ": did you mean `--" + near + "`?";
  return usage_error(command, message);
}

/// Says the first thing that is wrong with what was given, or gives kExitDone.
int check_values(const Command& command, const CommandLine& line) {
  for (const OptionRow& row : command.options)
    if (!row.value.empty() && !row.many && line.all(row.name).size() > 1)
      return usage_error(command, row.name + " is given more than once");
  for (const ArgumentRow& row : command.arguments)
    if (row.required && !line.has(row.name)) return usage_error(command, row.name + " is missing");
  const std::string color = line.one("--color");
  if (line.has("--color") && color != "auto" && color != "always" && color != "never")
    return usage_error(command, "--color is auto, always or never, not `" + printable(color) + "`");
  return kExitDone;
}

}  // namespace

int usage_error(const Command& command, const std::string& message) {
  say(message);
  say("usage: " + command.usage + "   (`wf help " + command.name + "` says more)");
  return kExitUsage;
}

std::optional<CommandLine> parse_command_line(const std::vector<std::string>& words,
                                              int& exit_code) {
  if (words.empty()) {
    exit_code = print_help_as_error();
    return std::nullopt;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
    exit_code = help_command(rest);
    return std::nullopt;
  }
  const Command* command = find_command(words[0] == "--version" ? "version" : words[0]);
  if (!command) {
    exit_code = words[0].front() == '-' ? (say("unknown option `" + printable(words[0]) +
                                               "`: a command comes first, as in `wf run FILE`"),
                                           kExitUsage)
                                        : unknown_command(words[0]);
    return std::nullopt;
  }
  if (wants_help(rest)) {
    exit_code = print_help(*command);
    return std::nullopt;
  }

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::map<std::string, CLI::Option*> options;
  for (const OptionRow& row : command->options) {
    CLI::Option* option = row.value.empty() ? app.add_flag(row.name) : app.add_option(row.name);
    if (!row.value.empty())
      option->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false);
    options[row.name] = option;
  }
  for (const ArgumentRow& row : command->arguments) {
    CLI::Option* option = app.add_option(row.name);
    if (row.many) option->expected(1, CLI::detail::expected_max_vector_size);
    options[row.name] = option;
  }
  std::vector<std::string> reversed = split_equals(*command, rest);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch&) {
    exit_code = usage_error(*command, "the last option needs a value");
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    exit_code = usage_error(*command, error.what());
    return std::nullopt;
  }
  for (const std::string& word : app.remaining())
    if (word != "--") {
      exit_code = unknown_word(*command, word);
      return std::nullopt;
    }
  CommandLine line(*command);
  for (const auto& [name, option] : options)
    if (option->count() > 0) line.set(name, option->results());
  exit_code = check_values(*command, line);
  if (exit_code != kExitDone) return std::nullopt;
  return line;
}

}  // namespace wakeful::cli
