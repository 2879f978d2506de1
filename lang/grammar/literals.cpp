#include "lang/grammar/literals.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace wakeful::grammar {

std::optional<int64_t> parse_int(std::string_view digits, int base) {
  constexpr uint64_t kMost = uint64_t{1} << 63;
  uint64_t value = 0;
  for (char c : digits) {
    if (c == '_') continue;
    unsigned digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (value > (kMost - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return static_cast<int64_t>(value);
}

std::optional<double> parse_float(std::string_view text) {
  std::string plain;
  for (char c : text) {
    if (c != '_') plain += c;
  }
  double value = 0;
  auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  (void)end;
  if (error == std::errc::result_out_of_range) {
    // Too small is zero, as everywhere; too large is not a number of the language.
    bool tiny = plain.find("e-") != std::string::npos || plain.find("E-") != std::string::npos;
    if (tiny) return 0.0;
    return std::nullopt;
  }
  return value;
}

namespace {

struct Unit {
  const char* text;
  int64_t ms;
};
constexpr Unit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

/// The milliseconds of `number unit`, exactly: digits after the point beyond the 18th don't count.
std::optional<int64_t> scaled(std::string_view number, int64_t unit_ms) {
  size_t point = number.find('.');
  auto whole = parse_int(number.substr(0, point), 10);
  if (!whole || *whole < 0) return std::nullopt;
  int64_t ms = 0;
  if (__builtin_mul_overflow(*whole, unit_ms, &ms)) return std::nullopt;
  if (point == std::string_view::npos) return ms;
  __int128 numerator = 0, denominator = 1;
  int digits = 0;
  for (char c : number.substr(point + 1)) {
    if (c == '_' || digits == 18) continue;
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
    ++digits;
  }
  auto part = static_cast<int64_t>((numerator * unit_ms * 2 + denominator) / (denominator * 2));
  if (__builtin_add_overflow(ms, part, &ms)) return std::nullopt;
  return ms;
}

}  // namespace

DurationText parse_duration(std::string_view text) {
  int64_t total = 0;
  int last_unit = -1;
  bool fraction_seen = false;
  size_t at = 0;
  while (at < text.size()) {
    size_t number_end = text.find_first_not_of("0123456789_.", at);
    size_t unit_end = text.find_first_of("0123456789", number_end);
    if (unit_end == std::string_view::npos) unit_end = text.size();
    std::string_view number = text.substr(at, number_end - at);
    std::string_view unit = text.substr(number_end, unit_end - number_end);
    if (fraction_seen)
      return {std::nullopt, "only the last part of a duration may have a fraction"};
    fraction_seen = number.find('.') != std::string_view::npos;
    int index = 0;
    while (kUnits[index].text != unit) ++index;
    if (index == last_unit) return {std::nullopt, "each unit may stand once only"};
    if (index < last_unit) return {std::nullopt, "units must fall: `d h m s ms`"};
    last_unit = index;
    auto ms = scaled(number, kUnits[index].ms);
    if (!ms || __builtin_add_overflow(total, *ms, &total)) {
      return {std::nullopt, "the duration is too long"};
    }
    at = unit_end;
  }
  return {total, ""};
}

namespace {

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

/// `\u{1F600}` at `piece[at]`; gives the offset behind it, or 0 after a report.
size_t decode_unicode(std::string_view piece, size_t at, std::string& out,
                      const ReportFault& report) {
  size_t close = piece.find('}', at);
  bool braced = at + 2 < piece.size() && piece[at + 2] == '{' && close != std::string_view::npos;
  std::string_view digits = braced ? piece.substr(at + 3, close - at - 3) : std::string_view();
  uint32_t code = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  bool number = error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  bool valid = number && digits.size() <= 6 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (!valid) {
    size_t length = braced ? close + 1 - at : 2;
    report(at, length,
           number ? "no such code point: expected up to 10FFFF, and no surrogate"
                  : "expected `\\u{…}` with one to six hexadecimal digits");
    return braced ? close + 1 : at + 2;
  }
  append_utf8(out, code);
  return close + 1;
}

size_t decode_escape(std::string_view piece, size_t at, std::string& out,
                     const ReportFault& report) {
  char c = at + 1 < piece.size() ? piece[at + 1] : '\0';
  switch (c) {
    case 'n':
      out += '\n';
      return at + 2;
    case 't':
      out += '\t';
      return at + 2;
    case 'r':
      out += '\r';
      return at + 2;
    case '\\':
    case '"':
    case '$':
      out += c;
      return at + 2;
    case 'u':
      return decode_unicode(piece, at, out, report);
    default:
      break;
  }
  size_t length = 2;
  while (at + length < piece.size() &&
         (static_cast<unsigned char>(piece[at + length]) & 0xC0) == 0x80) {
    ++length;
  }
  length = std::min(length, piece.size() - at);
  report(at, length,
         "unknown escape `" + std::string(piece.substr(at, length)) +
             "`: expected one of `\\n \\t \\r \\\\ \\\" \\$ \\u{…}`");
  return at + length;
}

/// Takes the indentation off a line that begins at `at`; gives where its text begins.
size_t strip_indentation(std::string_view piece, size_t at, const std::string& indentation,
                         bool last, const ReportFault& report) {
  size_t text = piece.find_first_not_of(" \t", at);
  bool to_end = text == std::string_view::npos;
  if (to_end) text = piece.size();
  bool blank = to_end ? last : (piece[text] == '\n' || piece.substr(text, 2) == "\r\n");
  std::string_view spaces = piece.substr(at, text - at);
  if (spaces.substr(0, indentation.size()) == indentation) return at + indentation.size();
  if (!blank) {
    report(at, std::max<size_t>(spaces.size(), 1),
           "this line is indented less than the closing quotes, or with other characters");
  }
  return text;
}

}  // namespace

std::string decode_text(std::string_view piece, const std::string* indentation, bool last,
                        const ReportFault& report) {
  std::string out;
  size_t at = 0;
  while (at < piece.size()) {
    char c = piece[at];
    if (c == '\\') {
      at = decode_escape(piece, at, out, report);
    } else if (c == '\r' && at + 1 < piece.size() && piece[at + 1] == '\n') {
      ++at;
    } else if (c == '\n' && indentation) {
      out += '\n';
      at = strip_indentation(piece, at + 1, *indentation, last, report);
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

std::string decode_raw(std::string_view piece) {
  std::string out;
  for (size_t i = 0; i < piece.size(); ++i) {
    bool escape =
        piece[i] == '\\' && i + 1 < piece.size() && (piece[i + 1] == '\'' || piece[i + 1] == '\\');
    if (escape) ++i;
    out += piece[i];
  }
  return out;
}

size_t first_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    auto byte = static_cast<unsigned char>(text[at]);
    size_t length = byte < 0x80       ? 1
                    : byte >> 5 == 6  ? 2
                    : byte >> 4 == 14 ? 3
                    : byte >> 3 == 30 ? 4
                                      : 0;
    if (length == 0 || at + length > text.size()) return at;
    uint32_t code = length == 1 ? byte : byte & (0x7F >> length);
    for (size_t i = 1; i < length; ++i) {
      auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return at;
      code = code << 6 | (next & 0x3F);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace wakeful::grammar
