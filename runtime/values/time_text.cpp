// Durations and times read from text.
#include <charconv>
#include <iterator>

#include "runtime/values/codec.h"

namespace wakeful {

// --- durations

namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr Unit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

/// `text` is the digits of whole.fraction; adds them times the unit to ms, rounded to the nearest
/// millisecond.
bool add_part(std::string_view whole, std::string_view fraction, int64_t unit, int64_t& ms) {
  int64_t n = 0, part = 0;
  auto [end, fault] = std::from_chars(whole.data(), whole.data() + whole.size(), n);
  if (fault != std::errc() || end != whole.data() + whole.size()) return false;
  if (__builtin_mul_overflow(n, unit, &part) || __builtin_add_overflow(ms, part, &ms)) return false;
  double rest = 0, scale = 1;
  for (char c : fraction.substr(0, 15)) rest += (c - '0') * (scale /= 10);
  const auto rounded = static_cast<int64_t>(rest * static_cast<double>(unit) + 0.5);
  return !__builtin_add_overflow(ms, rounded, &ms);
}

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  std::string_view taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool parse_duration(std::string_view text, int64_t& ms) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return false;
  int64_t total = 0;
  size_t next_unit = 0;  // units fall, each once
  while (!text.empty()) {
    const std::string_view whole = take_while(text, is_digit);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take_while(text, is_digit);
      if (fraction.empty()) return false;
    }
    const std::string_view name = take_while(text, is_letter);
    while (next_unit < std::size(kUnits) && kUnits[next_unit].name != name) ++next_unit;
    if (whole.empty() || next_unit == std::size(kUnits)) return false;
    if (!fraction.empty() && !text.empty()) return false;  // a fraction in the last part only
    if (!add_part(whole, fraction, kUnits[next_unit++].ms, total)) return false;
  }
  ms = negative ? -total : total;
  return true;
}

// --- times

namespace {

/// Days since 1970 of a date of the Gregorian calendar (H. Hinnant's days_from_civil).
int64_t days_from_civil(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int64_t days_in_month(int64_t year, int64_t month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Exactly `count` digits.
bool take_number(std::string_view& text, size_t count, int64_t low, int64_t high, int64_t& n) {
  if (text.size() < count) return false;
  n = 0;
  for (char c : text.substr(0, count)) {
    if (!is_digit(c)) return false;
    n = n * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return n >= low && n <= high;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text[0]) == one_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits beyond the millisecond are dropped.
bool take_fraction(std::string_view& text, int64_t& ms) {
  ms = 0;
  if (!take(text, ".")) return true;
  const std::string_view digits = take_while(text, is_digit);
  for (size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return !digits.empty();
}

bool take_offset(std::string_view& text, int64_t& minutes) {
  minutes = 0;
  if (take(text, "Zz")) return true;
  const bool west = text.starts_with('-');
  int64_t h, m;
  if (!take(text, "+-") || !take_number(text, 2, 0, 23, h) || !take(text, ":") ||
      !take_number(text, 2, 0, 59, m)) {
    return false;
  }
  minutes = (h * 60 + m) * (west ? -1 : 1);
  return true;
}

}  // namespace

bool parse_time(std::string_view text, int64_t& ms) {
  int64_t year, month, day, hour, minute, second, fraction, offset;
  if (!take_number(text, 4, 0, 9999, year) || !take(text, "-") ||
      !take_number(text, 2, 1, 12, month) || !take(text, "-") ||
      !take_number(text, 2, 1, days_in_month(year, month), day)) {
    return false;
  }
  if (!take(text, "Tt ") || !take_number(text, 2, 0, 23, hour) || !take(text, ":") ||
      !take_number(text, 2, 0, 59, minute) || !take(text, ":") ||
      !take_number(text, 2, 0, 60, second)) {
    return false;
  }
  if (!take_fraction(text, fraction) || !take_offset(text, offset) || !text.empty()) return false;
  const int64_t minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset;
  ms = (minutes * 60 + second) * 1000 + fraction;
  return true;
}

}  // namespace wakeful
