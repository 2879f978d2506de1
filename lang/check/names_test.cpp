#include <algorithm>
#include <catch2/catch.hpp>

#include "lang/check/testing.h"

using wakeful::testing::Checked;
using wakeful::testing::in_activity;
using wakeful::testing::in_workflow;
using wakeful::testing::said_of;

TEST_CASE("unknown names are found, with the nearest one") {
  CHECK(in_workflow("helpr(1)") == "1:19 unknown-name\n");
  CHECK(said_of("helpr(1)") == "unknown name `helpr` | did you mean `helper`?\n");
  CHECK(said_of("math.flor(1)") == "the module `math` has no `flor` | did you mean `floor`?\n");
  CHECK(in_workflow("let f = x => y; \"${z}\"; {w}; [...v]") ==
        "1:32 unknown-name\n1:38 unknown-name\n1:44 unknown-name\n1:52 unknown-name\n");
  CHECK(in_workflow("self.id; math.pi; len([1]); log.info(\"a\", b: 1)") == "");
  CHECK(in_workflow("__append([], 1)") == "1:19 unknown-name\n");
  CHECK(in_workflow("let m = log") == "1:27 misplaced\n");
}

TEST_CASE("names of other languages are slips") {
  CHECK(said_of("None") == "there is no `None` | write `null`\n");
  CHECK(said_of("f(True)").find("write `true`") != std::string::npos);
  CHECK(said_of("undefined").find("write `null`") != std::string::npos);
  CHECK(said_of("let x = 5 // price").find("begin comments with `#`") != std::string::npos);
  CHECK(in_workflow("let None = 1; None") == "");
}

TEST_CASE("a name is seen after its let, within its block") {
  CHECK(in_workflow("a; let a = 1") == "1:19 unknown-name\n");
  CHECK(said_of("a; let a = 1").find("declared further down") != std::string::npos);
  CHECK(in_workflow("if true { let a = 1 }; a") == "1:42 unknown-name\n");
  CHECK(in_workflow("let a = 1; if true { let a = a; a }") == "");
  CHECK(in_workflow("let f = () => f()") == "1:33 unknown-name\n");
  CHECK(in_workflow("fn f(n) { f(n) }; f(1)") == "");
  CHECK(in_workflow("for a, [b, c] in [[1]] { a; b; c }; a") == "1:55 unknown-name\n");
  CHECK(in_workflow("try { } catch e if e.kind == \"a\" { e }; e") == "1:59 unknown-name\n");
  CHECK(in_workflow("let {a, b: c = a} = p; c; b") == "1:45 unknown-name\n");
  CHECK(in_workflow("let f = (a, b = a) => b") == "");
}

TEST_CASE("redeclaring in one block is an error, shadowing is not") {
  CHECK(in_workflow("let a = 1; let a = 2") == "1:34 duplicate-name\n");
  CHECK(in_workflow("let [a, {b: a}] = p") == "1:31 duplicate-name\n");
  CHECK(in_workflow("let f = (a, a) => a") == "1:31 duplicate-name\n");
  CHECK(in_workflow("let p = 1; let len = 2; let self = 3; let helper = 4; for _, _ in [1] { }") ==
        "");
}

TEST_CASE("declarations clash with each other and with the library") {
  Checked twice(std::string("fn f() { 1 }\nworkflow f() { 2 }\n"));
  CHECK(twice.findings() == "2:10 duplicate-name\n");
  REQUIRE(twice.diagnostics.sorted()[0].notes.size() == 1);
  CHECK(twice.diagnostics.sorted()[0].notes[0].span.begin == 3);
  CHECK(
      Checked(
          {{"a.wf", "fn len() { 1 }\nlet math = 1\nworkflow self() { }\nimport \"b.wf\" as log\n"},
           {"b.wf", ""}})
          .findings() ==
      "1:4 predeclared-name\n2:5 predeclared-name\n3:10 predeclared-name\n4:18 predeclared-name\n");
}

TEST_CASE("imports bring in a file's own declarations") {
  const std::pair<std::string, std::string> b = {
      "b.wf", "import \"c.wf\"\nfn g(x) { h() + x }\nlet N = 1\ntest \"t\" { zzz }\n"};
  const std::pair<std::string, std::string> c = {"c.wf", "fn h() { 1 }\n"};
  CHECK(Checked({{"a.wf", "import \"b.wf\"\nfn f() { g(N) }\n"}, b, c}).findings() == "");
  CHECK(Checked({{"a.wf", "import \"b.wf\"\nfn f() { h() }\n"}, b, c}).findings() ==
        "2:10 unknown-name\n");
  CHECK(
      Checked({{"a.wf", "import \"b.wf\" as b\nfn f() { b.g(b.N) + b.h() }\n"}, b, c}).findings() ==
      "2:23 unknown-name\n");
  CHECK(Checked({{"a.wf", "import \"b.wf\" as b\nfn f() { b.g() }\n"}, b, c}).findings() ==
        "2:10 wrong-arguments\n");
  CHECK(Checked({{"a.wf", "import \"b.wf\"\nfn g() { 1 }\n"}, b, c}).findings() ==
        "1:8 duplicate-name\n");
  CHECK(Checked({{"a.wf", "import \"b.wf\"\nimport \"c.wf\"\nfn f() { h() + g(1) }\n"}, b, c})
            .findings() == "");
  CHECK(Checked(
            std::string("import \"gone.wf\"\nimport \"gone2.wf\" as z\nfn f() { any_name(z.b) }\n"))
            .findings() == "");
}

TEST_CASE("only a var can be assigned to") {
  CHECK(in_workflow("var a = 1; a = 2; a += 1") == "");
  CHECK(in_workflow("let a = 1; a = 2") == "1:30 fixed-binding\n");
  CHECK(in_workflow("p = 1") == "1:19 fixed-binding\n");
  CHECK(in_workflow("for i in [1] { i += 1 }") == "1:34 fixed-binding\n");
  CHECK(in_workflow("helper = 1; len = 2; self.id = 3; math.pi = 3") ==
        "1:19 fixed-binding\n1:31 fixed-binding\n1:40 fixed-binding\n1:53 fixed-binding\n");
  CHECK(in_workflow("p.a = 1; p[0] = 2; zz.a = 1") == "1:38 unknown-name\n");
}

TEST_CASE("a compensate block assigns no outer variable") {
  CHECK(in_workflow("var a = 1; compensate { a = 2 }") == "1:43 fixed-binding\n");
  CHECK(in_workflow("var a = 1; compensate { var b = a; b = 2; [1].map(fn(x) { b = x }) }") == "");
}

TEST_CASE("break and continue do not cross edges") {
  CHECK(in_workflow("break") == "1:19 misplaced\n");
  CHECK(in_workflow("while true { break; if true { continue } }") == "");
  CHECK(in_workflow("for i in [1] { spawn { break } }") == "1:42 misplaced\n");
  CHECK(in_workflow("for i in [1] { batch j in [1] limit 1 { continue } }") == "1:59 misplaced\n");
  CHECK(in_workflow("for i in [1] { compensate { break } }") == "1:47 misplaced\n");
  CHECK(in_workflow("for i in [1] { [1].map(fn(x) { break }) }") == "1:50 misplaced\n");
  CHECK(in_workflow("spawn { for i in [1] { break }; return 1 }") == "");
}

TEST_CASE("an activity's body is one step") {
  for (const char* word :
       {"spawn helper(1)", "gather p", "wait_any p", "race p", "batch i in [1] limit 1 { i }",
        "compensate { 1 }", "on signal s() { 1 }", "receive(\"a\")", "timer(1s)", "signal(\"a\")",
        "Child(1)", "act(1)", "file.read(\"a\") with {}"}) {
    CAPTURE(word);
    const std::string found = in_activity(word);
    CHECK(found.find("misplaced") != std::string::npos);
    CHECK(std::count(found.begin(), found.end(), '\n') == 1);
  }
  CHECK(
      in_activity(
          "let r = file.read(\"a\"); sleep(1s); heartbeat(1); self.key; [1].map(x => helper(x))") ==
      "");
  CHECK(in_workflow("heartbeat()") == "1:19 misplaced\n");
}

TEST_CASE("what stands in a test only, and what a test checks") {
  CHECK(in_workflow("on query q() { 1 }") == "");
  CHECK(Checked(std::string(
                    "activity ext(x)\nworkflow main() { ext(1) }\nworkflow b() { spawn ext(1) }\n"))
            .findings() == "");
  CHECK(
      Checked(std::string("activity ext(x)\ntest \"t\" { mock ext(x) { 1 }; nothing; expect 1 }\n"))
          .findings() == "2:31 unknown-name\n2:47 type-mistake\n");
  CHECK(
      Checked(
          std::string(
              "activity ext(x)\nfn f() { 1 }\ntest \"t\" { mock ext(y) { 1 }; if true { mock ext() "
              "{ 1 } }; mock f() { 2 }; calls(f) }\n"))
          .findings() ==
      "3:21 wrong-arguments\n3:41 misplaced\n3:66 misplaced\n3:83 wrong-arguments\n");
  CHECK(in_workflow("calls(print)") == "1:19 misplaced\n");
  CHECK(in_workflow("mock Child(i) { 1 }; expect p") == "1:19 misplaced\n1:40 misplaced\n");
  CHECK(in_workflow("if true { on signal s() { 1 } }") == "1:29 misplaced\n");
}

TEST_CASE("names lost with a syntax error are not complained of again") {
  CHECK(in_workflow("let total = )\ntotal; helpr(1)") == "1:31 syntax\n2:8 unknown-name\n");
}
