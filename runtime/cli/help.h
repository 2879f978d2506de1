// Help texts, made from subcommands.def.
#pragma once

#include "runtime/cli/command_line.h"

namespace wakeful::cli {

int print_help();           // all commands, to stdout
int print_help_as_error();  // the same to stderr, as an answer to `wf` alone: kExitUsage
int print_help(const Command& command);  // one command, to stdout

}  // namespace wakeful::cli
