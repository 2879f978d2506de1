// From source text to a Program: parse, imports, check, compile. The one door into lang/.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lang/bytecode/program.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// Reads a source file for an import or the first file. Gives nothing where there is none.
/// `path` is relative to the project folder, normalised, without `..`.
using ReadSource = std::function<std::optional<std::string>(const std::string& path)>;

struct Compiled {
  std::optional<Program> program;   // absent where there were errors; sealed
  Sources sources;                  // also where there were errors
  Diagnostics diagnostics;
};

/// Compiles `path` (as given to `read`) with all it imports and the prelude.
/// Never throws; every fault is a diagnostic. The lints are for `wf check`: a run says what it must.
enum class Lints : bool { Off, On };
Compiled compile(const std::string& path, const ReadSource& read, Lints lints = Lints::Off);

}  // namespace wakeful
