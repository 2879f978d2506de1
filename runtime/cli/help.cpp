#include "runtime/cli/help.h"

#include <fmt/format.h>

#include <sstream>

#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

std::string overview() {
  std::string text =
      "wf runs scripts whose workflows survive crashes.\n\n"
      "usage: wf COMMAND [ARGUMENT…] [--option…]\n\n";
  for (const Command& command : commands())
    text += fmt::format("  {:<11}{}\n", command.name, command.help);
  text +=
      "\n`wf help COMMAND` says more. Runs are kept in a store: --store DIR, else $WF_STORE, else "
      ".wakeful\n"
      "exit codes: 0 done · 1 the workflow failed · 2 wrong usage or input · 3 errors in the "
      "script ·\n"
      "            4 the store · 5 replay differs · 130 interrupted, the run is kept\n";
  return text;
}

}  // namespace

int print_help() {
  Stdout out;
  out.write(overview());
  return out.finish(kExitDone);
}

int print_help_as_error() {
  write_stderr(overview());
  return kExitUsage;
}

int print_help(const Command& command) {
  std::string text = command.help + "\n\nusage: " + command.usage + " [--option…]\n\n";
  for (const OptionRow& row : command.options) {
    const std::string name = row.value.empty() ? row.name : row.name + " " + row.value;
    text += fmt::format("  {:<24}{}{}\n", name, row.help, row.many ? "; may be repeated" : "");
  }
  text += "\nexamples:\n";
  std::istringstream lines(command.examples);
  for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
  Stdout out;
  out.write(text);
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
