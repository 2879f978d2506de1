#include <catch2/catch.hpp>

#include "lang/grammar/testing.h"

using wakeful::testing::body;

TEST_CASE("a newline ends a statement") {
  CHECK(body("a\nb") == "a b");
  CHECK(body("a; b;\n;c") == "a b c");
  CHECK(body("a b") == "2:3 syntax\n");
  CHECK(body("if a { } b") == "2:10 syntax\n");
  CHECK(body("let x = 1 let y = 2") == "2:11 syntax\n");
}

TEST_CASE("after an operator, a comma, = and => a statement goes on below") {
  CHECK(body("let x =\n  1") == "(let x 1)");
  CHECK(body("a +\n\n  # a comment between\n  b") == "(+ a b)");
  CHECK(body("a and\nb or\nnot\nc") == "(or (and a b) (not c))");
  CHECK(body("a\n in b").find("syntax") != std::string::npos);
  CHECK(body("a in\nb") == "(in a b)");
  CHECK(body("a ..\nb") == "(.. a b)");
  CHECK(body("x = y =>\n  y") == "(= x (=> (y) {y}))");
  CHECK(body("x +=\n1") == "(+= x 1)");
  CHECK(body("gather\nspawn\nf()") == "(gather (spawn (call f)))");
  CHECK(body("for a,\nb in m { }") == "(for a,b m {})");
  CHECK(body("a.\nb?.\nc") == "(?. (. a b) c)");
}

TEST_CASE("a line that starts with these goes on with the one above") {
  CHECK(body("a\n  .b()\n  ?.c\n\n  # between\n  .in") == "(. (?. (call (. a b)) c) in)");
  CHECK(body("a\n?? b\nand c\nor d") == "(or (and (?? a b) c) d)");
  CHECK(body("C(1)\n  as \"x\"\n  with {a: 1}") == "(call C 1 as:\"x\" with:(map a:1))");
  CHECK(body("if a { 1 }\nelse { 2 }") == "(if a {1} {2})");
  CHECK(body("if a { 1 }\nelse if b { 2 }\n\nelse { 3 }") == "(if a {1} {(if b {2} {3})})");
  CHECK(body("try { a }\ncatch e { b }\n# c\nfinally { d }") ==
        "(try {a} (catch e {b}) (finally {d}))");
  CHECK(body("batch x\nin xs\nsize 3\npause 1s\n{ x }") == "6:1 syntax\n");
  CHECK(body("batch x\nin xs\nsize 3\npause 1s { x }") == "(batch x xs size:3 pause:1000ms {x})");
}

TEST_CASE("a line that starts with a bracket, a minus or compensate is a new statement") {
  CHECK(body("a\n(b)") == "a b");
  CHECK(body("a\n[b]") == "a (list b)");
  CHECK(body("a\n{b: 1}") == "a (map b:1)");
  CHECK(body("a\n-b") == "a (neg b)");
  CHECK(body("a()\ncompensate { b }") == "(call a) (compensate {b})");
  CHECK(body("a() compensate { b }") == "(call a compensate:{b})");
  CHECK(body("a\n+ b") == "3:1 syntax\n");
  CHECK(body("a\n* b") == "3:1 syntax\n");
}

TEST_CASE("the innermost open bracket decides") {
  CHECK(body("f(\na\n,\nb\n- c\n)") == "(call f a (- b c))");
  CHECK(body("[a\n, b\n]") == "(list a b)");
  CHECK(body("{a\n:\n1\n}") == "(map a:1)");
  CHECK(body("(a\n(b))") == "(call a b)");
  CHECK(body("f(fn() {\na\n(b)\n-c\n})") == "(call f (fn () {a b (neg c)}))");
  CHECK(body("f({x: fn() {\na\nb\n}})") == "(call f (map x:(fn () {a b})))");
  CHECK(body("f(a()\ncompensate { b })") == "(call f (call a compensate:{b}))");
}

TEST_CASE("return at the end of a line returns null") {
  CHECK(body("return\na") == "(return) a");
  CHECK(body("return a") == "(return a)");
  CHECK(body("if a { return }") == "(if a {(return)})");
  CHECK(body("if a { return; b }") == "(if a {(return) b})");
}

TEST_CASE("the brace of a block stands on the line of its header's end") {
  CHECK(body("if a\n{ b }") == "3:1 syntax\n");
  CHECK(body("while a\n{ b }") == "3:1 syntax\n");
  CHECK(body("if a and\nb { c }") == "(if (and a b) {c})");
}

TEST_CASE("a brace is a map except behind a header") {
  CHECK(body("{}") == "(map)");
  CHECK(body("gather {a: h}") == "(gather (map a:h))");
  CHECK(body("return {a: 1}") == "(return (map a:1))");
  CHECK(body("let f = x => {a: x}") == "(let f (=> (x) {(map a:x)}))");
  CHECK(body("spawn { a }") == "(spawn {a})");
  CHECK(body("if {a: 1}.a == 1 { b }") == "(if (== (. (map a:1) a) 1) {b})");
  CHECK(body("for x in {a: 1} { x }") == "(for x (map a:1) {x})");
  CHECK(body("fn() { a }") == "(fn () {a})");
}

TEST_CASE("a statement with a header ends at its last brace") {
  CHECK(body("if a { 1 }\n(b)") == "(if a {1}) b");
  CHECK(body("if a { 1 }\n-b") == "(if a {1}) (neg b)");
  CHECK(body("(if a { 1 } else { 2 }).b()") == "(call (. (if a {1} {2}) b))");
  CHECK(body("let x = if a { 1 } else { 2 } + 3") == "(let x (+ (if a {1} {2}) 3))");
  CHECK(body("if a { 1 }.b()") == "2:11 syntax\n");
  CHECK(body("if a { 1 }\n.b()") == "3:1 syntax\n");
  CHECK(body("batch x in xs limit 1 { x }\n[a]") == "(batch x xs limit:1 {x}) (list a)");
}

TEST_CASE("words of one place are names elsewhere") {
  CHECK(body("let settled = 1; let size = settled") == "(let settled 1) (let size settled)");
  CHECK(body("let limit = 3\nlimit") == "(let limit 3) limit");
  CHECK(body("gather settled hs") == "(gather settled hs)");
  CHECK(body("gather settled [a]") == "(gather settled (list a))");
  CHECK(body("let r = gather settled\nfoo()") == "(let r (gather settled)) (call foo)");
  CHECK(body("gather settled timeout 5s") == "(gather settled timeout:5000ms)");
  CHECK(body("gather settled.a") == "(gather (. settled a))");
  CHECK(body("race success hs") == "(race success hs)");
  CHECK(body("batch settled in xs limit 1 { settled }") == "(batch settled xs limit:1 {settled})");
  CHECK(body("batch settled x in xs limit 1 { x }") == "(batch settled x xs limit:1 {x})");
  CHECK(body("timeout = 3") == "(= timeout 3)");
  CHECK(body("gather hs\ntimeout(3)") == "(gather hs) (call timeout 3)");
  CHECK(body("mock = 3; expect(1); signal(2)") == "(= mock 3) (call expect 1) (call signal 2)");
}

TEST_CASE("behind a point and before a colon any word is a name") {
  CHECK(body("m.in\nm.test.if") == "(. m in) (. (. m test) if)");
  CHECK(body("{on: 1, test: 2, if: 3}") == "(map on:1 test:2 if:3)");
  CHECK(body("f(in: 1)") == "(call f in:1)");
  CHECK(body("let {for: x, as: y = 1} = m") == "(let {for:x as:y=1} m)");
  CHECK(body("m.and\nb") == "(. m and) b");
}

TEST_CASE("trailing commas are allowed everywhere") {
  CHECK(body("f(a, b: 1,)") == "(call f a b:1)");
  CHECK(body("[a, ...b,]") == "(list a ...b)");
  CHECK(body("{a, [b]: 1, ...c,}") == "(map a:a [b]:1 ...c)");
  CHECK(body("fn(a, b = 1,) { }") == "(fn (a b=1) {})");
  CHECK(body("let [a, b,] = xs") == "(let [a b] xs)");
}
