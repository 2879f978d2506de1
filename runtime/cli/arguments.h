// A workflow's input on the command line: --input and --arg become a CBOR list by position.
#pragma once

#include <string>

#include "lang/bytecode/program.h"
#include "runtime/cli/command_line.h"

namespace wakeful::cli {

/// What was given, read (files and stdin once) but not yet fitted to a workflow.
struct GivenInput {
  std::string json;  // text of --input; empty: not given
  bool has_json = false;
  std::vector<std::pair<std::string, std::string>> named;  // of --arg
  bool given() const { return has_json || !named.empty(); }
};

/// Fault::Usage where a file cannot be read or an --arg is no NAME=VALUE.
Result<GivenInput> read_input(const CommandLine& line);

/// Fits it to the parameters: names, number, types. Fault::Usage names the parameter.
Result<std::string> fit_arguments(const GivenInput& input, const CallableDecl& workflow);

/// Whether two lists of arguments say the same (maps in any order).
bool same_arguments(const std::string& a, const std::string& b);

/// The stored arguments of a run by name, as a JSON object; those that were not given are left out.
std::string arguments_json(const std::string& cbor, const CallableDecl* workflow);

/// The workflow that was meant: by name, or `main`, or the only one of the file.
Result<int> choose_workflow(const Program& program, const std::string& name,
                            const std::string& file);

}  // namespace wakeful::cli
