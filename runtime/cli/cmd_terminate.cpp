// wf terminate: ends a run without running any more of its code.
#include "runtime/cli/end_run.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {

int cmd_terminate(const CommandLine& line) {
  if (line.one("--reason").empty())
    return usage_error(line.command(), "--reason is missing: say why, it is kept with the run");
  return end_run(line, RecordType::Terminated, [&](Engine& engine, RunId run) {
    return engine.terminate(run, line.one("--reason"));
  });
}

}  // namespace wakeful::cli
