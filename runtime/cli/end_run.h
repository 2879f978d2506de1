// What wf cancel and wf terminate have in common: one run to its end, by an engine of their own or
// by the one at work.
#pragma once

#include <functional>

#include "runtime/cli/command_line.h"
#include "runtime/engine/engine.h"

namespace wakeful::cli {

/// Opens the store, brings the run back, asks for its end, works until it and those that it asked
/// to end have, and says what it came to. 0 where the run is closed now, whatever its status.
/// Where another process's engine holds the store, that one is asked, by a message of type `how`;
/// if it stops before the end, this process goes on.
int end_run(const CommandLine& line, RecordType how,
            const std::function<Result<void>(Engine&, RunId)>& ask);

}  // namespace wakeful::cli
