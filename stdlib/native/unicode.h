// The little of Unicode that strings need: cases of the alphabets of Europe, white space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wakeful::native {

/// Simple mappings (one code point each) of ASCII, Latin, Greek, Cyrillic, Armenian; others stay as
/// they are.
uint32_t upper_case(uint32_t c);
uint32_t lower_case(uint32_t c);

/// Bytes of the white space at `at` in valid UTF-8; 0 where there is none.
size_t space_at(std::string_view text, size_t at);
std::string_view trim_spaces(std::string_view text);

}  // namespace wakeful::native
