// What serialise.cpp and deserialise.cpp share of the format (FORMAT.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wakeful {

inline constexpr std::string_view kProgramMagic = "WFPR";
/// Grows with every change of layout; older ones stay readable, newer ones are refused.
inline constexpr uint8_t kProgramVersion = 1;

/// XXH3-128 of a serialised program, as 32 hex digits.
std::string program_hash(std::string_view bytes);

}  // namespace wakeful
