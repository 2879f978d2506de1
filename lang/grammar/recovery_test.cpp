#include <catch2/catch.hpp>
#include <string>

#include "lang/grammar/testing.h"

using wakeful::testing::body;
using wakeful::testing::Parsed;

namespace {
std::string times(const char* text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}
}  // namespace

TEST_CASE("a file with five mistakes reports five") {
  CHECK(body("let x = )\nf(a b)\nlet = 3\nif a { let y = ] }\nz z") ==
        "2:9 syntax\n3:5 syntax\n4:5 syntax\n5:16 syntax\n6:3 syntax\n");
  CHECK(Parsed("workflow a(x y) {\n  let z = *\n}\nlet = 3\nfn b( {\n  q q\n}\nimport x\nworkflow "
               "c() { for x xs {\n z z\n} }\n")
            .findings() ==
        "1:14 syntax\n2:11 syntax\n4:5 syntax\n5:7 syntax\n6:5 syntax\n8:8 syntax\n9:22 "
        "syntax\n10:4 syntax\n");
}

TEST_CASE("an open bracket does not swallow the rest of the file") {
  CHECK(Parsed("workflow a() {\n  f(1, [2\n  let x = 1\n  g(\n}\nworkflow b() {\n  )\n}\n")
            .findings() == "3:3 syntax\n5:1 syntax\n7:3 syntax\n");
  CHECK(Parsed("workflow a() {\n  if x {\n    f()\n}\nworkflow b() { 1 }\n").findings() ==
        "1:14 syntax\n");
  CHECK(Parsed("workflow a() {\n  f()\n}\n}\nworkflow b() { ) }\n").findings() ==
        "4:1 syntax\n5:16 syntax\n");
  CHECK(Parsed("workflow a() {\n  {x: 1\n  y: 2}\n  z z\n}\n").findings() ==
        "3:3 syntax\n4:5 syntax\n");
}

TEST_CASE("names in skipped text are remembered") {
  Parsed parsed("workflow a() {\n  let total = )\n  total\n}\n");
  CHECK(parsed.file.lost_names == std::vector<std::string>{"total"});
  CHECK(parsed.file.declarations.size() == 1);
}

TEST_CASE("what is right around a mistake is kept") {
  Parsed parsed("workflow a() {\n  let x = 1\n  let y = )\n  x\n}\nfn b() { 2 }\n");
  CHECK(wakeful::ast::dump(parsed.file) == "(workflow a () {(let x 1) x})\n(fn b () {2})\n");
}

TEST_CASE("nesting is limited, never the stack") {
  CHECK(body("let x = " + times("(", 190) + "1" + times(")", 190)) == "(let x 1)");
  const int n = 100'000;
  const std::string deep =
      GENERATE_COPY("let x = " + times("(", n) + "1" + times(")", n), "let x = " + times("(", n),
                    "let x = " + times("- ", n) + "1", "let x = 1" + times(" + 1", n),
                    "let x = " + times("x => ", n) + "1", times("if a { ", n) + times("}", n),
                    "if a { }" + times(" else if a { }", n), "f" + times(".a()", n),
                    "f" + times("[0]", n), "let x = " + times("\"${", n) + times("}\"", n),
                    "let " + times("[", n) + times("]", n) + " = 1",
                    "let x: " + times("list<", n) + "int = 1", times("not ", n) + "a",
                    times("spawn { ", n), times("f(x => {a: ", n), times("gather ", n) + "x");
  CAPTURE(deep.substr(0, 40));
  CHECK(body(deep).find("too-deep") != std::string::npos);
}

TEST_CASE("any bytes are parsed to an end") {
  const std::string text =
      "workflow a(b: {c: int?}) with {d: 1s} { let {e, ...f} = \"${g}\" ?? [1..2, (h) => i[:3]] ; "
      "try { } catch j { } }";
  for (size_t i = 0; i < text.size(); ++i) {
    std::string without = text, twice = text;
    without.erase(i, 1);
    twice.insert(i, 1, text[i]);
    for (const std::string& each : {without, twice, text.substr(0, i), text.substr(i)})
      Parsed parsed(each);
  }
  CHECK(Parsed(text).findings() == "");
}
