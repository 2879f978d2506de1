// time.parse and time.format: RFC 3339 and patterns in the manner of strftime, always UTC and
// English.
#include <array>
#include <cmath>

#include "runtime/values/codec.h"
#include "stdlib/native/natives.h"

namespace wakeful::native {

bool time_parse(NativeContext& cx, Value* args, Value& result) {
  String* text;
  int64_t ms;
  if (!want_string(cx, args[0], "time.parse()", "text", text)) return false;
  if (!parse_time(text->view(), ms) &&
      !(text->bytes == 10 && parse_time(std::string(text->view()) + "T00:00:00Z", ms))) {
    return cx.fail(
        "ArgumentError",
        fmt::format("time.parse() takes a time like \"2026-11-23T17:41:00Z\" or a date, got \"{}\"",
                    text->bytes > 60 ? "a longer text" : text->view()));
  }
  result = Value::time(ms);
  return true;
}

namespace {

struct Calendar {
  int64_t year;
  int month, day, hour, minute, second, millisecond;
  int weekday;   // 0: Sunday
  int year_day;  // from 1
};

constexpr std::array kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
constexpr std::array kMonths = {"January",   "February", "March",    "April",
                                "May",       "June",     "July",     "August",
                                "September", "October",  "November", "December"};

/// H. Hinnant's civil_from_days.
Calendar calendar_of(int64_t ms) {
  constexpr int64_t kDay = 86'400'000;
  int64_t days = ms / kDay - (ms % kDay < 0);
  const int64_t of_day = ms - days * kDay;
  Calendar c{};
  c.hour = static_cast<int>(of_day / 3'600'000);
  c.minute = static_cast<int>(of_day / 60'000 % 60);
  c.second = static_cast<int>(of_day / 1'000 % 60);
  c.millisecond = static_cast<int>(of_day % 1'000);
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * from_march + 2) / 153;
  c.day = static_cast<int>(from_march - (153 * month + 2) / 5 + 1);
  c.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2);
  const bool leap = c.year % 4 == 0 && (c.year % 100 != 0 || c.year % 400 == 0);
  c.year_day = static_cast<int>(c.month > 2 ? from_march + 60 + leap : from_march - 305);
  return c;
}

/// One field; false where there is no such letter.
bool put_field(std::string& out, char letter, const Calendar& c, int64_t ms) {
  const auto put = [&](auto n, int width) { out += fmt::format("{:0{}}", n, width); };
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (letter) {
    case 'Y':
      put(c.year, 4);
      return true;
    case 'y':
      put((c.year % 100 + 100) % 100, 2);
      return true;
    case 'm':
      put(c.month, 2);
      return true;
    case 'd':
      put(c.day, 2);
      return true;
    case 'e':
      out += fmt::format("{:2}", c.day);
      return true;
    case 'j':
      put(c.year_day, 3);
      return true;
    case 'H':
      put(c.hour, 2);
      return true;
    case 'I':
      put(hour12, 2);
      return true;
    case 'M':
      put(c.minute, 2);
      return true;
    case 'S':
      put(c.second, 2);
      return true;
    case 'L':
      put(c.millisecond, 3);
      return true;
    case 'p':
      out += c.hour < 12 ? "AM" : "PM";
      return true;
    case 'A':
      out += kWeekdays[static_cast<size_t>(c.weekday)];
      return true;
    case 'a':
      out.append(kWeekdays[static_cast<size_t>(c.weekday)], 3);
      return true;
    case 'B':
      out += kMonths[static_cast<size_t>(c.month - 1)];
      return true;
    case 'b':
      out.append(kMonths[static_cast<size_t>(c.month - 1)], 3);
      return true;
    case 'F':
      out += fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
      return true;
    case 'T':
      out += fmt::format("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
      return true;
    case 's':
      out += std::to_string(ms / 1000 - (ms % 1000 < 0));
      return true;
    case 'z':
      out += "+0000";
      return true;
    case 'Z':
      out += "UTC";
      return true;
    case '%':
      out += '%';
      return true;
    default:
      return false;
  }
}

}  // namespace

bool time_format(NativeContext& cx, Value* args, Value& result) {
  if (!args[0].is(Tag::Time)) {
    return cx.fail("TypeError",
                   fmt::format("time.format() takes a time as t, got {}", type_name(args[0])));
  }
  const int64_t ms = args[0].integer;
  std::string out;
  if (args[1].is_absent() || args[1].is_null()) {
    append_time(out, ms);
    return new_string(cx, "time.format()", out, result);
  }
  String* pattern;
  if (!want_string(cx, args[1], "time.format()", "pattern", pattern)) return false;
  const Calendar calendar = calendar_of(ms);
  const std::string_view text = pattern->view();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (++i == text.size() || !put_field(out, text[i], calendar, ms)) {
      return cx.fail(
          "ArgumentError",
          fmt::format(
              "time.format() knows %Y %m %d %H %M %S %L %y %e %j %a %A %b %B %p %I %F %T %s %z %Z "
              "and %%, got \"{}\"",
              text));
    }
    if (!cx.heap.fits(out.size())) return check_fits(cx, "time.format()", out.size());
  }
  return new_string(cx, "time.format()", out, result);
}

}  // namespace wakeful::native
