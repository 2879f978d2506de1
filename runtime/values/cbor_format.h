// CBOR's numbers (RFC 8949) and our tags, for the writer and the reader.
#pragma once

#include <cstdint>

namespace wakeful::cbor {

enum Major : uint8_t { kUint, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
enum OurTag : uint64_t { kDurationTag = 4001, kTimeTag, kRangeTag, kErrorTag };
constexpr uint8_t kUndefined = 0xF7;
constexpr uint8_t kBreak = 0xFF;

}  // namespace wakeful::cbor
