// UTF-8 at the edges: what enters a heap as a string is valid, always.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wakeful {

/// Bytes of the longest valid beginning; text.size() where all of it is valid. No overlong forms,
/// no surrogates, nothing above U+10FFFF.
size_t valid_utf8_prefix(std::string_view text);
inline bool is_valid_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }
/// The text with each byte that cannot be read replaced by U+FFFD.
std::string repair_utf8(std::string_view text);
void append_utf8(std::string& out, uint32_t code_point);
/// Reads the code point at `at` of valid UTF-8 and moves on behind it.
uint32_t next_code_point(std::string_view text, size_t& at);
/// Bytes of the code point that begins with this byte (valid UTF-8).
inline size_t utf8_width(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

}  // namespace wakeful
