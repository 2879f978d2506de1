// wf: the words of the command line go to a row of subcommands.def, the row's function does the
// rest.
#include <new>

#include "runtime/cli/command_line.h"
#include "runtime/cli/output.h"
#include "runtime/values/heap.h"

int main(int argc, char** argv) {
  using namespace wakeful::cli;
  prepare_descriptors();
  wakeful::keep_freed_memory();  // one process, one heap after the other: do not hand pages back
                                 // and forth
  try {
    int exit_code = kExitDone;
    const auto line =
        parse_command_line(std::vector<std::string>(argv + 1, argv + argc), exit_code);
    return line ? line->command().function(*line) : exit_code;
  } catch (const std::bad_alloc&) {
    say("out of memory; what is in the store is kept");
    return kExitFailed;
  }
}
