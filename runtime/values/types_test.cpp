// Annotations checked at run time; texts of durations and times.
#include <catch2/catch.hpp>

#include "runtime/values/codec.h"

using namespace wakeful;
using Kind = TypeDesc::Kind;

namespace {

TypeDesc type(Kind kind, bool optional = false, std::vector<TypeDesc> args = {}) {
  return {kind, optional, std::move(args), {}};
}

std::string check(const TypeDesc& t, std::string_view json, bool from_json = true) {
  Heap heap;
  Value v;
  std::string error;
  REQUIRE(wakeful::from_json(heap, json, v, error));
  auto mismatch = check_type(heap, v, t, from_json);
  return mismatch ? mismatch->path + ": " + mismatch->message : "ok";
}

int64_t duration(std::string_view text) {
  int64_t ms = -1;
  return parse_duration(text, ms) ? ms : INT64_MIN;
}
int64_t time(std::string_view text) {
  int64_t ms = -1;
  return parse_time(text, ms) ? ms : INT64_MIN;
}

}  // namespace

TEST_CASE("scalars fit their types") {
  CHECK(check(type(Kind::Int), "1") == "ok");
  CHECK(check(type(Kind::Int), "1.0") == ": expected int, got float");
  CHECK(check(type(Kind::Float), "1") == "ok");
  CHECK(check(type(Kind::Number), "true") == ": expected number, got bool");
  CHECK(check(type(Kind::String, true), "null") == "ok");
  CHECK(check(type(Kind::String), "null") == ": expected string, got null");
  CHECK(check(type(Kind::Any), "null") == "ok");
  CHECK(check(type(Kind::Bool, true), "\"yes\"") == ": expected bool?, got string \"yes\"");
}

TEST_CASE("elements and fields are checked, with the path to the first that does not fit") {
  TypeDesc record{Kind::Record, false, {type(Kind::String), type(Kind::Int, true)}, {"id", "qty"}};
  TypeDesc list = type(Kind::List, false, {record});
  CHECK(type_text(list) == "list<{id: string, qty: int?}>");
  CHECK(check(list, R"([{"id":"a","qty":1,"more":true},{"id":"b"},{"id":"c","qty":null}])") ==
        "ok");
  CHECK(check(list, R"([{"id":"a"},{"qty":2}])") == "[1].id: expected string, but it is missing");
  CHECK(check(list, R"([{"id":"a","qty":"x"}])") == "[0].qty: expected int?, got string \"x\"");
  CHECK(check(type(Kind::Map, false, {list}), R"({"a b":[{"id":1}]})") ==
        "[\"a b\"][0].id: expected string, got int");
  CHECK(check(list, "{}") == ": expected list<{id: string, qty: int?}>, got map");
}

TEST_CASE("durations and times are read back from JSON only") {
  TypeDesc list = type(Kind::List, false, {type(Kind::Duration)});
  Heap heap;
  Value v;
  std::string error;
  REQUIRE(from_json(heap, R"(["1h30m"])", v, error));
  CHECK_FALSE(check_type(heap, v, list, true));
  CHECK(v.list()->begin()[0].is(Tag::Duration));
  CHECK(check(list, R"(["1h30m"])", false).find("got string \"1h30m\"") != std::string::npos);
  CHECK(check(type(Kind::Time), R"("soon")").find("2026-11-23T17:41:00Z") != std::string::npos);
}

TEST_CASE("a range counts as a list of ints") {
  Heap heap;
  Value v = Value::of(make_range(heap, 0, 3));
  CHECK_FALSE(check_type(heap, v, type(Kind::List, false, {type(Kind::Int)}), false));
  CHECK(check_type(heap, v, type(Kind::List, false, {type(Kind::String)}), false)->path == "[0]");
}

TEST_CASE("durations: falling units, each once, a fraction in the last only") {
  CHECK(duration("250ms") == 250);
  CHECK(duration("1.5s") == 1500);
  CHECK(duration("1h30m") == 5400000);
  CHECK(duration("1d1h") == 90000000);
  CHECK(duration("-5m") == -300000);
  CHECK(duration("0s") == 0);
  CHECK(duration("1m0.25s") == 60250);
  for (const char* bad :
       {"", "-", "1", "1x", "1m1h", "1s1s", "1.5h30m", "1.s", ".5s", "1 s", "9999999999999d"}) {
    INFO(bad);
    CHECK(duration(bad) == INT64_MIN);
  }
  for (int64_t ms :
       {int64_t{0}, int64_t{1}, int64_t{86'400'001}, int64_t{5'400'000}, int64_t{-61'500}}) {
    std::string text;
    append_duration(text, ms);
    CHECK(duration(text) == ms);
  }
}

TEST_CASE("times: RFC 3339 with any offset") {
  CHECK(time("1970-01-01T00:00:00Z") == 0);
  CHECK(time("2026-11-23T17:41:00Z") == 1795455660000);
  CHECK(time("2026-11-23T18:41:00.1239+01:00") == 1795455660123);
  CHECK(time("2024-02-29t00:00:00z") == 1709164800000);
  CHECK(time("0000-03-01T00:00:00Z") < 0);
  for (const char* bad :
       {"2026-11-23", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T17:41:00", "2026-11-23T17:41:00Zx", "2026-11-23T17:41:00.Z", "nonsense"}) {
    INFO(bad);
    CHECK(time(bad) == INT64_MIN);
  }
  for (int64_t ms : {int64_t{0}, int64_t{-1}, int64_t{1795455660123}, int64_t{951782400000}}) {
    std::string text;
    append_time(text, ms);
    CHECK(time(text) == ms);
  }
}
