#include <catch2/catch.hpp>

#include "lang/grammar/testing.h"

using wakeful::testing::body;
using wakeful::testing::complaints;
using wakeful::testing::Parsed;

namespace {
struct Slip {
  const char* text;
  const char* help;
};
}  // namespace

TEST_CASE("a slip is answered with the right form, and is the only finding") {
  const Slip slip = GENERATE(
      Slip{"// a comment, don't", "begin them with `#`"},
      Slip{"f() // don't", "begin them with `#`"},
      Slip{"f() // NOTE: this", "begin comments with `#`"},
      Slip{"let x = 5 // the price", "begin comments with `#`"},
      Slip{"/* a comment */ f()", "begin each line of it with `#`"},
      Slip{"let xs = [\n1, // one\n2]", "begin them with `#`"}, Slip{"if a && b { }", "`and`"},
      Slip{"if a || b { }", "`or`"}, Slip{"if !a { }", "`not`"}, Slip{"a === b", "`==`"},
      Slip{"a !== b", "`!=`"}, Slip{"a ** b", "`math.pow(a, b)`"}, Slip{"x++", "`x += 1`"},
      Slip{"x--", "`x -= 1`"}, Slip{"if a { } elif b { }", "`else if`"},
      Slip{"if a { }\nelif b { } else { }", "`else if`"},
      Slip{"let x = c ? a : b", "`if c { a } else { b }`"},
      Slip{"f(c ? a : b)", "`if c { a } else { b }`"},
      Slip{"let x = a if c else b", "`if c { a } else { b }`"},
      Slip{"f(a if c else b)", "`if c { a } else { b }`"}, Slip{"let s = f\"{x}\"", "`\"…${x}…\"`"},
      Slip{"let s = `a ${b}`", "`\"…${x}…\"`"},
      Slip{"try { a } catch (e) { b }", "`catch e { … }`"},
      Slip{"for (x in xs) { f(x) }", "`for x in xs { … }`"},
      Slip{"for (let x of xs) { f(x) }", "`for x in xs { … }`"},
      Slip{"for (let i = 0; i < 3; i += 1) { f(i) }", "`for i in 0..n { … }`"},
      Slip{"for (a, b) in xs { f(a) }", "`for [a, b] in pairs { … }`"},
      Slip{"def f(a) { a }", "`fn name(…) { … }`"},
      Slip{"function f(a) { a }", "`fn name(…) { … }`"}, Slip{"const x = 1", "`let`"},
      Slip{"const {a} = m", "`let`"}, Slip{"async f()", "leave it out"},
      Slip{"let x = await f()", "leave it out"}, Slip{"await f()", "leave it out"},
      Slip{"if a:\n  f()", "`{ … }`"});
  CAPTURE(slip.text);
  Parsed parsed("workflow main() {\n" + std::string(slip.text) + "\n}");
  const auto found = parsed.diagnostics.sorted();
  REQUIRE(found.size() == 1);
  CHECK(std::string(found[0].code) == "slip");
  CHECK(found[0].help.find(slip.help) != std::string::npos);
}

TEST_CASE("floor division is not a comment") {
  CHECK(body("let x = 5 // price") == "(let x (// 5 price))");
  // Within `${…}` it is a division, also where the string is not closed.
  CHECK(complaints("let x = \"${a // \"b\n}\n}").find("this string is not closed") == 0);
  CHECK(complaints("let x = \"${a // 'b\n}\n}").find("this string is not closed") == 0);
  CHECK(body("let x = (a\n// b)") == "(let x (// a b))");
}

TEST_CASE("other mistakes say what to write") {
  CHECK(complaints("if x = 3 { }").find("write `==`") != std::string::npos);
  CHECK(complaints("f(a = 1)").find("`f(name: value)`") != std::string::npos);
  CHECK(complaints("print \"x\"").find("write `print(…)`") != std::string::npos);
  CHECK(complaints("f(x => { let y = 1 })").find("`fn(x) { … }`") != std::string::npos);
  CHECK(complaints("f(x => throw \"a\")").find("`fn(x) { … }`") != std::string::npos);
  CHECK(complaints("a < b < c").find("use and | use `and`: `a < b and b < c`") !=
        std::string::npos);
  CHECK(complaints("let x = (a, b)").find("`[a, b]`") != std::string::npos);
  CHECK(Parsed("print(1)\n").findings() == "1:1 misplaced\n");
  CHECK(Parsed("workflow a() {\n  workflow b() { }\n}\n").findings() == "2:3 misplaced\n");
  CHECK(Parsed("var a = 1\n").findings() == "1:1 misplaced\n");
}
