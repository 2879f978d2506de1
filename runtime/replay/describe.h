// Records in words, for differences: what the code asked for, and where.
#pragma once

#include <string>

#include "lang/base/source.h"
#include "runtime/run/record.h"

namespace wakeful {

/// `calls activity charge("o-1", 20.0) at order.wf:12:5`; long values are cut. `sources` may be
/// null.
std::string describe(const Record& record, const Sources* sources);

}  // namespace wakeful
