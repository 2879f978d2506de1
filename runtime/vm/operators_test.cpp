#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "runtime/vm/native.h"

using namespace wakeful;

namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

/// A heap, and operators whose results are text: "3", or "TypeError: …".
struct Fixture {
  Heap heap;

  std::string shown(bool ok, NativeContext& cx, Value result) {
    std::string out;
    append_text(out, ok ? result : cx.error);
    return out;
  }
  using Binary = bool (*)(NativeContext&, Value, Value, Value&);
  std::string apply(Binary op, Value a, Value b) {
    NativeContext cx{heap, {}};
    Value result;
    const bool ok = op(cx, a, b, result);
    return shown(ok, cx, result);
  }
  using Question = bool (*)(NativeContext&, Value, Value, bool&);
  std::string ask(Question op, Value a, Value b) {
    NativeContext cx{heap, {}};
    bool result = false;
    const bool ok = op(cx, a, b, result);
    return shown(ok, cx, Value::of(result));
  }
  std::string member(Value object, const char* name) {
    NativeContext cx{heap, {}};
    Value result;
    const bool ok = op_get_member(cx, object, make_string(heap, name), nullptr, false, result);
    return shown(ok, cx, result);
  }
  std::string slice(Value object, Value from, Value to) {
    NativeContext cx{heap, {}};
    Value result;
    const bool ok = op_slice(cx, object, from, to, result);
    return shown(ok, cx, result);
  }
  std::string set(Value object, Value index, Value value) {
    NativeContext cx{heap, {}};
    const bool ok = op_set_index(cx, object, index, value);
    return shown(ok, cx, object);
  }
  Value text(const char* s) { return string_value(heap, s); }
  Value list(std::initializer_list<int64_t> items) {
    List* list = make_list(heap);
    for (int64_t i : items) list_push(heap, list, Value::of(i));
    return Value::of(list);
  }
  Value map(std::initializer_list<std::pair<const char*, int64_t>> items) {
    Map* map = make_map(heap);
    for (auto& [key, value] : items) map_set(heap, map, key, Value::of(value));
    return Value::of(map);
  }
  Value range(int64_t a, int64_t b) { return Value::of(make_range(heap, a, b)); }
};

Value i(int64_t n) { return Value::of(n); }
Value f(double d) { return Value::of(d); }
Value d(int64_t ms) { return Value::duration(ms); }
Value t(int64_t ms) { return Value::time(ms); }

}  // namespace

TEST_CASE_METHOD(Fixture, "ints overflow into ArithmeticError") {
  CHECK(apply(op_add, i(2), i(3)) == "5");
  CHECK(apply(op_add, i(kMax), i(1)) ==
        "ArithmeticError: 9223372036854775807 + 1 is outside the range of 64-bit ints");
  CHECK(apply(op_sub, i(kMin), i(1)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_mul, i(kMin), i(-1)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_floor_div, i(kMin), i(-1)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_mod, i(kMin), i(-1)) == "0");
  NativeContext cx{heap, {}};
  Value result;
  CHECK_FALSE(op_negate(cx, i(kMin), result));
}

TEST_CASE_METHOD(Fixture, "division: / gives floats, // floors, % takes the divisor's sign") {
  CHECK(apply(op_div, i(6), i(3)) == "2.0");
  CHECK(apply(op_div, i(1), i(0)) == "ArithmeticError: division by zero with `/`");
  CHECK(apply(op_div, f(1), i(0)) == "inf");
  CHECK(apply(op_floor_div, i(7), i(2)) == "3");
  CHECK(apply(op_floor_div, i(-7), i(2)) == "-4");
  CHECK(apply(op_floor_div, i(7), i(-2)) == "-4");
  CHECK(apply(op_floor_div, f(-7.5), i(2)) == "-4.0");
  CHECK(apply(op_floor_div, i(1), i(0)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_mod, i(7), i(3)) == "1");
  CHECK(apply(op_mod, i(-7), i(3)) == "2");
  CHECK(apply(op_mod, i(7), i(-3)) == "-2");
  CHECK(apply(op_mod, f(-7.5), i(3)) == "1.5");
  CHECK(apply(op_mod, i(1), i(0)).find("ArithmeticError: ") == 0);
}

TEST_CASE_METHOD(Fixture, "ints and floats mix") {
  CHECK(apply(op_add, i(1), f(0.5)) == "1.5");
  CHECK(apply(op_mul, f(0.5), i(4)) == "2.0");
  CHECK(ask(op_less, i(1), f(1.5)) == "true");
  CHECK(ask(op_less_equal, f(1.0), i(1)) == "true");
  CHECK(ask(op_less, i(kMax), f(9223372036854775807.0)) == "true");
  CHECK(ask(op_less_equal, f(NAN), f(NAN)) == "false");
}

TEST_CASE_METHOD(Fixture, "durations and times") {
  CHECK(apply(op_add, d(60'000), d(30'000)) == "1m30s");
  CHECK(apply(op_add, t(0), d(1'000)) == "1970-01-01T00:00:01Z");
  CHECK(apply(op_add, d(1'000), t(0)) == "1970-01-01T00:00:01Z");
  CHECK(apply(op_sub, t(5'000), t(2'000)) == "3s");
  CHECK(apply(op_sub, t(5'000), d(2'000)) == "1970-01-01T00:00:03Z");
  CHECK(apply(op_sub, d(1'000), d(2'000)) == "-1s");
  CHECK(apply(op_mul, d(1'000), i(3)) == "3s");
  CHECK(apply(op_mul, f(1.5), d(1'000)) == "1s500ms");
  CHECK(apply(op_mul, d(3), f(0.5)) == "2ms");
  CHECK(apply(op_div, d(1'000), i(3)) == "333ms");
  CHECK(apply(op_div, d(5), i(2)) == "3ms");
  CHECK(apply(op_div, d(-5), i(2)) == "-3ms");
  CHECK(apply(op_div, d(1'000), f(0.5)) == "2s");
  CHECK(apply(op_div, d(90'000), d(60'000)) == "1.5");
  CHECK(apply(op_div, d(1), i(0)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_mul, d(kMax), i(2)).find("ArithmeticError: ") == 0);
  CHECK(apply(op_mul, d(1), f(NAN)).find("ArithmeticError: ") == 0);
  CHECK(ask(op_less, d(1), d(2)) == "true");
  CHECK(ask(op_less, t(2), t(1)) == "false");
  CHECK(apply(op_add, t(0), t(0)).find("TypeError: ") == 0);
  CHECK(apply(op_sub, d(0), t(0)).find("TypeError: ") == 0);
  CHECK(apply(op_add, d(1'000), i(1)).find("TypeError: ") == 0);
  CHECK(ask(op_less, d(1), i(2)) ==
        "TypeError: `<` takes two numbers, strings, durations or times, got a duration and an int");
}

TEST_CASE_METHOD(Fixture, "+ joins strings and lists; a mix names the remedy") {
  CHECK(apply(op_add, text("a"), text("é")) == "aé");
  CHECK(apply(op_add, list({1}), list({2, 3})) == "[1,2,3]");
  CHECK(apply(op_add, list({1}), range(2, 4)) == "[1,2,3]");
  CHECK(apply(op_add, text("a"), i(1)) ==
        "TypeError: `+` takes two numbers, strings, lists or durations, or a time and a duration, "
        "got a "
        "string and an int; to put a value into a string use \"${x}\"");
  CHECK(apply(op_add, list({}), i(1)).find("use `[...xs, x]` or `xs.push(x)`") !=
        std::string::npos);
  CHECK(apply(op_add, Value::null(), i(1)).find("got null and an int") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "in") {
  CHECK(ask(op_in, f(2.0), list({1, 2})) == "true");
  CHECK(ask(op_in, i(3), list({1, 2})) == "false");
  CHECK(ask(op_in, text("a"), map({{"a", 1}})) == "true");
  CHECK(ask(op_in, text("bc"), text("abcd")) == "true");
  CHECK(ask(op_in, i(3), range(0, 3)) == "false");
  CHECK(ask(op_in, f(2.0), range(0, 3)) == "true");
  CHECK(ask(op_in, i(4), Value::of(make_range(heap, 10, 0, -3))) == "true");
  CHECK(ask(op_in, i(5), Value::of(make_range(heap, 10, 0, -3))) == "false");
  CHECK(ask(op_in, i(1), map({})).find("TypeError: ") == 0);
  CHECK(ask(op_in, i(1), i(1)).find("TypeError: ") == 0);
}

TEST_CASE_METHOD(Fixture, "indexes count code points, from both ends") {
  CHECK(apply(op_get_index, list({1, 2, 3}), i(-1)) == "3");
  CHECK(apply(op_get_index, list({1, 2, 3}), i(3)) ==
        "IndexError: index 3 is outside of a list of 3 elements (0 to 2, or -3 to -1)");
  CHECK(apply(op_get_index, list({}), i(0)) ==
        "IndexError: index 0 is outside of a list of 0 elements");
  CHECK(apply(op_get_index, list({1}), i(kMin)).find("IndexError: ") == 0);
  CHECK(apply(op_get_index, text("añ😀z"), i(2)) == "😀");
  CHECK(apply(op_get_index, text("añ😀z"), i(-1)) == "z");
  CHECK(apply(op_get_index, range(5, 10), i(-1)) == "9");
  CHECK(apply(op_get_index, map({{"a", 7}}), text("a")) == "7");
  CHECK(apply(op_get_index, list({1}), text("a")) ==
        "TypeError: an index of a list must be an int, got a string");
  CHECK(apply(op_get_index, map({}), i(0)).find("TypeError: ") == 0);
  CHECK(apply(op_get_index, Value::null(), i(0)).find("TypeError: null has no elements") == 0);
}

TEST_CASE_METHOD(Fixture, "a missing key names the nearest one, or the method") {
  CHECK(member(map({{"price", 1}}), "prise") ==
        "KeyError: no key \"prise\" in the map; did you mean \"price\"?");
  CHECK(member(map({{"a", 1}}), "keys") ==
        "KeyError: no key \"keys\" in the map; to call the method write `.keys()`");
  CHECK(member(map({{"a", 1}, {"b", 1}}), "something") ==
        "KeyError: no key \"something\" in the map; it has a, b");
  CHECK(member(Value::null(), "x") ==
        "TypeError: null has no `.x`; use `?.x` where it may be null");
  CHECK(member(text("s"), "len") ==
        "TypeError: a string has no members; to call a method write `.len(…)`");
}

TEST_CASE_METHOD(Fixture, "members of errors and handles") {
  ErrorObject* error = make_error(heap, "OutOfStock", "no apples");
  CHECK(member(Value::of(error), "kind") == "OutOfStock");
  CHECK(member(Value::of(error), "cause") == "null");
  CHECK(member(Value::of(error), "nope").find("KeyError: ") == 0);
  Handle* handle = make_handle(heap, Handle::Kind::Child, 1);
  handle->id = text("item-1");
  CHECK(member(Value::of(handle), "id") == "item-1");
  CHECK(member(Value::of(handle), "done") == "false");
  CHECK(member(Value::of(handle), "total").find("`gather h`") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "slices are cut to the ends") {
  const Value open = Value::absent();
  CHECK(slice(list({1, 2, 3}), i(1), open) == "[2,3]");
  CHECK(slice(list({1, 2, 3}), open, i(-1)) == "[1,2]");
  CHECK(slice(list({1, 2, 3}), i(-100), i(100)) == "[1,2,3]");
  CHECK(slice(list({1, 2, 3}), i(2), i(1)) == "[]");
  CHECK(slice(text("añ😀z"), i(1), i(3)) == "ñ😀");
  CHECK(slice(range(0, 10), i(2), i(4)) == "[2,3]");
  CHECK(slice(range(0, 10), i(8), open) == "[8,9]");
  CHECK(slice(range(0, 10), i(10), open) == "[]");
  CHECK(slice(map({}), i(0), open).find("TypeError: ") == 0);
  CHECK(slice(list({1}), text("a"), open).find("TypeError: ") == 0);
}

TEST_CASE_METHOD(Fixture, "assignment to elements; constants stay") {
  CHECK(set(list({1, 2}), i(-1), i(9)) == "[1,9]");
  CHECK(set(list({1, 2}), i(2), i(9)).find("IndexError: ") == 0);
  CHECK(set(map({}), text("k"), i(9)) == "{\"k\":9}");
  CHECK(set(text("abc"), i(0), text("x")).find("TypeError: ") == 0);
  const Value frozen = list({1});
  frozen.object->flags |= Object::kFrozen;
  CHECK(set(frozen, i(0), i(2)) ==
        "TypeError: this list is a constant and cannot be changed; `copy()` gives one that can");
  List* watched = list({1}).list();
  const uint64_t before = watched->version;
  set(Value::of(watched), i(0), i(2));
  CHECK(watched->version > before);
}

TEST_CASE("strings beyond the heap limit are refused") {
  Heap heap(1000);
  NativeContext cx{heap, {}};
  const Value s = string_value(heap, std::string(600, 'x'));
  Value result;
  CHECK_FALSE(op_add(cx, s, s, result));
  CHECK(cx.error.as<ErrorObject>()->kind.string()->view() == "ResourceExhausted");
}
