// UTF-8: validation, repair, code points.
#include "runtime/values/utf8.h"

#include <cstring>

namespace wakeful {
namespace {

/// Bytes of the valid sequence at `p`, or 0.
size_t sequence_at(const unsigned char* p, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (p[i] & 0xC0) == 0x80; };
  const unsigned char c = p[0];
  if (c < 0x80) return 1;
  if (c < 0xC2) return 0;
  if (c < 0xE0) return continues(1) ? 2 : 0;
  if (c < 0xF0) {
    if (!continues(1) || !continues(2)) return 0;
    if (c == 0xE0 && p[1] < 0xA0) return 0;    // overlong
    return c == 0xED && p[1] >= 0xA0 ? 0 : 3;  // surrogates
  }
  if (c > 0xF4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (c == 0xF0 && p[1] < 0x90) return 0;    // overlong
  return c == 0xF4 && p[1] >= 0x90 ? 0 : 4;  // above U+10FFFF
}

}  // namespace

size_t valid_utf8_prefix(std::string_view text) {
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t at = 0;
  while (at < text.size()) {
    while (at + 8 <= text.size()) {
      uint64_t eight;
      std::memcpy(&eight, data + at, 8);
      if (eight & 0x8080808080808080u) break;
      at += 8;
    }
    if (at == text.size()) break;
    const size_t width = sequence_at(data + at, text.size() - at);
    if (width == 0) return at;
    at += width;
  }
  return at;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t good = valid_utf8_prefix(text);
    out.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(1);
  }
  return out;
}

void append_utf8(std::string& out, uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const size_t width = utf8_width(text[at]);
  uint32_t c = width == 1 ? byte(at) : byte(at) & (0xFFu >> (width + 1));
  for (size_t i = 1; i < width; ++i) c = c << 6 | (byte(at + i) & 0x3F);
  at += width;
  return c;
}

}  // namespace wakeful
