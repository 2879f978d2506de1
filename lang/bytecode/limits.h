// Bounds of a Program. Baked into its format (FORMAT.md), the verifier and the compiler.
#pragma once

#include <cstdint>

namespace wakeful {

/// Registers of one frame: a register number is 8 bits, some are kept back.
inline constexpr uint32_t kRegistersMax = 250;
/// How deep constants and types nest; the reader recurses over them.
inline constexpr uint32_t kConstantDepthMax = 256;
inline constexpr uint32_t kConstantsMax = 65'536;
inline constexpr uint32_t kFunctionsMax = 65'536;

}  // namespace wakeful
