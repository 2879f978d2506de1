// The module math. What has no result in the real numbers throws ArithmeticError.
#include <cmath>

#include "lang/base/numbers.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

/// The rounded float as an int.
bool make_int(NativeContext& cx, const char* call, double d, Value& result) {
  if (!(d >= -kTwoTo63 && d < kTwoTo63)) {
    return cx.fail("ArithmeticError",
                   fmt::format("{}: {} does not fit an int of 64 bits", call, d));
  }
  result = Value::of(static_cast<int64_t>(d));
  return true;
}

bool round_with(NativeContext& cx, const char* call, Value x, double (*how)(double),
                Value& result) {
  double d;
  if (!want_number(cx, x, call, "x", d)) return false;
  if (x.is(Tag::Int)) {
    result = x;
    return true;
  }
  return make_int(cx, call, how(d), result);
}

/// A function of floats; NaN out of what was not NaN is an error.
bool apply(NativeContext& cx, const char* call, Value x, double (*f)(double), Value& result) {
  double d;
  if (!want_number(cx, x, call, "x", d)) return false;
  result = Value::of(f(d));
  if (std::isnan(result.real) && !std::isnan(d)) {
    return cx.fail("ArithmeticError", fmt::format("{} has no result for {}", call, d));
  }
  return true;
}

/// Logarithms: of what is greater than 0 only.
bool apply_log(NativeContext& cx, const char* call, Value x, double (*f)(double), Value& result) {
  double d;
  if (!want_number(cx, x, call, "x", d)) return false;
  if (d <= 0)
    return cx.fail("ArithmeticError",
                   fmt::format("{} takes a number greater than 0, got {}", call, d));
  result = Value::of(f(d));
  return true;
}

}  // namespace

bool math_floor(NativeContext& cx, Value* args, Value& result) {
  return round_with(cx, "math.floor()", args[0], std::floor, result);
}
bool math_ceil(NativeContext& cx, Value* args, Value& result) {
  return round_with(cx, "math.ceil()", args[0], std::ceil, result);
}
bool math_trunc(NativeContext& cx, Value* args, Value& result) {
  return round_with(cx, "math.trunc()", args[0], std::trunc, result);
}

bool math_round(NativeContext& cx, Value* args, Value& result) {
  if (args[1].is_absent()) return round_with(cx, "math.round()", args[0], std::round, result);
  double x;
  int64_t digits;
  if (!want_number(cx, args[0], "math.round()", "x", x)) return false;
  if (!want_int(cx, args[1], "math.round()", "digits", digits)) return false;
  if (digits < 0 || digits > 15) {
    return cx.fail("ArgumentError",
                   fmt::format("math.round() takes 0 to 15 digits, got {}", digits));
  }
  if (digits == 0 && args[0].is(Tag::Int))
    return round_with(cx, "math.round()", args[0], std::round, result);
  const double scale = std::pow(10.0, static_cast<double>(digits));
  const double scaled = x * scale;
  const double rounded = std::round(scaled) / scale;
  result = Value::of(std::isfinite(scaled) ? rounded : x);
  return true;
}

bool math_sqrt(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.sqrt()", args[0], std::sqrt, result);
}
bool math_exp(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.exp()", args[0], std::exp, result);
}
bool math_sin(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.sin()", args[0], std::sin, result);
}
bool math_cos(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.cos()", args[0], std::cos, result);
}
bool math_tan(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.tan()", args[0], std::tan, result);
}
bool math_asin(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.asin()", args[0], std::asin, result);
}
bool math_acos(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.acos()", args[0], std::acos, result);
}
bool math_atan(NativeContext& cx, Value* args, Value& result) {
  return apply(cx, "math.atan()", args[0], std::atan, result);
}
bool math_log2(NativeContext& cx, Value* args, Value& result) {
  return apply_log(cx, "math.log2()", args[0], std::log2, result);
}
bool math_log10(NativeContext& cx, Value* args, Value& result) {
  return apply_log(cx, "math.log10()", args[0], std::log10, result);
}

bool math_log(NativeContext& cx, Value* args, Value& result) {
  if (!apply_log(cx, "math.log()", args[0], std::log, result)) return false;
  if (args[1].is_absent() || args[1].is_null()) return true;
  double base;
  if (!want_number(cx, args[1], "math.log()", "base", base)) return false;
  if (base <= 0 || base == 1) {
    return cx.fail(
        "ArithmeticError",
        fmt::format("math.log() takes a base greater than 0 and other than 1, got {}", base));
  }
  result = Value::of(base == 2    ? std::log2(args[0].number())
                     : base == 10 ? std::log10(args[0].number())
                                  : result.real / std::log(base));
  return true;
}

namespace {

bool int_power(NativeContext& cx, int64_t base, int64_t exponent, Value& result) {
  int64_t power = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) && __builtin_mul_overflow(power, base, &power)) {
      return cx.fail("ArithmeticError",
                     "math.pow() does not fit an int of 64 bits; give it floats");
    }
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) {
      return cx.fail("ArithmeticError",
                     "math.pow() does not fit an int of 64 bits; give it floats");
    }
  }
  result = Value::of(power);
  return true;
}

}  // namespace

bool math_pow(NativeContext& cx, Value* args, Value& result) {
  double x, y;
  if (!want_number(cx, args[0], "math.pow()", "x", x) ||
      !want_number(cx, args[1], "math.pow()", "y", y))
    return false;
  if (args[0].is(Tag::Int) && args[1].is(Tag::Int) && args[1].integer >= 0) {
    return int_power(cx, args[0].integer, args[1].integer, result);
  }
  result = Value::of(std::pow(x, y));
  if ((std::isnan(result.real) && !std::isnan(x) && !std::isnan(y)) || (x == 0 && y < 0)) {
    return cx.fail("ArithmeticError",
                   fmt::format("math.pow() has no result for {} to the power of {}", x, y));
  }
  return true;
}

bool math_atan2(NativeContext& cx, Value* args, Value& result) {
  double y, x;
  if (!want_number(cx, args[0], "math.atan2()", "y", y) ||
      !want_number(cx, args[1], "math.atan2()", "x", x))
    return false;
  result = Value::of(std::atan2(y, x));
  return true;
}

bool math_hypot(NativeContext& cx, Value* args, Value& result) {
  double x, y;
  if (!want_number(cx, args[0], "math.hypot()", "x", x) ||
      !want_number(cx, args[1], "math.hypot()", "y", y))
    return false;
  result = Value::of(std::hypot(x, y));
  return true;
}

bool math_sign(NativeContext& cx, Value* args, Value& result) {
  double x;
  if (!want_number(cx, args[0], "math.sign()", "x", x)) return false;
  result = Value::of(int64_t{(x > 0) - (x < 0)});
  return true;
}

bool math_is_nan(NativeContext& cx, Value* args, Value& result) {
  double x;
  if (!want_number(cx, args[0], "math.is_nan()", "x", x)) return false;
  result = Value::of(std::isnan(x));
  return true;
}

bool math_is_finite(NativeContext& cx, Value* args, Value& result) {
  double x;
  if (!want_number(cx, args[0], "math.is_finite()", "x", x)) return false;
  result = Value::of(std::isfinite(x));
  return true;
}

bool math_clamp(NativeContext& cx, Value* args, Value& result) {
  const OrderClass c = order_class(args[0]);
  if (c == OrderClass::None || order_class(args[1]) != c || order_class(args[2]) != c) {
    return cx.fail("TypeError",
                   fmt::format("math.clamp() takes three values of one type, got {}, {} and {}",
                               type_name(args[0]), type_name(args[1]), type_name(args[2])));
  }
  if (compare(args[1], args[2]) > 0)
    return cx.fail("ArgumentError",
                   "math.clamp() takes a low bound that is not above the high one");
  result = compare(args[0], args[1]) < 0   ? args[1]
           : compare(args[0], args[2]) > 0 ? args[2]
                                           : args[0];
  return true;
}

}  // namespace wakeful::native
