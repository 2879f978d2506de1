// What `"${x}"` makes of a constant.
#pragma once

#include <optional>
#include <string>

#include "lang/bytecode/program.h"

namespace wakeful {

/// The text of null, a bool, an int, a duration or a string; nothing for the rest.
std::optional<std::string> constant_text(const Constant& constant);

}  // namespace wakeful
