// The library as scripts see it: compiled expressions on the bare machine, with a collection every
// few ticks.
#include <catch2/catch.hpp>

#include "lang/compile/compile.h"
#include "runtime/vm/machine.h"

using namespace wakeful;

namespace {

struct Runner final : RootSource {
  Image image;
  Heap heap;
  Machine machine{heap, image};
  Strand strand;

  explicit Runner(Program program) : image(std::move(program)) {}
  void visit_roots(RootVisitor& visitor) override {
    strand.visit_roots(visitor);
    machine.visit_roots(visitor);
  }

  std::string run(uint64_t budget) {
    machine.start(strand,
                  Value::callee(CalleeKind::Function, image.program().workflows[0].function),
                  nullptr, 0);
    for (;;) {
      machine.tick_limit = machine.ticks + budget;
      std::string out;
      switch (machine.run(strand)) {
        case Machine::Exit::Finished:
          append_text(out, strand.result);
          return out;
        case Machine::Exit::Threw:
          append_text(out, strand.error);
          return out;
        case Machine::Exit::Budget:
          heap.collect(*this);
          break;
        case Machine::Exit::Trap:
          return "trap";
      }
    }
  }
};

/// The text of a body's value, or "Kind: message". `budget`: ticks between two collections.
std::string eval(const std::string& body, uint64_t budget = 3) {
  const std::string source = "workflow main() {\n" + body + "\n}\n";
  Compiled compiled = compile("test.wf", [&](const std::string&) { return std::optional(source); });
  INFO(source);
  for (const auto& d : compiled.diagnostics.sorted()) UNSCOPED_INFO(d.message);
  REQUIRE(compiled.program);
  return Runner(std::move(*compiled.program)).run(budget);
}

bool starts(const std::string& text, std::string_view with) {
  INFO(text);
  return text.starts_with(with);
}

}  // namespace

TEST_CASE("map, filter, each, flat_map") {
  CHECK(eval("[1, 2, 3].map(x => x * 2)") == "[2,4,6]");
  CHECK(eval("(0..4).map(x => x * x)") == "[0,1,4,9]");
  CHECK(eval("[1, 2, 3, 4].filter(x => x % 2 == 0)") == "[2,4]");
  CHECK(starts(eval("[1].filter(x => x)"), "TypeError"));
  CHECK(eval("let out = []\n[1, 2].each(x => out.push(x + 1))\nout") == "[2,3]");
  CHECK(eval("[1].each(x => x)") == "null");
  CHECK(eval("[1, 2].flat_map(x => [x, x * 10])") == "[1,10,2,20]");
  CHECK(eval("[1, 2].flat_map(x => 0..x)") == "[0,0,1]");
  CHECK(eval("[\"a\", \"b\"].map(str).map(len)") == "[1,1]");
  CHECK(starts(eval("[1].map(7)"), "TypeError"));
  CHECK(starts(eval("[1].map(() => 1)"), "ArgumentError"));
}

TEST_CASE("reduce, find, any, all") {
  CHECK(eval("[1, 2, 3].reduce((a, x) => a + x)") == "6");
  CHECK(eval("[1, 2, 3].reduce((a, x) => a + x, 10)") == "16");
  CHECK(eval("[1, 2].reduce((a, x) => [a, x], null)") == "[[null,1],2]");
  CHECK(eval("[].reduce((a, x) => a + x, 5)") == "5");
  CHECK(eval("[[1], 2].reduce((a, x) => [a, x])") == "[[1],2]");
  CHECK(starts(eval("[].reduce((a, x) => a + x)"),
               "ArgumentError: reduce() of an empty list needs a value"));
  CHECK(eval("[1, 2, 3].find(x => x > 1)") == "2");
  CHECK(eval("[1].find(x => x > 1)") == "null");
  CHECK(eval("[1, 2].any(x => x > 1)") == "true");
  CHECK(eval("[].any(x => true)") == "false");
  CHECK(eval("[1, 2].all(x => x > 1)") == "false");
  CHECK(eval("[].all(x => false)") == "true");
  CHECK(eval("[true, false].any()") == "true");
  CHECK(eval("[true, false].all()") == "false");
}

TEST_CASE("sort is stable, in the natural order, by keys, by comparators") {
  CHECK(eval("[3, 1, 2].sort()") == "[1,2,3]");
  CHECK(eval("(5..0).sort()") == "[]");
  CHECK(eval("range(5, 0, -1).sort()") == "[1,2,3,4,5]");
  CHECK(eval("[3, 1, 2].sort((a, b) => b - a)") == "[3,2,1]");
  CHECK(eval("[3, 1, 2].sort((a, b) => a < b)") == "[1,2,3]");
  CHECK(eval("[[1, \"a\"], [0, \"b\"], [1, \"c\"], [0, \"d\"]].sort((a, b) => a[0] - b[0])") ==
        R"([[0,"b"],[0,"d"],[1,"a"],[1,"c"]])");
  CHECK(eval("[[1, \"a\"], [0, \"b\"], [1, \"c\"], [0, \"d\"]].sort((a, b) => a[0] < b[0])") ==
        R"([[0,"b"],[0,"d"],[1,"a"],[1,"c"]])");
  CHECK(eval("[{n: 2}, {n: 1}].sort_by(x => x.n)") == R"([{"n":1},{"n":2}])");
  CHECK(eval("[\"bb\", \"a\", \"cc\"].sort_by(len)") == R"(["a","bb","cc"])");
  CHECK(starts(eval("[1, 2].sort((a, b) => null)"), "TypeError: the function given to sort()"));
  CHECK(starts(eval("[1, \"a\"].sort()"), "TypeError: sort() cannot order int and string"));
  CHECK(eval("[].sort((a, b) => a - b)") == "[]");
  CHECK(eval("let xs = [2, 1]\nlet ys = xs.sort()\n[xs, ys]") == "[[2,1],[1,2]]");
}

TEST_CASE("a comparator sort of many elements agrees with the natural one") {
  for (int n : {1, 2, 3, 7, 8, 100, 1000}) {
    const std::string list = "let xs = (0.." + std::to_string(n) + ").map(i => i * 7919 % 1009)\n";
    CHECK(eval(list + "xs.sort((a, b) => a - b) == xs.sort()", 100) == "true");
    CHECK(eval(list + "xs.sort((a, b) => a > b) == xs.sort().reverse()", 100) == "true");
    CHECK(eval(list + "xs.sort_by(x => -x) == xs.sort().reverse()", 100) == "true");
  }
}

TEST_CASE("group_by and the callbacks of maps") {
  CHECK(eval("[1, 2, 3, 4].group_by(x => x % 2)") == R"({"1":[1,3],"0":[2,4]})");
  CHECK(eval("[\"a\", \"bb\"].group_by(x => len(x) > 1)") == R"({"false":["a"],"true":["bb"]})");
  CHECK(eval("{a: 1, b: 2}.map((k, v) => k + str(v))") == R"({"a":"a1","b":"b2"})");
  CHECK(eval("{a: 1, b: 2}.filter((k, v) => v > 1)") == R"({"b":2})");
  CHECK(starts(eval("let m = {a: 1}\nm.map((k, v) => m.remove(k))"), "ArgumentError"));
}

TEST_CASE("a list that its callback changes is harmless") {
  CHECK(eval("let xs = [1, 2, 3, 4]\nlet f = fn(x) { xs.pop(); x }\nxs.map(f)") == "[1,2]");
  CHECK(eval("let xs = [1]\nlet f = fn(x) { if len(xs) < 5 { xs.push(x + 1) }; x }\nxs.map(f)") ==
        "[1,2,3,4,5]");
  CHECK(eval("let xs = [3, 2, 1]\nlet f = fn(a, b) { if len(xs) > 0 { xs.pop() }; a - b "
             "}\n[xs.sort(f), xs]") == "[[1,2,3],[3]]");
  CHECK(eval("let xs = [3, 2, 1]\nlet f = fn(x) { xs.pop(); x }\nxs.sort_by(f)") == "[1,2,3]");
  CHECK(eval("let xs = [3, 2, 1]\nlet f = fn(a, x) { xs.pop(); a + x }\nxs.reduce(f)") == "5");
  CHECK(eval("let xs = [1, 2]\nlet f = fn(x) { xs.pop(); [x] }\nxs.flat_map(f)") == "[1]");
}

TEST_CASE("named and variable arguments reach the natives") {
  CHECK(eval("let xs = [1]\nxs.push(2, 3, 4)\nxs") == "[1,2,3,4]");
  CHECK(eval("max(1, 5, 3)") == "5");
  CHECK(eval("min([4, 2])") == "2");
  CHECK(eval("range(1, 9, step: 4)") == "[1,5]");
  CHECK(eval("json.stringify({a: 1}, pretty: true)") == "{\n  \"a\": 1\n}");
  CHECK(eval("\"7\".pad_left(3, fill: \"0\")") == "007");
  CHECK(eval("{a: 1}.get(\"b\", default: 2)") == "2");
  CHECK(eval("error(\"K\", \"m\", cause: error(\"C\", \"n\")).cause.kind") == "C");
  CHECK(eval("math.pi > 3.14 and math.inf > 1e300") == "true");
  CHECK(eval("math.round(2.345, digits: 1)") == "2.3");
  CHECK(eval("{body: \"[1]\"}.json()") == "[1]");
}

TEST_CASE("durations and times in lists") {
  CHECK(eval("[1s, 500ms, 1m].sum()") == "1m1s500ms");
  CHECK(eval("[1s, 500ms, 1m].max()") == "1m");
  CHECK(eval("[2s, 1s].sort()") == R"(["1s","2s"])");
  CHECK(eval("[1s, 2s].avg()") == "1s500ms");
  CHECK(eval("time.parse(\"2026-11-23\") + 1h") == "2026-11-23T01:00:00Z");
  CHECK(eval("abs(-5m)") == "5m");
  CHECK(starts(eval("[1s, 1].sum()"), "TypeError"));
}
