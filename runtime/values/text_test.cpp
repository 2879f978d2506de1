#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "runtime/values/heap.h"
#include "lang/base/numbers.h"

using namespace wakeful;

namespace {
std::string text(Value v) {
  std::string out;
  append_text(out, v);
  return out;
}
std::string duration(int64_t ms) { return text(Value::duration(ms)); }
std::string moment(int64_t ms) { return text(Value::time(ms)); }
std::string real(double d) { return text(Value::of(d)); }
Value of(int64_t i) { return Value::of(i); }
}  // namespace

TEST_CASE("durations are printed from the largest unit, zero parts left out") {
  CHECK(duration(90'000'000) == "1d1h");
  CHECK(duration(90'000) == "1m30s");
  CHECK(duration(1'500) == "1s500ms");
  CHECK(duration(0) == "0s");
  CHECK(duration(-300'000) == "-5m");
  CHECK(duration(std::numeric_limits<int64_t>::min()) == "-106751991167d7h12m55s808ms");
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(moment(0) == "1970-01-01T00:00:00Z");
  CHECK(moment(1) == "1970-01-01T00:00:00.001Z");
  CHECK(moment(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(moment(1'582'934'400'000) == "2020-02-29T00:00:00Z");
  CHECK(moment(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("floats read back as the same double and always look like floats") {
  CHECK(real(1.0) == "1.0");
  CHECK(real(-0.0) == "-0.0");
  CHECK(real(100'000.0) == "100000.0");
  CHECK(real(0.1) == "0.1");
  CHECK(real(1e15) == "1000000000000000.0");
  CHECK(real(1e16) == "1e+16");
  CHECK(real(1e-5) == "1e-05");
  CHECK(real(0.0001) == "0.0001");
  CHECK(real(1.0 / 3) == "0.3333333333333333");
  CHECK(real(NAN) == "nan");
  CHECK(real(-INFINITY) == "-inf");
  for (double d : {5e-324, 1.7976931348623157e308, 123456.789, 2.5e-7, 9007199254740993.0}) {
    CHECK(std::strtod(real(d).c_str(), nullptr) == d);
  }
}

TEST_CASE("a string shows as it is, inside a list as JSON") {
  Heap heap;
  const Value s = string_value(heap, "say \"hi\"\n\x01 é");
  CHECK(text(s) == "say \"hi\"\n\x01 é");
  List* list = make_list(heap);
  list_push(heap, list, s);
  list_push(heap, list, Value::null());
  list_push(heap, list, Value::of(true));
  list_push(heap, list, Value::of(1.0));
  list_push(heap, list, Value::duration(5'400'000));
  list_push(heap, list, Value::of(make_range(heap, 0, 3)));
  list_push(heap, list, Value::of(make_closure(heap, 0, 0)));
  CHECK(text(Value::of(list)) ==
        "[\"say \\\"hi\\\"\\n\\u0001 é\",null,true,1.0,\"1h30m\",[0,1,2],\"<fn>\"]");
}

TEST_CASE("an error shows as Kind: message, inside a map with its fields") {
  Heap heap;
  const Value error = Value::of(make_error(heap, "KeyError", "no key"));
  CHECK(text(error) == "KeyError: no key");
  Map* map = make_map(heap);
  map_set(heap, map, "e", error);
  CHECK(text(Value::of(map)) ==
        "{\"e\":{\"kind\":\"KeyError\",\"message\":\"no key\",\"data\":null,\"cause\":null,"
        "\"workflow_id\":null}}");
}

TEST_CASE("cycles and deep nesting end") {
  Heap heap;
  List* list = make_list(heap);
  list_push(heap, list, Value::of(list));
  list_push(heap, list, Value::of(list));
  CHECK(text(Value::of(list)) == "[\"…\",\"…\"]");
  Value deep = Value::null();
  for (int i = 0; i < 100'000; ++i) {
    List* outer = make_list(heap, 1);
    list_push(heap, outer, deep);
    deep = Value::of(outer);
  }
  CHECK(text(deep).size() < 2100);
}

TEST_CASE("equality is deep, and by value between int and float") {
  Heap heap;
  CHECK(equals(of(1), Value::of(1.0)));
  CHECK_FALSE(equals(of(9007199254740993), Value::of(9007199254740992.0)));
  CHECK_FALSE(equals(Value::of(NAN), Value::of(NAN)));
  CHECK_FALSE(equals(of(1), Value::of(true)));
  CHECK_FALSE(equals(of(1000), Value::duration(1000)));
  CHECK_FALSE(equals(Value::time(1000), Value::duration(1000)));
  CHECK(equals(string_value(heap, "a"), string_value(heap, "a")));
  Map* a = make_map(heap);
  Map* b = make_map(heap);
  map_set(heap, a, "x", of(1));
  map_set(heap, a, "y", string_value(heap, "s"));
  map_set(heap, b, "y", string_value(heap, "s"));
  map_set(heap, b, "x", Value::of(1.0));
  CHECK(equals(Value::of(a), Value::of(b)));
  map_set(heap, b, "z", Value::null());
  CHECK_FALSE(equals(Value::of(a), Value::of(b)));
  CHECK_FALSE(equals(Value::of(make_closure(heap, 1, 0)), Value::of(make_closure(heap, 1, 0))));
}

TEST_CASE("a range equals the list of its elements") {
  Heap heap;
  List* list = make_list(heap);
  for (int64_t i = 0; i < 3; ++i) list_push(heap, list, of(i));
  CHECK(equals(Value::of(make_range(heap, 0, 3)), Value::of(list)));
  CHECK(equals(Value::of(list), Value::of(make_range(heap, 0, 3))));
  CHECK_FALSE(equals(Value::of(make_range(heap, 0, 4)), Value::of(list)));
  CHECK_FALSE(equals(Value::of(make_range(heap, 1, 4)), Value::of(list)));
  CHECK(equals(Value::of(make_range(heap, 0, 5, 2)), Value::of(make_range(heap, 0, 6, 2))));
  CHECK(equals(Value::of(make_range(heap, 5, 5)), Value::of(make_range(heap, 9, 3))));
}

TEST_CASE("cyclic values compare as graphs, without end or recursion") {
  Heap heap;
  auto cyclic = [&](int64_t last) {
    List* list = make_list(heap);
    list_push(heap, list, Value::of(list));
    list_push(heap, list, Value::of(list));
    list_push(heap, list, of(last));
    return Value::of(list);
  };
  CHECK(equals(cyclic(1), cyclic(1)));
  CHECK_FALSE(equals(cyclic(1), cyclic(2)));
  auto deep = [&](int64_t core) {
    Value value = of(core);
    for (int i = 0; i < 200'000; ++i) {
      List* outer = make_list(heap, 1);
      list_push(heap, outer, value);
      value = Value::of(outer);
    }
    return value;
  };
  CHECK(equals(deep(1), deep(1)));
  CHECK_FALSE(equals(deep(1), deep(2)));
}

TEST_CASE("ints and floats are ordered exactly") {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  CHECK(compare_int_float(kMax, kTwoTo63) == -1);
  CHECK(compare_int_float(std::numeric_limits<int64_t>::min(), -kTwoTo63) == 0);
  CHECK(compare_int_float(2, 2.5) == -1);
  CHECK(compare_int_float(-2, -2.5) == 1);
  CHECK(compare_int_float(3, 2.5) == 1);
  CHECK(compare_int_float(0, NAN) == 2);
  CHECK(compare_int_float(0, INFINITY) == -1);
}

TEST_CASE("strings count code points") {
  Heap heap;
  const String* s = make_string(heap, "añ😀");
  CHECK(s->length == 3);
  CHECK(s->bytes == 7);
  CHECK_FALSE(s->ascii());
  CHECK(make_string(heap, "")->length == 0);
  CHECK(make_string(heap, "")->hash() != 0);
  const std::string long_text(1000, 'x');
  CHECK(make_string(heap, long_text)->hash() == hash_text(long_text));
}

TEST_CASE("ranges count without overflow") {
  Heap heap;
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  CHECK(make_range(heap, kMin, kMax)->count() == kMax);
  CHECK(make_range(heap, 0, 10, 3)->count() == 4);
  CHECK(make_range(heap, 10, 0, -3)->count() == 4);
  CHECK(make_range(heap, 3, 1)->count() == 0);
  CHECK(make_range(heap, kMax, kMin, kMin)->count() == 2);
}
