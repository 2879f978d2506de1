// `wf fmt`: the one style of scripts. The rules are in lang/guide/formatting.md.
#pragma once

#include <string>

#include "lang/base/error.h"
#include "lang/base/source.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// The text of `sources.files[file_index]` in our style. The same tree, the same comments in the
/// same order; what is formatted already comes back as it is. Fault::Script where the file has
/// syntax errors, which are in `diagnostics`.
Result<std::string> format_source(uint32_t file_index, const Sources& sources,
                                  Diagnostics& diagnostics);

}  // namespace wakeful
