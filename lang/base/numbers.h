// Comparing ints with floats exactly: a conversion to double would lose the low bits of large ints.
#pragma once

#include <cstdint>

namespace wakeful {

inline constexpr double kTwoTo63 = 9223372036854775808.0;

inline bool int_equals_float(int64_t i, double d) {
  return d >= -kTwoTo63 && d < kTwoTo63 && static_cast<double>(static_cast<int64_t>(d)) == d &&
         static_cast<int64_t>(d) == i;
}

/// -1, 0, 1 as i is less than, equal to, greater than d; 2 where d is not a number.
inline int compare_int_float(int64_t i, double d) {
  if (d != d) return 2;
  if (d >= kTwoTo63) return -1;
  if (d < -kTwoTo63) return 1;
  const auto whole = static_cast<int64_t>(d);
  if (i != whole) return i < whole ? -1 : 1;
  const double rest = d - static_cast<double>(whole);
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

}  // namespace wakeful
