#include <catch2/catch.hpp>

#include "lang/grammar/testing.h"

using wakeful::testing::body;
using wakeful::testing::Parsed;

TEST_CASE("binary operators bind as the table says") {
  CHECK(body("a or b and c") == "(or a (and b c))");
  CHECK(body("not a == b") == "(not (== a b))");
  CHECK(body("not a in b") == "(not (in a b))");
  CHECK(body("a not in b") == "(not-in a b)");
  CHECK(body("not a and b") == "(and (not a) b)");
  CHECK(body("a and not b or c") == "(or (and a (not b)) c)");
  CHECK(body("not not a") == "(not (not a))");
  CHECK(body("a == b ?? c") == "(== a (?? b c))");
  CHECK(body("a ?? b .. c + d * e") == "(?? a (.. b (+ c (* d e))))");
  CHECK(body("a - b - c") == "(- (- a b) c)");
  CHECK(body("a / b // c % d * e") == "(* (% (// (/ a b) c) d) e)");
  CHECK(body("0..n + 1") == "(.. 0 (+ n 1))");
  CHECK(body("(a + b) * c") == "(* (+ a b) c)");
  CHECK(body("a < b and b <= c") == "(and (< a b) (<= b c))");
}

TEST_CASE("prefix operators bind tighter than the binary ones") {
  CHECK(body("-a * b") == "(* (neg a) b)");
  CHECK(body("a * -b") == "(* a (neg b))");
  CHECK(body("-a.b") == "(neg (. a b))");
  CHECK(body("- -a") == "(neg (neg a))");
  CHECK(body("gather a + gather b") == "(+ (gather a) (gather b))");
  CHECK(body("gather h ?? 0") == "(?? (gather h) 0)");
  CHECK(body("gather (xs + ys)") == "(gather (+ xs ys))");
  CHECK(body("gather spawn f(1) timeout 5s") == "(gather (spawn (call f 1)) timeout:5000ms)");
  CHECK(body("gather wait_any hs timeout 1s timeout 2s") ==
        "(gather (wait_any hs timeout:1000ms) timeout:2000ms)");
  CHECK(body("gather hs timeout t * 2") == "(* (gather hs timeout:t) 2)");
  CHECK(body("gather spawn { 1 } timeout 5s") == "(gather (spawn {1}) timeout:5000ms)");
  CHECK(body("wait_any hs == null") == "(== (wait_any hs) null)");
  CHECK(body("spawn f") == "2:1 syntax\n");
  CHECK(body("f() timeout 5s").find("syntax") != std::string::npos);
}

TEST_CASE("comparisons and ranges do not chain") {
  CHECK(body("a < b < c") == "2:7 chained-comparison\n");
  CHECK(body("a == b != c") == "2:8 chained-comparison\n");
  CHECK(body("a in b in c") == "2:8 chained-comparison\n");
  CHECK(body("(a < b) == c") == "(== (< a b) c)");
  CHECK(body("a .. b .. c") == "2:8 syntax\n");
  CHECK(body("a == not b") == "2:6 syntax\n");
}

TEST_CASE("=> is loosest, its body one expression") {
  CHECK(body("x => x + 1") == "(=> (x) {(+ x 1)})");
  CHECK(body("(a, b) => a + b") == "(=> (a b) {(+ a b)})");
  CHECK(body("() => 1") == "(=> () {1})");
  CHECK(body("(a, b = 2) => a") == "(=> (a b=2) {a})");
  CHECK(body("x => y => x") == "(=> (x) {(=> (y) {x})})");
  CHECK(body("xs.map(x => x.a).sum()") == "(call (. (call (. xs map) (=> (x) {(. x a)})) sum))");
  CHECK(body("a + x => x") == "2:7 syntax\n");
  CHECK(body("items.map(item => spawn R(item) as \"i\")") ==
        "(call (. items map) (=> (item) {(spawn (call R item as:\"i\"))}))");
}

TEST_CASE("calls, members, indexes, slices") {
  CHECK(body("f(1, b: 2)(3)") == "(call (call f 1 b:2) 3)");
  CHECK(body("xs[a:b]; xs[:b]; xs[a:]; xs[:]; xs[-1]") ==
        "(slice xs a b) (slice xs _ b) (slice xs a _) (slice xs _ _) (at xs (neg 1))");
  CHECK(body("m?.a.b[c]") == "(at (. (?. m a) b) c)");
  CHECK(body("f(b: 1, 2)") == "2:9 syntax\n");
  CHECK(body("f(...xs)") == "2:3 syntax\n");
}

TEST_CASE("as and with take single terms and follow a call in this order") {
  CHECK(body("C(1) as a.b[0] with o.p") == "(call C 1 as:(at (. a b) 0) with:(. o p))");
  CHECK(body("C(1) as f(x) with {a: 1} + 2") == "(+ (call C 1 as:(call f x) with:(map a:1)) 2)");
  CHECK(body("C(1) as (\"a\" + b)") == "(call C 1 as:(+ \"a\" b))");
  CHECK(body("C(1) with {} as \"a\"") == "2:14 syntax\n");
  CHECK(body("x as \"a\"") == "2:3 syntax\n");
  CHECK(body("(C(1)) as \"a\"") == "2:8 syntax\n");
  CHECK(body("charge(a) as \"i\" with {b: 1} compensate out { out }") ==
        "(call charge a as:\"i\" with:(map b:1) compensate:out{out})");
  CHECK(body("compensate out { 1 }") == "2:12 syntax\n");
}

TEST_CASE("statements") {
  CHECK(body("var t = 0; t -= 1; m.k *= 2; m[\"k\"] /= 3") ==
        "(var t 0) (-= t 1) (*= (. m k) 2) (/= (at m \"k\") 3)");
  CHECK(body("let {id, qty: count, note = \"\", ...rest} = m") ==
        "(let {id:id qty:count note:note=\"\" ...rest} m)");
  CHECK(body("let [a, [b, ...c]] = xs") == "(let [a [b ...c]] xs)");
  CHECK(body("for k, [a, b] in m { k }") == "(for k,[a b] m {k})");
  CHECK(body("for h in wait_any hs { h }") == "(for h (wait_any hs) {h})");
  CHECK(body("try { a } catch e if e.kind == \"X\" { b } catch { c }") ==
        "(try {a} (catch e if:(== (. e kind) \"X\") {b}) (catch _ {c}))");
  CHECK(body("fn f(a) { a }") == "(fn f (a) {a})");
  CHECK(body("let x: list<{a: int?}>? = null") == "(let x:list<{a:int?}>? null)");
  CHECK(body("batch x, i in xs limit n * 2 tolerate 50% { x }") ==
        "(batch x,i xs limit:(* n 2) tolerate:50% {x})");
  CHECK(body("batch x in xs limit 1 tolerate (a % 3) { x }") ==
        "(batch x xs limit:1 tolerate:(% a 3) {x})");
  CHECK(body("on signal s(p) { p }") == "(on signal s (p) {p})");
  CHECK(body("batch x in xs { x }") == "2:12 batch-bounds\n");
  CHECK(body("batch x in xs size 1 limit 2 { x }") == "2:28 batch-bounds\n");
  CHECK(body("[a, b] = c") == "2:8 syntax\n");
  CHECK(body("m?.a = 1") == "2:6 syntax\n");
  CHECK(body("let [...a, b] = c") == "2:9 syntax\n");
}

TEST_CASE("declarations") {
  Parsed parsed(
      "#!/usr/bin/env wf\n"
      "## Charges.\n## Once.\n"
      "activity charge(id: string, amount: float = 1.5) -> {ok: bool} with {at_most_once: true} { "
      "1 }\n"
      "activity refund(id: string)\n"
      "let A = 1\n"
      "import \"a.wf\"\n"
      "import 'b.wf'\n  as b\n"
      "# allow: unused-handle\n"
      "test \"t\" { mock http.get(url) { 1 }; expect (a == b); expect throws(\"X\") { a } }\n");
  CHECK(parsed.findings() == "");
  CHECK(
      wakeful::ast::dump(parsed.file) ==
      "(activity charge (id:string amount:float=1.5) -> {ok:bool} with:(map at_most_once:true) "
      "{1})\n"
      "(activity refund (id:string))\n"
      "(let A 1)\n"
      "(import \"a.wf\")\n"
      "(import \"b.wf\" as b)\n"
      "(test \"t\" {(mock (. http get) (url) {1}) (expect (== a b)) (expect-throws \"X\" {a})})\n");
  CHECK(parsed.file.declarations[0].doc == "Charges.\nOnce.");
  REQUIRE(parsed.file.allowed.size() == 1);
  CHECK(parsed.file.allowed[0].line == 10);
  CHECK(parsed.file.allowed[0].name == "unused-handle");
}
