// The rows of subcommands.def as data.
#include <sstream>

#include "lang/base/check.h"
#include "runtime/cli/command_line.h"

namespace wakeful::cli {
namespace {

constexpr int kStore = 1;
constexpr int kJson = 2;
constexpr std::string_view kEllipsis = "…";

bool drop_suffix(std::string& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

std::vector<ArgumentRow> parse_arguments(const std::string& text) {
  std::vector<ArgumentRow> rows;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    ArgumentRow row;
    if (word.front() == '[') {
      row.required = false;
      word = word.substr(1, word.size() - 2);
    }
    row.many = drop_suffix(word, kEllipsis);
    row.name = word;
    rows.push_back(row);
  }
  return rows;
}

Command make_command(const char* name, const char* arguments, int flags, const char* help,
                     const char* examples, int (*function)(const CommandLine&)) {
  Command command{
      name, parse_arguments(arguments), {}, std::string("wf ") + name, help, examples, function};
  if (*arguments) command.usage += std::string(" ") + arguments;
  if (flags & kStore)
    command.options.push_back(
        {"--store", "DIR", false, "the store (default: $WF_STORE, else .wakeful)"});
  if (flags & kJson)
    command.options.push_back({"--json", "", false, "print data as one JSON document"});
  command.options.push_back({"--color", "WHEN", false, "auto, always or never"});
  command.options.push_back({"--help", "", false, "print this help"});
  return command;
}

void add_option(std::vector<Command>& list, const std::string& command, OptionRow row) {
  row.many = drop_suffix(row.value, kEllipsis);
  for (Command& c : list)
    if (c.name == command) {
      size_t own = 0;  // a command's own options come before the shared ones
      while (own < c.options.size() && c.options[own].name != "--store" &&
             c.options[own].name != "--json" && c.options[own].name != "--color")
        ++own;
      c.options.insert(c.options.begin() + static_cast<long>(own), row);
      return;
    }
  WF_CHECK(!"WF_OPTION names a command that has no row");
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> list = [] {
    std::vector<Command> rows;
#define WF_COMMAND(name, arguments, flags, help, examples) \
  rows.push_back(make_command(#name, arguments, flags, help, examples, cmd_##name));
#include "runtime/cli/subcommands.def"
#define WF_OPTION(command, name, value, help) \
  add_option(rows, #command, {name, value, false, help});
#include "runtime/cli/subcommands.def"
    return rows;
  }();
  return list;
}

std::string CommandLine::one(const std::string& name) const {
  const auto& values = all(name);
  return values.empty() ? "" : values.front();
}

const std::vector<std::string>& CommandLine::all(const std::string& name) const {
  static const std::vector<std::string> none;
  bool known = false;
  for (const auto& row : command_.options) known |= row.name == name;
  for (const auto& row : command_.arguments) known |= row.name == name;
  WF_CHECK(known);
  auto found = values_.find(name);
  return found == values_.end() ? none : found->second;
}

void CommandLine::set(const std::string& name, std::vector<std::string> values) {
  values_[name] = std::move(values);
}

}  // namespace wakeful::cli
