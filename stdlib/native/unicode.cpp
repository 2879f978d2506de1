// Cases as a table of ranges; white space.
#include "stdlib/native/unicode.h"

#include <iterator>

#include "runtime/values/utf8.h"

namespace wakeful::native {
namespace {

/// Capitals from first to last. step 1: the small letter is `offset` away; step 2: capitals and
/// small letters take turns, beginning with a capital.
struct CaseRange {
  uint16_t first;
  uint16_t last;
  uint8_t step;
  int16_t offset;
};
constexpr CaseRange kCases[] = {
    {0x41, 0x5A, 1, 32},    {0xC0, 0xD6, 1, 32},   {0xD8, 0xDE, 1, 32},   {0x100, 0x12E, 2, 1},
    {0x132, 0x136, 2, 1},   {0x139, 0x147, 2, 1},  {0x14A, 0x176, 2, 1},  {0x178, 0x178, 1, -121},
    {0x179, 0x17D, 2, 1},   {0x1CD, 0x1DB, 2, 1},  {0x1DE, 0x1EE, 2, 1},  {0x1F8, 0x21E, 2, 1},
    {0x222, 0x232, 2, 1},   {0x386, 0x386, 1, 38}, {0x388, 0x38A, 1, 37}, {0x38C, 0x38C, 1, 64},
    {0x38E, 0x38F, 1, 63},  {0x391, 0x3A1, 1, 32}, {0x3A3, 0x3AB, 1, 32}, {0x400, 0x40F, 1, 80},
    {0x410, 0x42F, 1, 32},  {0x460, 0x480, 2, 1},  {0x48A, 0x4BE, 2, 1},  {0x4C0, 0x4C0, 1, 15},
    {0x4C1, 0x4CD, 2, 1},   {0x4D0, 0x52E, 2, 1},  {0x531, 0x556, 1, 48}, {0x1E00, 0x1E94, 2, 1},
    {0x1EA0, 0x1EFE, 2, 1},
};

constexpr uint32_t kDottedCapitalI = 0x130, kDotlessI = 0x131, kLongS = 0x17F, kMicro = 0xB5,
                   kFinalSigma = 0x3C2;

bool in(uint32_t c, int first, int last, int step) {
  return static_cast<int>(c) >= first && static_cast<int>(c) <= last &&
         (static_cast<int>(c) - first) % step == 0;
}

}  // namespace

uint32_t lower_case(uint32_t c) {
  if (c == kDottedCapitalI) return 'i';
  for (const CaseRange& r : kCases) {
    if (in(c, r.first, r.last, r.step))
      return static_cast<uint32_t>(static_cast<int>(c) + r.offset);
  }
  return c;
}

uint32_t upper_case(uint32_t c) {
  if (c == kDotlessI) return 'I';
  if (c == kLongS) return 'S';
  if (c == kMicro) return 0x39C;
  if (c == kFinalSigma) return 0x3A3;
  for (const CaseRange& r : kCases) {
    if (in(c, r.first + r.offset, r.last + r.offset, r.step) && c != kDotlessI) {
      return static_cast<uint32_t>(static_cast<int>(c) - r.offset);
    }
  }
  return c;
}

size_t space_at(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return first == ' ' || (first >= '\t' && first <= '\r') ? 1 : 0;
  size_t end = at;
  const uint32_t c = next_code_point(text, end);
  const bool space = c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
                     c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 ||
                     c == 0xFEFF;
  return space ? end - at : 0;
}

std::string_view trim_spaces(std::string_view text) {
  while (!text.empty()) {
    const size_t width = space_at(text, 0);
    if (width == 0) break;
    text.remove_prefix(width);
  }
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!space_at(text, last)) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace wakeful::native
