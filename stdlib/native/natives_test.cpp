// Natives, each by its name in the language: arguments and results as JSON.
#include <catch2/catch.hpp>

#include "runtime/values/codec.h"
#include "runtime/vm/native.h"
#include "stdlib/builtins.h"

using namespace wakeful;

namespace {

struct Caller {
  Heap heap;

  explicit Caller(size_t limit = Heap::kDefaultLimit) : heap(limit) {}

  static const Builtin& builtin(std::string_view name) {
    for (const Builtin& b : builtins()) {
      if (b.qualified() == name) return b;
    }
    FAIL("no builtin " << name);
    return builtins()[0];
  }

  Value value(std::string_view json) {
    Value v;
    std::string error;
    INFO(json);
    REQUIRE(from_json(heap, json, v, error));
    return v;
  }

  std::string call(std::string_view name, std::vector<Value> args) {
    const Builtin& b = builtin(name);
    args.resize(b.params.size() + 1, Value::absent());  // a method's receiver, then the parameters
    NativeContext cx{heap, {}};
    Value result;
    if (!native_of(b.number)(cx, args.data(), result)) {
      const auto* error = cx.error.as<ErrorObject>();
      return std::string(error->kind.string()->view()) + ": " +
             std::string(error->message.string()->view());
    }
    last = result;
    std::string out;
    if (result.is(Tag::Absent)) return "absent";
    to_json(result, out, {.lossy = true});
    return out;
  }
  Value last;
};

/// `call("string.split", R"("a,b")", R"(",")")`
template <class... Json>
std::string call(std::string_view name, Json... args) {
  Caller caller;
  return caller.call(name, {caller.value(args)...});
}

bool starts(const std::string& text, std::string_view with) {
  INFO(text);
  return text.starts_with(with);
}

}  // namespace

TEST_CASE("every pure row has a native, every prelude row its function") {
  for (const Builtin& b : builtins()) {
    INFO(b.qualified());
    if (b.kind == Builtin::Kind::Pure) CHECK(native_of(b.number) != nullptr);
    if (b.kind == Builtin::Kind::Prelude) {
      CHECK(prelude_source().find("fn " + std::string(b.symbol) + "(") != std::string_view::npos);
    }
    CHECK(std::string(b.doc).size() > 3);
  }
}

TEST_CASE("strings: parts and search count code points") {
  CHECK(call("string.len", R"("aü😀")") == "3");
  CHECK(call("string.upper", R"("straße éñ žω я ÿ")") == R"("STRASSE ÉÑ ŽΩ Я Ÿ")");
  CHECK(call("string.lower", R"("ÀÉ ŽΩ Я ŸABC")") == R"("àé žω я ÿabc")");
  CHECK(call("string.trim", "\"\\t a b\u00a0\u3000\\n\"") == R"("a b")");
  CHECK(call("string.trim", R"("   ")") == R"("")");
  CHECK(call("string.split", R"("a,b,,c")", R"(",")") == R"(["a","b","","c"])");
  CHECK(call("string.split", R"("")", R"(",")") == R"([""])");
  CHECK(call("string.split", R"("  a  b\tc ")") == R"(["a","b","c"])");
  CHECK(call("string.split", R"("aüa")", R"("")") == R"(["a","ü","a"])");
  CHECK(call("string.chars", R"("aüa")") == R"(["a","ü","a"])");
  CHECK(call("string.lines", R"("a\r\nb\n\nc\n")") == R"(["a","b","","c"])");
  CHECK(call("string.lines", R"("")") == "[]");
  CHECK(call("string.find", R"("üxy")", R"("y")") == "2");
  CHECK(call("string.find", R"("abc")", R"("z")") == "-1");
  CHECK(call("string.contains", R"("abc")", R"("bc")") == "true");
  CHECK(call("string.starts_with", R"("abc")", R"("ab")") == "true");
  CHECK(call("string.ends_with", R"("abc")", R"("ab")") == "false");
  CHECK(call("string.replace", R"("a.b.c")", R"(".")", R"("--")") == R"("a--b--c")");
  CHECK(starts(call("string.replace", R"("a")", R"("")", R"("x")"), "ArgumentError: replace()"));
  CHECK(starts(call("string.split", R"("a")", "1"),
               "TypeError: split() takes a string as sep, got int"));
}

TEST_CASE("strings: repeat, pad, join") {
  CHECK(call("string.repeat", R"("aü")", "3") == R"("aüaüaü")");
  CHECK(call("string.repeat", R"("")", "1000000000000") == R"("")");
  CHECK(starts(call("string.repeat", R"("a")", "-1"), "ArgumentError"));
  CHECK(starts(call("string.repeat", R"("ab")", "9223372036854775807"), "ResourceExhausted"));
  CHECK(call("string.pad_left", R"("7")", "3", R"("0")") == R"("007")");
  CHECK(call("string.pad_right", R"("ü")", "4", R"("ab")") == R"("üaba")");
  CHECK(call("string.pad_left", R"("abc")", "2") == R"("abc")");
  CHECK(call("string.pad_left", R"("abc")", "-2") == R"("abc")");
  CHECK(starts(call("string.pad_left", R"("a")", "9000000000000000000", R"("xy")"),
               "ResourceExhausted"));
  CHECK(call("string.join", R"(", ")", R"(["a", 1, 2.0])") == R"("a, 1, 2.0")");
  CHECK(call("list.join", R"(["a","b"])", R"("-")") == R"("a-b")");
  CHECK(call("list.join", "[]", R"("-")") == R"("")");
  CHECK(starts(call("list.join", R"(["a",null])", R"("-")"),
               "TypeError: join() takes strings and numbers, but element 1"));
}

TEST_CASE("matches gives the groups, and bad patterns an ArgumentError") {
  CHECK(call("string.matches", R"("order-42!")", R"("([a-z]+)-(\\d+)(x)?")") ==
        R"(["order-42","order","42",null])");
  CHECK(call("string.matches", R"("abc")", R"("^z")") == "null");
  CHECK(call("string.matches", R"("")", R"("")") == R"([""])");
  CHECK(starts(call("string.matches", R"("a")", R"("(")"),
               "ArgumentError: matches() takes a regular expression"));
  CHECK(call("string.matches", "\"" + std::string(5000, 'a') + "\"", R"("(a*)*b")") == "null");
}

TEST_CASE("lists change in place only by push, pop, insert, remove") {
  Caller c;
  Value xs = c.value("[1,2,3]");
  CHECK(c.call("list.push", {xs, c.value("4")}) == "null");
  CHECK(c.call("list.push", {xs, c.value("5"), c.value("[6,7]")}) == "null");
  CHECK(c.call("list.copy", {xs}) == "[1,2,3,4,5,6,7]");
  CHECK(c.call("list.pop", {xs}) == "7");
  CHECK(c.call("list.insert", {xs, c.value("0"), c.value("9")}) == "null");
  CHECK(c.call("list.insert", {xs, c.value("-1"), c.value("8")}) == "null");
  CHECK(c.call("list.insert", {xs, c.value("8"), c.value("10")}) == "null");
  CHECK(c.call("list.copy", {xs}) == "[9,1,2,3,4,5,8,6,10]");
  CHECK(c.call("list.remove", {xs, c.value("-1")}) == "10");
  CHECK(c.call("list.remove", {xs, c.value("0")}) == "9");
  CHECK(starts(c.call("list.remove", {xs, c.value("7")}),
               "IndexError: remove(): there is no index 7 in a list of 7"));
  CHECK(c.call("list.pop", {c.value("[]")}) == "IndexError: pop() of an empty list");
  xs.list()->flags |= Object::kFrozen;
  CHECK(starts(c.call("list.push", {xs, c.value("4")}),
               "TypeError: push() cannot change a constant list"));
  CHECK(starts(c.call("list.push", {Value::of(make_range(c.heap, 0, 3)), c.value("4")}),
               "TypeError: push() changes a list"));
}

TEST_CASE("the version of a list grows with what moves or removes elements") {
  Caller c;
  Value xs = c.value("[1,2]");
  c.call("list.push", {xs, c.value("4")});
  CHECK(xs.list()->version == 0);
  c.call("list.insert", {xs, c.value("0"), c.value("4")});
  CHECK(xs.list()->version == 1);
  c.call("list.pop", {xs});
  CHECK(xs.list()->version == 2);
  c.call("list.remove", {xs, c.value("0")});
  CHECK(xs.list()->version == 3);
}

TEST_CASE("lists: order, sums, extremes") {
  CHECK(call("__sorted", "[3,1.5,2,-1]") == "[-1,1.5,2,3]");
  CHECK(call("__sorted", R"(["b","a","ü","B",""])") == R"(["","B","a","b","ü"])");
  CHECK(call("__sorted", "[1, 1.0, 0]") == "[0,1,1.0]");
  CHECK(call("__sorted", "[9007199254740993, 9007199254740992.0, 9007199254740991]") ==
        "[9007199254740991,9007199254740992.0,9007199254740993]");
  CHECK(starts(call("__sorted", R"([1,"a"])"), "TypeError: sort() cannot order int and string"));
  CHECK(starts(call("__sorted", "[[1],[2]]"), "TypeError: sort() orders numbers, strings"));
  CHECK(call("__sorted_by_keys", R"(["a","b","c","d"])", "[2,1,2,1]") == R"(["b","d","a","c"])");
  CHECK(call("list.sum", "[1,2,3]") == "6");
  CHECK(call("list.sum", "[1,0.5]") == "1.5");
  CHECK(call("list.sum", "[]") == "0");
  CHECK(starts(call("list.sum", "[9223372036854775807,1]"), "ArithmeticError"));
  CHECK(starts(call("list.sum", R"(["a"])"),
               "TypeError: sum() adds numbers or durations, but element 0 is of type string"));
  CHECK(call("list.avg", "[9223372036854775807,9223372036854775807]") == "9.223372036854776e+18");
  CHECK(call("list.avg", "[1,2]") == "1.5");
  CHECK(call("list.avg", "[]") == "null");
  CHECK(call("list.min", "[2,1,3]") == "1");
  CHECK(call("list.max", "[]") == "null");
  CHECK(call("min", "[3,2]") == "2");
  CHECK(call("max", "[[3,9,2]]") == "9");
  CHECK(starts(call("max", R"([1,"a"])"), "TypeError"));
  Caller c;
  Value durations = Value::of(make_list(c.heap));
  for (int64_t ms : {1000, 2000, 2001}) list_push(c.heap, durations.list(), Value::duration(ms));
  CHECK(c.call("list.sum", {durations}) == "\"5s1ms\"");
  CHECK(c.call("list.avg", {durations}) == "\"1s667ms\"");
  CHECK(c.call("list.max", {durations}) == "\"2s1ms\"");
}

TEST_CASE("lists: views") {
  CHECK(call("list.reverse", "[1,2,3]") == "[3,2,1]");
  CHECK(call("list.first", "[]") == "null");
  CHECK(call("list.last", "[1,2]") == "2");
  CHECK(call("list.contains", R"([1,{"a":[2]}])", R"({"a":[2.0]})") == "true");
  CHECK(call("list.index_of", "[1,2,3]", "3.0") == "2");
  CHECK(call("list.index_of", "[1,2,3]", "4") == "-1");
  CHECK(call("list.flatten", "[[1],[2,[3]],4]") == "[1,2,[3],4]");
  CHECK(call("list.zip", "[1,2,3]", R"(["a","b"])") == R"([[1,"a"],[2,"b"]])");
  CHECK(call("list.enumerate", R"(["a","b"])") == R"([[0,"a"],[1,"b"]])");
  CHECK(call("list.chunk", "[1,2,3,4,5]", "2") == "[[1,2],[3,4],[5]]");
  CHECK(
      starts(call("list.chunk", "[1]", "0"), "ArgumentError: chunk() takes an int of at least 1"));
  CHECK(call("list.take", "[1,2,3]", "2") == "[1,2]");
  CHECK(call("list.take", "[1,2,3]", "9") == "[1,2,3]");
  CHECK(call("list.drop", "[1,2,3]", "2") == "[3]");
  CHECK(call("list.unique",
             R"([1,1.0,"a","a",null,null,[1],[1],{"a":1,"b":2},{"b":2,"a":1},true,true])") ==
        R"([1,"a",null,[1],{"a":1,"b":2},true])");
}

TEST_CASE("unique is fast for many elements") {
  Caller c;
  Value xs = Value::of(make_list(c.heap));
  for (int64_t i = 0; i < 200'000; ++i) {
    Map* record = make_map(c.heap);
    map_set(c.heap, record, "id", Value::of(i % 100'000));
    list_push(c.heap, xs.list(), Value::of(record));
  }
  c.call("list.unique", {xs});
  CHECK(c.last.list()->count == 100'000);
}

TEST_CASE("ranges answer as lists, without being made into one") {
  Caller c;
  Value r = Value::of(make_range(c.heap, 0, int64_t{1} << 62));
  CHECK(c.call("list.len", {r}) == "4611686018427387904");
  CHECK(c.call("list.last", {r}) == "4611686018427387903");
  CHECK(c.call("list.max", {r}) == "4611686018427387903");
  CHECK(c.call("list.contains", {r, c.value("1000000000000.0")}) == "true");
  CHECK(c.call("list.contains", {r, c.value("0.5")}) == "false");
  CHECK(c.call("list.take", {r, c.value("3")}) == "[0,1,2]");
  CHECK(starts(c.call("list.sum", {r}), "ArithmeticError"));
  CHECK(starts(c.call("list.copy", {r}), "ResourceExhausted"));
  CHECK(starts(c.call("list.reverse", {r}), "ResourceExhausted"));
  CHECK(starts(c.call("list.unique", {r}), "ResourceExhausted"));
  CHECK(starts(c.call("list.join", {r, c.value("\"\"")}), "ResourceExhausted"));
  Value down = Value::of(make_range(c.heap, 10, 0, -3));
  CHECK(c.call("list.index_of", {down, c.value("4")}) == "2");
  CHECK(c.call("list.min", {down}) == "1");
  CHECK(c.call("list.sum", {down}) == "22");
  CHECK(c.call("list.avg", {down}) == "5.5");
  CHECK(c.call("list.reverse", {down}) == "[1,4,7,10]");
}

TEST_CASE("maps") {
  const char* m = R"({"b":1,"a":[2]})";
  CHECK(call("map.len", m) == "2");
  CHECK(call("map.keys", m) == R"(["b","a"])");
  CHECK(call("map.values", m) == "[1,[2]]");
  CHECK(call("map.entries", m) == R"([["b",1],["a",[2]]])");
  CHECK(call("map.get", m, R"("b")") == "1");
  CHECK(call("map.get", m, R"("z")") == "null");
  CHECK(call("map.get", m, R"("z")", "7") == "7");
  CHECK(call("map.has", m, R"("a")") == "true");
  CHECK(starts(call("map.has", m, "1"), "TypeError: has() takes a string as key, got int"));
  CHECK(call("map.remove", m, R"("b")") == "1");
  CHECK(call("map.remove", m, R"("z")") == "KeyError: remove(): there is no key \"z\" in the map");
  CHECK(call("map.merge", m, R"({"c":3,"b":0})") == R"({"b":0,"a":[2],"c":3})");
  CHECK(call("map.copy", m) == R"({"b":1,"a":[2]})");
  CHECK(call("map.json", R"({"status":200,"body":"{\"a\":[1]}"})") == R"({"a":[1]})");
  CHECK(starts(call("map.json", R"({"body":"{"})"), "JsonError: json(): line 1, column 2"));
  CHECK(starts(call("map.json", m), "KeyError: json() parses the text under `body`"));
}

TEST_CASE("json") {
  CHECK(call("json.parse", R"("[1,2.0]")") == "[1,2.0]");
  CHECK(starts(call("json.parse", R"("[1,")"), "JsonError: json.parse(): line 1, column 4"));
  CHECK(call("json.stringify", R"({"a":[1]})") == R"("{\"a\":[1]}")");
  CHECK(call("json.stringify", R"([1])", "true") == R"("[\n  1\n]")");
  Caller c;
  Value xs = c.value("[{}]");
  map_set(c.heap, xs.list()->begin()[0].map(), "f", Value::callee(CalleeKind::Function, 0));
  CHECK(c.call("json.stringify", {xs}) ==
        "TypeError: json.stringify(): value[0].f: a function cannot leave the run");
}

TEST_CASE("globals") {
  CHECK(call("int", "-3.9") == "-3");
  CHECK(call("int", R"(" 42 ")") == "42");
  CHECK(call("int", R"("+7")") == "7");
  CHECK(call("int", R"("1.5")") == "ArgumentError: int() cannot read \"1.5\" as an int");
  CHECK(starts(call("int", R"("")"), "ArgumentError"));
  CHECK(starts(call("int", R"("99999999999999999999")"), "ArgumentError"));
  CHECK(starts(call("int", "1e300"), "ArithmeticError"));
  CHECK(starts(call("int", "null"), "TypeError: int() takes a number or string, got null"));
  CHECK(call("float", "2") == "2.0");
  CHECK(call("float", R"("1e3")") == "1000.0");
  for (const char* bad :
       {R"("nan")", R"("inf")", R"("-inf")", R"("1,5")", R"("1e999")", R"("0x10")"}) {
    INFO(bad);
    CHECK(starts(call("float", bad), "ArgumentError"));
  }
  CHECK(call("str", R"({"a":1.0})") == R"("{\"a\":1.0}")");
  CHECK(call("type", "1.0") == "\"float\"");
  CHECK(starts(call("len", "1"), "TypeError: len() takes"));
  CHECK(call("abs", "-2") == "2");
  CHECK(starts(call("abs", "-9223372036854775808"), "ArithmeticError"));
  CHECK(call("range", "3") == "[0,1,2]");
  CHECK(call("range", "1", "8", "3") == "[1,4,7]");
  CHECK(call("range", "3", "0", "-1") == "[3,2,1]");
  CHECK(starts(call("range", "0", "3", "0"), "ArgumentError"));
  CHECK(call("assert", "true") == "null");
  CHECK(call("assert", "false", R"("stock is empty")") == "AssertionError: stock is empty");
  CHECK(starts(call("assert", "1"), "TypeError"));
  CHECK(
      call("error", R"("OutOfStock")", R"("none left")", R"({"id":1})") ==
      R"({"kind":"OutOfStock","message":"none left","data":{"id":1},"cause":null,"workflow_id":null})");
  CHECK(starts(call("error", "1", R"("m")"), "TypeError: error() takes a string as kind"));
}

TEST_CASE("math") {
  CHECK(call("math.floor", "-1.5") == "-2");
  CHECK(call("math.ceil", "1.2") == "2");
  CHECK(call("math.round", "2.5") == "3");
  CHECK(call("math.round", "-2.5") == "-3");
  CHECK(call("math.round", "3.14159", "2") == "3.14");
  CHECK(call("math.trunc", "-1.9") == "-1");
  CHECK(starts(call("math.floor", "1e19"), "ArithmeticError"));
  CHECK(call("math.sqrt", "9") == "3.0");
  CHECK(starts(call("math.sqrt", "-1"), "ArithmeticError: math.sqrt() has no result for -1"));
  CHECK(call("math.pow", "2", "10") == "1024");
  CHECK(call("math.pow", "2", "-1") == "0.5");
  CHECK(call("math.pow", "-3", "3") == "-27");
  CHECK(call("math.pow", "0", "0") == "1");
  CHECK(call("math.pow", "1", "9223372036854775807") == "1");
  CHECK(starts(call("math.pow", "2", "64"), "ArithmeticError"));
  CHECK(call("math.log", "8", "2") == "3.0");
  CHECK(starts(call("math.log", "0"), "ArithmeticError"));
  CHECK(call("math.hypot", "3", "4") == "5.0");
  CHECK(call("math.sign", "-0.5") == "-1");
  CHECK(call("math.clamp", "5", "0", "3") == "3");
  CHECK(starts(call("math.clamp", "5", "3", "0"), "ArgumentError"));
  CHECK(
      starts(call("math.sin", R"("1")"), "TypeError: math.sin() takes a number as x, got string"));
}

TEST_CASE("time") {
  Caller c;
  const Value t = Value::time(1795455660123);  // 2026-11-23T17:41:00.123Z, a Monday
  CHECK(c.call("time.format", {t}) == "\"2026-11-23T17:41:00.123Z\"");
  CHECK(c.call("time.format",
               {t, c.value(
                       R"("%Y-%m-%d %H:%M:%S.%L %a %A %b %B %j %I%p %y %e %F %T %s %z %Z %%")")}) ==
        "\"2026-11-23 17:41:00.123 Mon Monday Nov November 327 05PM 26 23 2026-11-23 17:41:00 "
        "1795455660 +0000 UTC %\"");
  CHECK(c.call("time.format", {Value::time(-1), c.value(R"("%F %T %a %j")")}) ==
        "\"1969-12-31 23:59:59 Wed 365\"");
  CHECK(c.call("time.format", {Value::time(1709164800000), c.value(R"("%j %F")")}) ==
        "\"060 2024-02-29\"");
  CHECK(c.call("time.format", {Value::time(1709251200000), c.value(R"("%j")")}) == "\"061\"");
  CHECK(
      starts(c.call("time.format", {t, c.value(R"("%Q")")}), "ArgumentError: time.format() knows"));
  CHECK(starts(c.call("time.format", {t, c.value(R"("%")")}), "ArgumentError"));
  CHECK(c.call("time.parse", {c.value(R"("2026-11-23")")}) == "\"2026-11-23T00:00:00Z\"");
  CHECK(starts(c.call("time.parse", {c.value(R"("soon")")}),
               "ArgumentError: time.parse() takes a time like"));
}

TEST_CASE("helpers of the prelude") {
  Caller c;
  Value groups = Value::of(make_map(c.heap));
  c.call("__group_add", {groups, c.value("1"), c.value("10")});
  c.call("__group_add", {groups, c.value(R"("1")"), c.value("11")});
  c.call("__group_add", {groups, c.value("null"), c.value("12")});
  CHECK(c.call("map.copy", {groups}) == R"({"1":[10,11],"null":[12]})");
  CHECK(c.call("__before", {c.value("-0.5")}) == "true");
  CHECK(c.call("__before", {c.value("0")}) == "false");
  CHECK(c.call("__before", {c.value("true")}) == "true");
  CHECK(starts(c.call("__before", {c.value("null")}), "TypeError: the function given to sort()"));
}

TEST_CASE("a result beyond the heap's limit is refused") {
  Caller c(1 << 16);
  CHECK(starts(c.call("string.repeat", {c.value(R"("abcd")"), c.value("100000")}),
               "ResourceExhausted: the result of repeat()"));
  Value xs = Value::of(make_range(c.heap, 0, 100'000));
  for (const char* method :
       {"list.copy", "list.reverse", "list.enumerate", "list.unique", "__sorted"}) {
    INFO(method);
    CHECK(starts(c.call(method, {xs}), "ResourceExhausted"));
  }
  CHECK(starts(c.call("list.flatten", {c.value("[[1]]")}), "[1]"));
  Value list = c.value("[]");
  std::string last;
  for (int i = 0; i < 10'000 && last.size() < 5; ++i)
    last = c.call("list.push", {list, Value::of(int64_t{1})});
  CHECK(starts(last, "ResourceExhausted"));
}
