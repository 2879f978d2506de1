// Whether the command that the code gives is the one that the history holds.
#pragma once

#include <optional>
#include <string>

#include "runtime/run/record.h"

namespace wakeful {

/// None: they agree. Else the name of the field that differs ("arguments", "place"), "" where they
/// are of different sorts or about different things, so that their descriptions say it. With
/// another program, source places and what hangs on them (stacks of errors) do not count.
std::optional<std::string> commands_differ(const Record& known, const Record& found,
                                           bool same_program);

/// Copies into `record` what the outside answered when the command was live.
void take_answer(const Record& known, Record& record);

}  // namespace wakeful
