// CBOR and JSON against nlohmann::json as the oracle, and what both refuse.
#include "runtime/values/codec.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "runtime/values/utf8.h"

using namespace wakeful;
using Json = nlohmann::ordered_json;

namespace {

/// Random JSON values; every shape and width of CBOR heads comes up.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}
  Json value(int depth) {
    switch (pick(depth > 0 ? 9 : 7)) {
      case 0:
        return nullptr;
      case 1:
        return pick(2) == 0;
      case 2:
        return integer();
      case 3:
        return static_cast<double>(static_cast<float>(pick(1000)) / 8);
      case 4:
        return std::uniform_real_distribution<double>(-1e9, 1e9)(random_);
      case 5:
        return std::ldexp(1.0 + pick(1000) / 1000.0, static_cast<int>(pick(2000)) - 1000);
      case 6:
        return text();
      case 7:
        return list(depth);
      default:
        return map(depth);
    }
  }

 private:
  uint64_t pick(uint64_t n) { return random_() % n; }
  Json integer() {
    const uint64_t bits = random_() & (~uint64_t{0} >> pick(64));
    return static_cast<int64_t>(pick(2) ? bits : ~bits);
  }
  std::string text() {
    static const char* kPieces[] = {"a", "key", "\"", "\\", "\n", "\x01",
                                    "ü", "€",   "😀",  "/",  " ",  "\x7f"};
    std::string out;
    const size_t pieces = pick(pick(8) ? 6 : 300);
    for (size_t i = 0; i < pieces; ++i) out += kPieces[pick(std::size(kPieces))];
    if (pick(20) == 0) out += '\0';
    return out;
  }
  Json list(int depth) {
    Json out = Json::array();
    for (size_t i = pick(pick(10) ? 5 : 40); i > 0; --i) out.push_back(value(depth - 1));
    return out;
  }
  Json map(int depth) {
    Json out = Json::object();
    for (size_t i = pick(pick(10) ? 5 : 40); i > 0; --i) out[text()] = value(depth - 1);
    return out;
  }
  std::mt19937_64 random_;
};

Value parse(Heap& heap, std::string_view text) {
  Value v;
  std::string error;
  INFO(text);
  bool ok = from_json(heap, text, v, error);
  INFO(error);
  REQUIRE(ok);
  return v;
}

std::string refusal(std::string_view text) {
  Heap heap;
  Value v;
  std::string error;
  REQUIRE_FALSE(from_json(heap, text, v, error));
  return error;
}

std::string json(Value v, JsonOptions options = {}) {
  std::string out;
  auto error = to_json(v, out, options);
  INFO((error ? error->message : ""));
  REQUIRE_FALSE(error);
  return out;
}

std::string cbor(Value v) {
  std::string out;
  REQUIRE_FALSE(to_cbor(v, out));
  return out;
}

Value read_cbor(Heap& heap, std::string_view bytes) {
  Value v;
  std::string error;
  const bool ok = from_cbor(heap, bytes, v, error);
  INFO(error);
  REQUIRE(ok);
  return v;
}

std::string cbor_refusal(std::string_view bytes) {
  Heap heap;
  Value v;
  std::string error;
  REQUIRE_FALSE(from_cbor(heap, bytes, v, error));
  return error;
}

}  // namespace

TEST_CASE("JSON and CBOR agree with the oracle on random values") {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    Heap heap;
    const Json expected = Generator(seed).value(5);
    const std::string text = expected.dump(seed % 3 == 0 ? 2 : -1);
    INFO("seed " << seed << ": " << text);
    const Value v = parse(heap, text);
    REQUIRE(Json::parse(json(v)) == expected);
    const auto bytes = Json::to_cbor(expected);
    REQUIRE(cbor(v) == std::string(bytes.begin(), bytes.end()));
    const Value back = read_cbor(heap, cbor(v));
    REQUIRE(equals(back, v));
    REQUIRE(json(back) == json(v));
    REQUIRE(json(parse(heap, json(v, {.pretty = true}))) == json(v));
  }
}

TEST_CASE("pretty JSON is what the oracle prints with two spaces") {
  Heap heap;
  const char* text = R"({"a":[1,2,{"b":null}],"c":[],"d":{},"e":"x"})";
  CHECK(json(parse(heap, text), {.pretty = true}) == Json::parse(text).dump(2));
}

TEST_CASE("CBOR keeps the types that JSON does not have") {
  Heap heap;
  Map* map = make_map(heap);
  map_set(heap, map, "d", Value::duration(-5400000));
  map_set(heap, map, "t", Value::time(1795455660123));
  map_set(heap, map, "r", Value::of(make_range(heap, 10, 0, -3)));
  map_set(heap, map, "a", Value::absent());
  map_set(heap, map, "z", Value::of(-0.0));
  ErrorObject* cause = make_error(heap, "KeyError", "no key");
  ErrorObject* error = make_error(heap, "ChildFailed", "no stock");
  error->cause = Value::of(cause);
  error->workflow_id = string_value(heap, "order-1");
  List* stack = make_list(heap);
  list_push(heap, stack, string_value(heap, "Order at order.wf:1:2"));
  error->stack = Value::of(stack);
  map_set(heap, map, "e", Value::of(error));

  Value back = read_cbor(heap, cbor(Value::of(map)));
  Map* m = back.as<Map>();
  CHECK(map_find(m, "d")->is(Tag::Duration));
  CHECK(map_find(m, "d")->integer == -5400000);
  CHECK(map_find(m, "t")->is(Tag::Time));
  CHECK(map_find(m, "r")->as<Range>()->step == -3);
  CHECK(map_find(m, "a")->is_absent());
  CHECK(std::signbit(map_find(m, "z")->real));
  auto* e = map_find(m, "e")->as<ErrorObject>();
  CHECK(e->cause.as<ErrorObject>()->kind.string()->view() == "KeyError");
  CHECK(e->stack.list()->count == 1);
  CHECK(
      json(back) ==
      R"({"d":"-1h30m","t":"2026-11-23T17:41:00.123Z","r":[10,7,4,1],"a":null,"z":-0.0,)"
      R"("e":{"kind":"ChildFailed","message":"no stock","data":null,"cause":{"kind":"KeyError",)"
      R"("message":"no key","data":null,"cause":null,"workflow_id":null},"workflow_id":"order-1"}})");
}

TEST_CASE("CBOR of others: indefinite lengths, chunks, half floats, unknown tags") {
  Heap heap;
  CHECK(json(read_cbor(heap, std::string("\x9F\x01\x82\x02\x03\x9F\x04\xFF\xFF", 9))) ==
        "[1,[2,3],[4]]");
  CHECK(json(read_cbor(heap, std::string_view("\xBF\x61\x61\x01\x61\x62\xF9\x3E\x00\xFF", 10))) ==
        R"({"a":1,"b":1.5})");
  CHECK(json(read_cbor(heap, std::string_view("\x7F\x62\x61\x62\x61\x63\xFF", 7))) == "\"abc\"");
  CHECK(json(read_cbor(heap, std::string_view("\xC1\x18\x2A", 3))) == "42");
}

TEST_CASE("CBOR that is cut off or bent is refused, never misread") {
  Heap heap;
  const Value v =
      parse(heap, R"({"a":[1,-2,3.5,"text",null,true],"b":{"c":"ü"},"d":123456789012})");
  const std::string good = cbor(v);
  for (size_t n = 0; n < good.size(); ++n) cbor_refusal(good.substr(0, n));
  CHECK(cbor_refusal(good + "\xF6") ==
        "bytes behind the end of the value at byte " + std::to_string(good.size()));
  std::mt19937 random(7);
  for (int i = 0; i < 20000;
       ++i) {  // whatever it says, it must not read out of bounds (sanitizers)
    std::string bent = good;
    for (int k = random() % 3; k >= 0; --k)
      bent[random() % bent.size()] = static_cast<char>(random());
    Value out;
    std::string error;
    Heap own;
    if (from_cbor(own, bent, out, error)) json(out, {.lossy = true});
  }
  CHECK(cbor_refusal("\x61\xFF").starts_with("a text that is not UTF-8"));
  CHECK(cbor_refusal("\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
            .starts_with("the bytes end in the middle"));
  CHECK(cbor_refusal("\x41\x61").starts_with("a byte string"));
  CHECK(cbor_refusal("\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").starts_with("an int outside 64 bits"));
  CHECK(cbor_refusal(std::string_view("\xF9\x7C\x00", 3)).starts_with("NaN or an infinity"));
  CHECK(
      cbor_refusal(std::string_view("\xA1\x01\x02", 3)).starts_with("a key of a map must be text"));
  CHECK(cbor_refusal(std::string_view("\xD9\x0F\xA3\x83\x01\x02\x00", 7))
            .starts_with("a range must be three ints"));
}

TEST_CASE("nesting is bounded in both directions, without using the stack") {
  Heap heap;
  const std::string deepest = std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']');
  Value v = parse(heap, deepest);
  CHECK(json(v) == deepest);
  CHECK(equals(read_cbor(heap, cbor(v)), v));
  CHECK(refusal("[" + deepest + "]").find("1000 levels") != std::string::npos);
  CHECK(refusal(std::string(1'000'000, '[')).find("1000 levels") != std::string::npos);
  CHECK(cbor_refusal(std::string(1'000'000, '\x81')).find("1000 levels") != std::string::npos);

  List* self = make_list(heap);
  list_push(heap, self, Value::of(self));
  std::string out;
  CHECK(to_cbor(Value::of(self), out)->message.find("contains itself") != std::string::npos);
  CHECK(to_json(Value::of(self), out)->message.find("contains itself") != std::string::npos);
  list_push(heap, self, Value::of(self));  // 2^1000 paths
  CHECK(json(Value::of(self), {.lossy = true}).size() < 2 * kMaxBytes);
}

TEST_CASE("what cannot leave the run is named by its path") {
  Heap heap;
  Value v = parse(heap, R"({"items":[1,2,{"call back":0,"f":0}]})");
  Map* inner = map_find(v.map(), "items")->list()->begin()[2].map();
  map_set(heap, inner, "f", Value::callee(CalleeKind::Workflow, 0));
  std::string out;
  auto error = to_cbor(v, out);
  REQUIRE(error);
  CHECK(error->path == ".items[2].f");
  CHECK(error->message == "a function cannot leave the run");
  map_set(heap, inner, "call back", Value::of(std::numeric_limits<double>::quiet_NaN()));
  error = to_json(v, out = "");
  REQUIRE(error);
  CHECK(error->path == ".items[2][\"call back\"]");
  CHECK_THAT(json(v, {.lossy = true}),
             Catch::StartsWith(R"({"items":[1,2,{"call back":"nan","f":"<workflow>"}]})"));
  map_set(heap, inner, "call back", Value::of(make_handle(heap, Handle::Kind::Timer, 1)));
  CHECK(to_cbor(v, out = "")->message == "a handle cannot leave the run");
  error = to_json(Value::of(make_range(heap, 0, int64_t{1} << 60)), out = "");
  REQUIRE(error);
  CHECK(error->message == "takes more than 64 MB");
}

TEST_CASE("JSON errors name line, column, what was expected and what came") {
  CHECK(refusal("") == "line 1, column 1: expected a value, but the text ends here");
  CHECK(refusal("{\"a\": 1,\n  b}") ==
        "line 2, column 3: expected a key in double quotes, got `b`");
  CHECK(refusal("[1 2]") == "line 1, column 4: expected `,` or `]`, got `2`");
  CHECK(refusal("[1,]") == "line 1, column 4: expected another element behind `,`, got `]`");
  CHECK(refusal("{\"ü\" 1}") == "line 1, column 6: expected `:` behind the key, got `1`");
  CHECK(refusal("[1] x") == "line 1, column 5: expected the end of the text, got `x`");
  CHECK(refusal("\"abc") ==
        "line 1, column 5: expected `\"` at the end of the string, but the text ends here");
  CHECK(refusal("9223372036854775808").find("expected an int of 64 bits") != std::string::npos);
  CHECK(refusal("1e999").find("a float can hold") != std::string::npos);
  CHECK(refusal("nul").find("expected a value") != std::string::npos);
  CHECK(refusal("01").find("leading zeros") != std::string::npos);
  CHECK(refusal("\xC3\xA4").find("got `ä`") != std::string::npos);
}

TEST_CASE("hostile JSON is refused") {
  using namespace std::string_view_literals;
  for (std::string_view text : {"\"\xFF\""sv,
                                "\"\xC0\xAF\""sv,
                                "\"\xED\xA0\x80\""sv,
                                "\"\xF5\x80\x80\x80\""sv,
                                "\"a\0b\""sv,
                                "[1\0]"sv,
                                "\0"sv,
                                "\"\\ud800\""sv,
                                "\"\\udc00\""sv,
                                "\"\\ud800\\u0041\""sv,
                                "\"\\u12\""sv,
                                "\"\\x\""sv,
                                "\"\\"sv,
                                "-"sv,
                                "1."sv,
                                ".5"sv,
                                "1e"sv,
                                "+1"sv,
                                "0x1"sv,
                                "NaN"sv,
                                "Infinity"sv,
                                "{"sv,
                                "{\"a\""sv,
                                "{\"a\":"sv,
                                "{\"a\":1"sv,
                                "{\"a\":1,"sv,
                                "{\"a\":1,}"sv,
                                "["sv,
                                "[1"sv,
                                "[1,"sv,
                                "]"sv,
                                "tru"sv,
                                "'a'"sv,
                                "\"\n\""sv,
                                "/*x*/1"sv}) {
    INFO(text);
    refusal(text);
    CHECK_FALSE(Json::accept(text));
  }
  Heap heap;
  CHECK(json(parse(heap, R"("\u0000\ud83d\ude00\/")")) == "\"\\u0000😀/\"");
  CHECK(json(parse(heap, R"({"a":1,"b":2,"a":3})")) == R"({"a":3,"b":2})");
  CHECK(parse(heap, "1e-999").real == 0);
  CHECK(parse(heap, "-9223372036854775808").integer == INT64_MIN);
  CHECK(parse(heap, "1.0").is(Tag::Float));
  CHECK(parse(heap, "1e2").is(Tag::Float));
}

TEST_CASE("a value that would not fit the heap is refused, not allocated") {
  Heap small(1 << 16);
  Value v;
  std::string error;
  std::string many = "[1";
  for (int i = 0; i < 20'000; ++i) many += ",1";
  CHECK_FALSE(from_json(small, many + "]", v, error));
  CHECK(error.find("heap's limit") != std::string::npos);
  CHECK_FALSE(from_cbor(small, "\x99\x4E\x20" + std::string(20'000, '\x01'), v, error));
  CHECK(error.find("heap's limit") != std::string::npos);
}

TEST_CASE("UTF-8 is repaired byte by byte") {
  CHECK(repair_utf8("a\xFF"
                    "b\xC3") == "a\uFFFDb\uFFFD");
  CHECK(repair_utf8("ü😀") == "ü😀");
  CHECK(valid_utf8_prefix("abcdefgh\xE2\x82") == 8);
}
