// The store of a command line, and the runs in it by ID or #N.
#pragma once

#include <memory>
#include <string>

#include "lang/bytecode/program.h"
#include "runtime/cli/command_line.h"
#include "runtime/journal/journal.h"

namespace wakeful::cli {

enum class Access : uint8_t { Read, Write };

/// --store, else $WF_STORE, else `.wakeful`.
std::string store_directory(const CommandLine& line);
/// ` --store DIR` where the command line names one: for commands that messages propose.
std::string store_words(const CommandLine& line);

/// Read: works beside a running engine, needs a store. Write: for the engine; creates it.
/// The message of a failure names the store.
Result<std::unique_ptr<Journal>> open_journal(const CommandLine& line, Access access);

/// A run by `#N` or workflow id (its newest attempt). Fault::NotFound names the nearest ids.
Result<const RunInfo*> find_run(const Journal& journal, const std::string& id);

/// The program of a run, from the store, verified.
Result<Program> stored_program(const Journal& journal, const RunInfo& info);

/// The outermost run above this one that is still open (the run itself where it has no open
/// parent); of one that is being undone also: that is being undone.
const RunInfo* open_root(const Journal& journal, const RunInfo* info);
/// Closed, and every line that it and its children printed was released: nothing is left to do.
bool is_settled(const Journal& journal, const RunInfo& info);
/// The open runs below it, in the order of their numbers.
std::vector<const RunInfo*> open_descendants(const Journal& journal, RunId run);

}  // namespace wakeful::cli
