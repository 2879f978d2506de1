// Running one program to its end: own process group, fed and read through pipes, never through a
// shell.
//
// Always true:
//  1. The child has the descriptors 0, 1, 2 and no other: no lock nor store of ours leaks into it.
//  2. Its process is not reaped before we are done with it, so its group's number cannot mean
//  another group.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/call.h"

namespace wakeful::effects {

struct ProgramRequest {
  std::vector<std::string> command;
  std::string input;
  bool has_input = false;
  bool json = false;
  int64_t timeout_ms = -1;
  std::string cwd;
  std::vector<std::string> environment;  // "NAME=value"
  bool check = true;
};

struct ProgramEnd {
  enum class Why { Exited, TimedOut, Cancelled, TooMuch };
  Why why = Why::Exited;
  int code = 0;        // as a shell says it: 128 + the signal that ended it
  std::string ending;  // "ended with code 3", "was ended by signal SIGKILL"
  std::string out, err;
};

/// Blocks until the program has ended by itself, or was made to end: by its timeout, the call's
/// token, or because it wrote more than kReadBytesMax. Then its whole group is gone. Throws an
/// ExecError where it cannot start.
ProgramEnd run_program(Call& call, ProgramRequest& request);

}  // namespace wakeful::effects
