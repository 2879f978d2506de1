// The options of `with {…}` (lang/check/options.def), as the run core reads them when a step is
// started. The engine reads the rest (time-outs, retries) from the record's CBOR.
#pragma once

#include <string>

#include "runtime/values/heap.h"

namespace wakeful {

enum class ClosePolicy : uint8_t { Wait, Cancel, Terminate, Abandon };

/// What the options stand with: a child workflow, or a step (an activity or a library effect).
enum class OptionsOf : uint8_t { Child = 1, Step = 2 };

struct Options {
  ClosePolicy parent_close_policy = ClosePolicy::Wait;
  bool hands_over = true;  // undo_policy is "parent"
};

/// Checks names and types of options given at run time. False: `problem` says what is wrong and
/// what there is.
bool parse_options(const Map* options, OptionsOf what, Options& out, std::string& problem);

/// "" where the value can be a workflow id: a string of 1 to 512 bytes, no control characters, not
/// beginning with `#`; else what is wrong with it.
std::string id_problem(Value id);

}  // namespace wakeful
