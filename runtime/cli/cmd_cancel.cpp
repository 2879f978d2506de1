// wf cancel: asks a run to end, and works until it has.
#include "runtime/cli/end_run.h"

namespace wakeful::cli {

int cmd_cancel(const CommandLine& line) {
  return end_run(line, RecordType::CancelRequested, [&](Engine& engine, RunId run) {
    return engine.cancel(run, line.one("--reason"));
  });
}

}  // namespace wakeful::cli
