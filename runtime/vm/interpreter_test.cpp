// What instructions do for scripts: small sources, compiled and run on the bare machine. The host
// of these tests answers print and try scopes; whatever waits is tested with the run core.
#include <catch2/catch.hpp>
#include <string>

#include "lang/compile/compile.h"
#include "runtime/vm/machine.h"

using namespace wakeful;

namespace {

struct Host final : RootSource {
  Image image;
  Heap heap;
  Machine machine{heap, image};
  Strand strand;
  std::string printed;
  uint64_t budget;

  Host(Program program, uint64_t budget_) : image(std::move(program)), budget(budget_) {}

  void visit_roots(RootVisitor& visitor) override {
    strand.visit_roots(visitor);
    machine.visit_roots(visitor);
  }

  void answer() {
    const Machine::Trap& trap = machine.trap();
    switch (trap.instruction.op()) {
      case Op::EnterTry:
        strand.handlers.push_back(Handler{Handler::Kind::Try, trap.instruction.a(),
                                          static_cast<uint32_t>(strand.frames.size() - 1),
                                          trap.jump, 1});
        return;
      case Op::ExitTry:
        strand.handlers.pop_back();
        return;
      default:
        break;
    }
    REQUIRE(trap.callee.is(Tag::Callee));
    REQUIRE(trap.callee.callee_kind == CalleeKind::Builtin);
    REQUIRE(image.builtin(static_cast<uint32_t>(trap.callee.integer)).builtin->qualified() ==
            std::string("print"));
    if (trap.args[0].is(Tag::List)) {
      const List* list = trap.args[0].list();
      for (uint32_t i = 0; i < list->count; ++i) {
        if (i) printed += ' ';
        append_text(printed, list->storage->items[i]);
      }
    }
    printed += '\n';
    machine.resume_with(strand, trap.result, Value::null());
  }

  /// The result, or the error, as text.
  std::string run(int32_t function) {
    machine.start(strand, Value::callee(CalleeKind::Function, function), nullptr, 0);
    std::string out;
    machine.tick_limit = budget;
    for (;;) {
      switch (machine.run(strand)) {
        case Machine::Exit::Finished:
          append_text(out, strand.result);
          return out;
        case Machine::Exit::Budget:
          heap.collect(*this);
          machine.tick_limit += budget;
          REQUIRE(machine.ticks < 10'000'000);
          break;
        case Machine::Exit::Trap:
          answer();
          break;
        case Machine::Exit::Threw: {
          Value error = strand.error;
          Handler handler;
          if (!machine.unwind(strand, error, handler)) {
            append_text(out, error);
            strand.error = error;
            return out;
          }
          machine.enter_handler(strand, handler, error);
        }
      }
    }
  }
};

struct Outcome {
  std::string result;
  std::string printed;
  std::string stack;
};

Outcome run_source(const std::string& source, uint64_t budget = 1'000'000) {
  Compiled compiled =
      compile("test.wf", [&](const std::string& path) -> std::optional<std::string> {
        if (path != "test.wf") return std::nullopt;
        return source;
      });
  if (!compiled.program) {
    std::string messages;
    for (const Diagnostic& d : compiled.diagnostics.sorted()) messages += d.message + "\n";
    FAIL(messages << source);
  }
  const int workflow = compiled.program->find_workflow("main");
  REQUIRE(workflow >= 0);
  const int32_t function = compiled.program->workflows[static_cast<size_t>(workflow)].function;
  Host host(std::move(*compiled.program), budget);
  Outcome outcome;
  outcome.result = host.run(function);
  outcome.printed = host.printed;
  if (host.strand.error.is(Tag::Error))
    append_text(outcome.stack, host.strand.error.as<ErrorObject>()->stack);
  return outcome;
}

/// The value of a body; run as a whole and again with a collection at every tick, which must change
/// nothing.
std::string value_of(const std::string& body, const std::string& declarations = "") {
  const std::string source = declarations + "\nworkflow main() {\n" + body + "\n}\n";
  const std::string whole = run_source(source).result;
  CHECK(run_source(source, 1).result == whole);
  return whole;
}

}  // namespace

TEST_CASE("arithmetic and its precedence") {
  CHECK(value_of("1 + 2 * 3 - 4 // 3") == "6");
  CHECK(value_of("7 / 2") == "3.5");
  CHECK(value_of("-7 % 3") == "2");
  CHECK(value_of("let a = -7\nlet b = 3\n[a % b, a // b, a / b, a * b, a - b, -a]") ==
        "[2,-3,-2.3333333333333335,-21,-10,7]");
  CHECK(value_of("let x = 9223372036854775807\nx + 1").find("ArithmeticError: ") == 0);
  CHECK(value_of("let x = 0\n1 // x").find("ArithmeticError: ") == 0);
  CHECK(value_of("let x = 5\n[x % 3, x % -3, (0 - x) % 3, x // 2, (0 - x) // 2, x * 2.5, 2 - x]") ==
        "[2,-1,1,2,-3,12.5,-3]");
  CHECK(value_of("let d = 90s\n[d, d * 2, d / 60s, d - 1h, -d]") ==
        "[\"1m30s\",\"3m\",1.5,\"-58m30s\",\"-1m30s\"]");
  CHECK(value_of("let x = 1\n\"a\" + x").find("TypeError: ") == 0);
}

TEST_CASE("comparison, equality, logic") {
  CHECK(value_of("let a = 1\nlet b = 1.0\n[a == b, a != b, a < b, a <= b, a > b, a >= b]") ==
        "[true,false,false,true,false,true]");
  CHECK(value_of("let x = [1, {a: [2]}]\nlet y = [1.0, {a: [2]}]\nx == y") == "true");
  CHECK(value_of("let n = null\nn == null and not (n != null)") == "true");
  CHECK(value_of("let s = \"b\"\n[s < \"c\", \"a\" < s, s == \"b\"]") == "[true,true,true]");
  CHECK(
      value_of("let n = 1\nif n { 1 }").find("TypeError: a condition must be a bool, got an int") ==
      0);
  CHECK(value_of("let n = null\nif n ?? false { 1 } else { 2 }") == "2");
  CHECK(value_of("let n = 1\nfalse or n").find("TypeError: ") == 0);
  CHECK(value_of("let n = null\nn < 1").find("TypeError: `<` takes two numbers") == 0);
  CHECK(value_of("let n = 0.0 / 0.0\n[n == n, n < n, n != n]") == "[false,false,true]");
}

TEST_CASE("loops") {
  CHECK(value_of("var t = 0\nfor i in 0..10 { t += i }\nt") == "45");
  CHECK(value_of("var t = 0\nfor i in 5..5 { t += 1 }\nt") == "0");
  CHECK(value_of("var out = []\nfor x in [1, 2, 3] { if x == 2 { continue }\nout.push(x) }\nout") ==
        "[1,3]");
  CHECK(value_of("var out = []\nfor i, x in [\"a\", \"b\"] { out.push([i, x]) }\nout") ==
        "[[0,\"a\"],[1,\"b\"]]");
  CHECK(value_of("var out = []\nfor k, v in {a: 1, b: 2} { out.push(k)\nout.push(v) }\nout") ==
        "[\"a\",1,\"b\",2]");
  CHECK(value_of("var out = []\nfor c in \"añ😀\" { out.push(c) }\nout") == "[\"a\",\"ñ\",\"😀\"]");
  CHECK(value_of("var out = []\nfor i, c in \"ñb\" { out.push(i)\nout.push(c) }\nout") ==
        "[0,\"ñ\",1,\"b\"]");
  CHECK(value_of(
            "let r = range(10, 0, -4)\nvar out = []\nfor x in r { out.push(x) }\nfor i, x in r { "
            "out.push(i * x) }\nout") == "[10,6,2,0,6,4]");
  CHECK(value_of("var i = 0\nwhile true { i += 1\nif i == 7 { break } }\ni") == "7");
  CHECK(value_of("let xs = [1]\nvar n = 0\nfor x in xs { n += 1\nif n < 5 { xs.push(x) } }\nn") ==
        "5");
  CHECK(value_of("for x in 5 { }").find("TypeError: `for` goes over") == 0);
  CHECK(value_of("for [a, b] in [[1, 2], [3, 4]] { if a == 3 { return b } }") == "4");
}

TEST_CASE("a map must keep its keys while a for goes over it") {
  CHECK(value_of("let m = {a: 1, b: 2}\nfor k in m { m[k] = 0 }\nm") == "{\"a\":0,\"b\":0}");
  CHECK(value_of("let m = {a: 1, b: 2}\nfor k in m { m[k + k] = 0 }\nm")
            .find("ArgumentError: keys were added") == 0);
  CHECK(value_of("let m = {a: 1, b: 2}\nfor k in m.keys() { m.remove(k) }\nm") == "{}");
}

TEST_CASE("lists, maps, members, slices") {
  CHECK(value_of("let a = [1, 2]\n[0, ...a, ...(5..7)]") == "[0,1,2,5,6]");
  CHECK(value_of("let a = {x: 1}\nlet k = \"y\"\n{...a, [k]: 2, x: 3}") == "{\"x\":3,\"y\":2}");
  CHECK(value_of("[...5]").find("TypeError: ") == 0);
  CHECK(value_of("let m = {price: 1}\nm.prise") ==
        "KeyError: no key \"prise\" in the map; did you mean \"price\"?");
  CHECK(value_of("let m = {a: {b: 1}}\nm.a.b += 5\nm[\"a\"][\"c\"] = 7\nm") ==
        "{\"a\":{\"b\":6,\"c\":7}}");
  CHECK(value_of("let xs = [1, 2, 3]\nxs[-1] = 9\nxs[0] += 1\n[xs[0], xs[-1], xs[1:], xs[:-1], "
                 "xs[5:9]]") == "[2,9,[2,9],[2,2],[]]");
  CHECK(value_of("[1][3]").find("IndexError: ") == 0);
  CHECK(value_of("let m = null\n[m?.a, m?.a.b.c, {a: 1}?.b, m ?? 3]") == "[null,null,null,3]");
  CHECK(value_of("\"añ😀\"[-1] + \"añ😀\"[0:2]") == "😀añ");
  CHECK(value_of("[2 in [1, 2], \"k\" in {k: 1}, \"b\" in \"abc\", 3 not in 0..3]") ==
        "[true,true,true,true]");
  CHECK(value_of("let x = 3\n\"${x} and ${[1.0, \"s\"]} ${\"t\"} ${1h30m}\"") ==
        "3 and [1.0,\"s\"] t 1h30m");
}

TEST_CASE("the same member of different maps, one after the other") {
  CHECK(value_of("var t = 0\nfor m in [{a: 1, b: 2}, {b: 3, a: 4}, {c: 0, b: 5}] { t = t * 10 + "
                 "m.b }\nt") == "235");
  CHECK(value_of("var out = []\nfor m in [{a: 1}, {b: 1}, {a: 2}] { m.b = "
                 "7\nout.push(m.b)\nout.push(m.len()) }\nout") == "[7,2,7,1,7,2]");
}

TEST_CASE("patterns") {
  CHECK(value_of("let {id, qty: n, note = \"none\"} = {id: 1, qty: 2}\n[id, n, note]") ==
        "[1,2,\"none\"]");
  CHECK(value_of("let {id} = {}").find("KeyError: ") == 0);
  CHECK(value_of("let [a, ...rest] = [1, 2, 3]\n[a, rest]") == "[1,[2,3]]");
  CHECK(value_of("let [a, b] = [1, 2, 3]\na")
            .find("IndexError: the pattern takes 2 elements, the list has 3") == 0);
  CHECK(value_of("let [a, b] = 5\na").find("TypeError: ") == 0);
  CHECK(value_of("let {a} = 5\na").find("TypeError: ") == 0);
}

TEST_CASE("functions, defaults, names, closures") {
  const char* decls = "fn add(a, b = a * 10) { a + b }\n";
  CHECK(value_of("[add(1), add(1, 2), add(b: 5, a: 1)]", decls) == "[11,3,6]");
  CHECK(value_of("let f = add\n[f(1), f(1, 2), f(b: 5, a: 1)]", decls) == "[11,3,6]");
  CHECK(value_of("let f = add\nf()", decls) ==
        "ArgumentError: add takes 2 arguments (a, b), got 0");
  CHECK(value_of("let f = add\nf(1, 2, 3)", decls) ==
        "ArgumentError: add takes 2 arguments (a, b), got 3");
  CHECK(value_of("let f = add\nf(1, c: 3)", decls) ==
        "ArgumentError: add has no parameter `c`; it has a, b");
  CHECK(value_of("var n = 0\nlet inc = () => n + 1\nn = 5\ninc()") == "6");
  CHECK(value_of("var n = 0\nlet inc = fn() { n += 1 }\ninc()\ninc()\nn") == "2");
  CHECK(value_of("let fs = []\nfor i in 0..3 { fs.push(() => i) }\nfs.map(f => f())") == "[0,1,2]");
  CHECK(value_of("fn fact(n) { if n < 2 { 1 } else { n * fact(n - 1) } }\nfact(10)") == "3628800");
  CHECK(value_of("let f = fn(a, b = 1) { [a, b] }\n[f(5), f(5, 6), f(b: 1, a: 2)]") ==
        "[[5,1],[5,6],[2,1]]");
  CHECK(value_of("let x = 5\nx(1)").find("TypeError: only functions can be called, got an int") ==
        0);
  CHECK(value_of("let outer = x => y => z => [x, y, z]\nouter(1)(2)(3)") == "[1,2,3]");
}

TEST_CASE("builtins as values, methods, functions stored in maps") {
  CHECK(value_of("[1, [2], \"three\"].map(str)") == "[\"1\",\"[2]\",\"three\"]");
  CHECK(value_of("let f = max\n[f(1, 3, 2), f([4, 5])]") == "[3,5]");
  CHECK(value_of("(0..4).map(x => x * x).filter(x => x > 0).reduce((a, b) => a + b)") == "14");
  CHECK(value_of("let m = {double: x => x * 2, len: () => 99}\n[m.double(4), m.len()]") == "[8,2]");
  CHECK(value_of("let m = {n: 1}\nm.n()")
            .find("TypeError: `.n(…)` calls what is stored under the key") == 0);
  CHECK(value_of("let m = {n: 1}\nm.nothing()").find("KeyError: ") == 0);
  CHECK(value_of("[1].mpa(x => x)") ==
        "TypeError: a list has no method `mpa`; did you mean `map`?");
  CHECK(value_of("let n = null\nn.len()").find("TypeError: null has no method `len`") == 0);
  CHECK(value_of("[3, 1, 2].sort((a, b) => b - a)") == "[3,2,1]");
  CHECK(value_of("\"a-b\".split(\"-\").join(sep: \"+\")") == "a+b");
  CHECK(value_of("{a: 1}.get(\"b\", default: 5)") == "5");
  CHECK(value_of("[1].push()").find("ArgumentError: ") == 0);
  CHECK(value_of("let f = len\nf(1, 2)").find("ArgumentError: ") == 0);
}

TEST_CASE("errors: kinds, causes, stacks") {
  CHECK(value_of("throw \"no stock\"") == "Error: no stock");
  CHECK(value_of("throw 5").find("TypeError: `throw` takes a string or an error, got an int") == 0);
  CHECK(value_of("try { throw error(\"Mine\", \"text\", {n: 1}) } catch e { [e.kind, e.message, "
                 "e.data.n, e.cause] }") == "[\"Mine\",\"text\",1,null]");
  CHECK(value_of("try { try { throw \"a\" } catch e { throw \"b\" } } catch e { [e.message, "
                 "e.cause.message] }") == "[\"b\",\"a\"]");
  CHECK(value_of(
            "try { try { throw \"a\" } catch e { throw e } } catch e { [e.message, e.cause] }") ==
        "[\"a\",null]");
  CHECK(value_of("var out = []\ntry { try { throw \"a\" } finally { out.push(\"f\") } } catch e { "
                 "out.push(e.message) }\nout") == "[\"f\",\"a\"]");
  CHECK(value_of("try { [1][5] } catch e if e.kind == \"KeyError\" { 1 } catch e if e.kind == "
                 "\"IndexError\" { 2 }") == "2");
  CHECK(value_of("fn f() { try { return 1 } finally { 2 } }\nf()") == "1");
  const Outcome outcome = run_source(
      "fn deep(n) {\n  if n == 0 { throw \"bottom\" }\n  deep(n - 1)\n}\nworkflow main() {\n  "
      "[1].map(x => deep(x))\n}\n");
  CHECK(outcome.result == "Error: bottom");
  CHECK(outcome.stack ==
        "[\"deep at test.wf:2:15\",\"deep at test.wf:3:3\",\"fn at test.wf:6:16\",\"main at "
        "test.wf:6:7\"]");
}

TEST_CASE("limits are errors of the script") {
  CHECK(value_of("fn down(n) { down(n + 1) }\ntry { down(0) } catch e { e.kind }") ==
        "ResourceExhausted");
  CHECK(value_of("fn down(n) { if n == 0 { 0 } else { 1 + down(n - 1) } }\ndown(9000)") == "9000");
}

TEST_CASE("top-level constants are frozen, copies are not") {
  const char* decls = "let CONFIG = {retries: 3, hosts: [\"a\"]}\n";
  CHECK(value_of("CONFIG.retries = 4", decls).find("TypeError: this map is a constant") == 0);
  CHECK(value_of("CONFIG.hosts[0] = 4", decls).find("TypeError: this list is a constant") == 0);
  CHECK(value_of("CONFIG.hosts.push(4)", decls).find("TypeError: ") == 0);
  CHECK(value_of("let c = CONFIG.copy()\nc.retries = 4\n[c.retries, CONFIG.retries]", decls) ==
        "[4,3]");
}

TEST_CASE("print goes to the host") {
  CHECK(run_source("workflow main() { print(1, \"two\", [3.0])\nprint() }").printed ==
        "1 two [3.0]\n\n");
}
