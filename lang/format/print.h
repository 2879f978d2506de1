// From a layout to text: which groups are broken, decided from left to right at the columns where
// they begin.
#pragma once

#include <string>

#include "lang/format/layout.h"

namespace wakeful::format {

std::string print(const Pieces& pieces, const Layout& layout);

}  // namespace wakeful::format
