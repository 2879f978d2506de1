// The values of literals, from their text.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wakeful::grammar {

/// Digits with `_`, in a base: nothing where it is more than 2^63; INT64_MIN stands for 2^63
/// itself, which is a number only behind a minus.
std::optional<int64_t> parse_int(std::string_view digits, int base);
/// A float; nothing where it is beyond the range of a double.
std::optional<double> parse_float(std::string_view text);

/// `1h30m`. On failure `problem` says what is wrong.
struct DurationText {
  std::optional<int64_t> ms;
  std::string problem;
};
DurationText parse_duration(std::string_view text);

/// Is told of each fault: its offset and length within the piece, and what is wrong.
using ReportFault = std::function<void(size_t offset, size_t length, std::string message)>;

/// Resolves the escapes of a piece of "…" or """…""". With `indentation`, that is taken off each
/// line which begins within the piece; `last` says that the piece ends with the closing quotes' own
/// line.
std::string decode_text(std::string_view piece, const std::string* indentation, bool last,
                        const ReportFault& report);
/// '…': only \' and \\ mean something.
std::string decode_raw(std::string_view piece);

/// The first byte that is not valid UTF-8, or npos.
size_t first_invalid_utf8(std::string_view text);

}  // namespace wakeful::grammar
