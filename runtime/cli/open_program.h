// From a FILE of the command line to a compiled program, or to diagnostics on stderr.
#pragma once

#include <optional>
#include <string>

#include "lang/compile/compile.h"
#include "runtime/cli/command_line.h"

namespace wakeful::cli {

/// The text of a script; Fault::Usage and why where it cannot be read.
Result<std::string> read_source(const std::string& file);

/// Compiles FILE. The project folder, where imports may reach, is the working directory if the file
/// lies below it, else the file's own folder. Fault::Usage where FILE cannot be read; what is wrong
/// with its text is in the diagnostics.
Result<Compiled> compile_file(const std::string& file, Purpose purpose = Purpose::Run);

/// The same, and says all diagnostics on stderr. Nothing: said, and `exit_code` is set.
std::optional<Program> open_program(const CommandLine& line, const std::string& file,
                                    int& exit_code);

/// Errors and warnings as they are shown.
std::string render_all(const Compiled& compiled, bool colour);

}  // namespace wakeful::cli
