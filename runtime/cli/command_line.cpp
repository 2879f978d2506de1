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
  if (name.starts_with('-')) {
    say("unknown option `" + printable(name) + "`: a command comes first, as in `wf run FILE`");
    return kExitUsage;
  }
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
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    bool split = false;
    if (equals != std::string::npos)
      for (const OptionRow& row : command.options) split |= row.name == name && !row.value.empty();
    result.push_back(split ? name : word);
    if (split) result.push_back(word.substr(equals + 1));
  }
  return result;
}

/// The option that was meant by `--word`: by its beginning, or the nearest; "" where none is near.
std::string meant_option(const Command& command, const std::string& name) {
  const std::string word = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  std::vector<std::string> names;
  for (const OptionRow& row : command.options) {
    names.push_back(row.name.substr(2));
    if (word.size() > 1 && names.back().starts_with(word)) return names.back();
  }
  return nearest_name(word, names);
}

int unknown_word(const Command& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string meant = meant_option(command, name);
  std::string message = "unknown option `" + printable(name) + "`";
  if (!meant.empty()) message += ": did you mean `--" + meant + "`?";
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

namespace {

/// Options by CLI11; all other words are left over, in their order, in `words`. False: said what is
/// wrong.
bool parse_options(const Command& command, std::vector<std::string>& words, CommandLine& line) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<std::string, CLI::Option*>> options;
  for (const OptionRow& row : command.options) {
    CLI::Option* option = row.value.empty() ? app.add_flag(row.name) : app.add_option(row.name);
    if (!row.value.empty())
      option->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false);
    options.emplace_back(row.name, option);
  }
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ArgumentMismatch&) {
    usage_error(command, "the last option needs a value");
    return false;
  } catch (const CLI::ParseError& error) {
    usage_error(command, error.what());
    return false;
  }
  for (const auto& [name, option] : options)
    if (option->count() > 0) line.set(name, option->results());
  words = app.remaining();
  return true;
}

/// Words to the command's arguments, in order. Gives the first word that has no place.
std::optional<std::string> place_arguments(const Command& command,
                                           const std::vector<std::string>& words,
                                           CommandLine& line) {
  size_t next = 0;
  for (const ArgumentRow& row : command.arguments) {
    std::vector<std::string> values;
    while (next < words.size() && (values.empty() || row.many)) values.push_back(words[next++]);
    if (!values.empty()) line.set(row.name, std::move(values));
  }
  if (next < words.size()) return words[next];
  return std::nullopt;
}

/// The words behind the command's name. The exit code, and `line` filled where that is kExitDone.
int parse_words(const Command& command, std::vector<std::string> words, CommandLine& line) {
  const auto bar =
      std::find(words.begin(), words.end(), "--");  // from here on, no word is an option
  std::vector<std::string> after(bar == words.end() ? bar : bar + 1, words.end());
  words.erase(bar, words.end());
  words = split_equals(command, words);
  if (!parse_options(command, words, line)) return kExitUsage;
  for (const std::string& word : words)
    if (word.size() > 1 && word.front() == '-') return unknown_word(command, word);
  words.insert(words.end(), after.begin(), after.end());
  if (auto left = place_arguments(command, words, line))
    return usage_error(command, "unexpected argument `" + printable(*left) + "`");
  return check_values(command, line);
}

}  // namespace

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
    exit_code = unknown_command(words[0]);
    return std::nullopt;
  }
  if (wants_help(rest)) {
    exit_code = print_help(*command);
    return std::nullopt;
  }
  CommandLine line(*command);
  exit_code = parse_words(*command, rest, line);
  if (exit_code != kExitDone) return std::nullopt;
  return line;
}

}  // namespace wakeful::cli
