// Re-executes a run from its journal alone, with effects forbidden, and names the first difference.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lang/base/error.h"
#include "runtime/journal/journal.h"
#include "runtime/run/run.h"

namespace wakeful {

/// Where code and history part. Both sides in words, with their source places.
struct Difference {
  Lsn at;                // the record of the history, none at its end
  std::string expected;  // what the history says
  std::string found;     // what the code did
  std::string message() const;
};

struct Replayed {
  std::unique_ptr<Run> run;  // as it stood after its last record
  std::optional<Difference> difference;
  std::vector<std::string> last_prints;  // prints of its last burst
  size_t records = 0;
};

/// The run as it stood at the end of its last whole burst: for questions, which must not see the
/// middle of one. Fault::Replay where its program does not agree with its history.
Result<std::unique_ptr<Run>> rebuild(const Journal& journal, RunId run,
                                     std::shared_ptr<Image> image);

/// With `program` another code than the stored one.
Result<Replayed> replay(const Journal& journal, RunId run, std::shared_ptr<Image> image);

}  // namespace wakeful
