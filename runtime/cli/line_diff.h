// The differences between two texts, line by line, as people read them.
#pragma once

#include <string>
#include <string_view>

namespace wakeful::cli {

/// `  12 - old line` and `  12 + new line`, numbered as in the old and the new text; cut behind
/// `lines_max` lines, with how many more there are. "" where the texts are equal.
std::string line_diff(std::string_view before, std::string_view after, size_t lines_max);

/// The same for values, which have no line numbers: `- line` and `+ line`, with two of the equal
/// lines around each difference.
std::string value_diff(std::string_view left, std::string_view right, size_t lines_max,
                       bool colour);

}  // namespace wakeful::cli
