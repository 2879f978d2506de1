// wf disasm: the instructions of a script, with its lines between.
#include "runtime/cli/open_program.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {

int cmd_disasm(const CommandLine& line) {
  int code = kExitDone;
  const auto program = open_program(line, line.one("FILE"), code);
  if (!program) return code;
  Stdout out;
  out.write(disassemble(*program));
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
