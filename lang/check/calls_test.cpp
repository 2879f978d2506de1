#include <catch2/catch.hpp>

#include "lang/check/testing.h"

using wakeful::testing::Checked;
using wakeful::testing::in_workflow;
using wakeful::testing::said_of;

TEST_CASE("arguments of what is known at compile time") {
  CHECK(in_workflow("helper(1); helper(1, 2); helper(1, b: 2); helper(b: 1, a: 2)") == "");
  CHECK(said_of("helper()") == "`helper(a, b?)` lacks `a` | add `a`\n");
  CHECK(in_workflow("helper(1, 2, 3)") == "1:32 wrong-arguments\n");
  CHECK(said_of("Child(1, opt: 2)") ==
        "`Child(item, opts?)` has no parameter `opt` | did you mean `opts`?\n");
  CHECK(in_workflow("helper(1, a: 2); act(); spawn Child(); Child(1, 2, 3)") ==
        "1:29 wrong-arguments\n1:36 wrong-arguments\n1:49 wrong-arguments\n1:70 wrong-arguments\n");
  CHECK(in_workflow("fn f(a) { a }; f(); let g = (a, b) => a; g(1); (x => x)(1, 2)") ==
        "1:34 wrong-arguments\n1:60 wrong-arguments\n1:78 wrong-arguments\n");
  CHECK(in_workflow("var g = x => x; g(1, 2); p(1, 2, z: 3); p.f(1, 2)") == "");
}

TEST_CASE("arguments of the library") {
  CHECK(in_workflow("len(); print(1, 2, 3); log.info(\"a\", x: 1); http.get(\"u\", check: false); "
                    "env.get(\"A\", \"b\")") == "1:19 wrong-arguments\n");
  CHECK(in_workflow("http.get(\"u\", chek: false); uuid(1); min(1, 2)") ==
        "1:33 wrong-arguments\n1:52 wrong-arguments\n");
  CHECK(in_workflow("let len = () => 1; len()") == "");
}

TEST_CASE("as and with fit what is called") {
  CHECK(in_workflow(
            "Child(1) as \"x\" with {run_timeout: 5s, retry_policy: {maximum_attempts: 2}}") == "");
  CHECK(in_workflow("act(1) as \"x\"") == "1:29 wrong-option\n");
  CHECK(in_workflow("helper(1) with {}") == "1:34 wrong-option\n");
  CHECK(in_workflow("len([1]) with {}") == "1:33 wrong-option\n");
  CHECK(in_workflow("file.read(\"a\") with {start_to_close_timeout: 1s}") == "");
  CHECK(in_workflow("p(1) as \"x\" with {run_timeout: 1s}") == "");
  CHECK(in_workflow("helper(1) compensate { 1 }") == "1:29 misplaced\n");
}

TEST_CASE("option names and types") {
  CHECK(said_of("Child(1) with {run_timout: 5s}") ==
        "unknown option `run_timout` | did you mean `run_timeout`?\n");
  CHECK(in_workflow("act(1) with {run_timeout: 5s}") == "1:32 wrong-option\n");
  CHECK(in_workflow("Child(1) with {run_timeout: 5}") == "1:47 wrong-option\n");
  CHECK(in_workflow("Child(1) with {parent_close_policy: \"abandn\"}") == "1:55 wrong-option\n");
  CHECK(in_workflow("act(1) with {retry_policy: {maximum_attempts: \"2\", max: 3}}") ==
        "1:65 wrong-option\n1:70 wrong-option\n");
  CHECK(in_workflow("Child(1) with {task_queue: \"q\", id_reuse_policy: \"reject_duplicate\"}") ==
        "");
  CHECK(in_workflow("let o = {memoo: 1}; Child(1) with o; Child(1) with p; Child(1) with 5") ==
        "1:28 wrong-option\n1:87 wrong-option\n");
  CHECK(Checked(std::string("workflow a() with {start_to_close_timeout: 1s} { 1 }\nactivity b() "
                            "with {at_most_one: true} { 1 }\n"))
            .findings() == "1:20 wrong-option\n2:20 wrong-option\n");
}

TEST_CASE("methods of other languages") {
  CHECK(said_of("let xs = [1]; xs.append(2)") == "there is no `.append()` | write `.push(x)`\n");
  CHECK(said_of("let xs = [1]; xs.length").find("`.len()`") != std::string::npos);
  CHECK(in_workflow("p.append(1)") == "1:21 slip\n");
  CHECK(in_workflow("p.length") == "1:21 type-mistake\n");
  CHECK(in_workflow("let m = {length: 1, append: x => x}; m.length; m.append(1)") == "");
  CHECK(said_of("[1].fist()") == "a list has no method `fist` | did you mean `first`?\n");
}

TEST_CASE("mistakes of types that can be seen are warnings") {
  for (const char* text :
       {"if 1 { }", "while \"a\" { break }", "[1][3]", "1 + \"a\"", "1 // 0", "not 5", "1 and true",
        "-\"a\"", "throw 5", "for i in 5 { }", "batch i in [1] limit 0 { i }", "1 < \"a\"", "5(1)",
        "[1][\"a\"]", "1s + 1", "1s * 1s", "let x = null; if x { }", "Child(1) as 5"}) {
    CAPTURE(text);
    Checked checked(std::string("workflow main(p) { " + std::string(text) + "\n}\n" +
                                wakeful::testing::kDeclared));
    REQUIRE(checked.diagnostics.sorted().size() == 1);
    CHECK(std::string(checked.diagnostics.sorted()[0].code) == "type-mistake");
    CHECK_FALSE(checked.diagnostics.has_errors());
  }
  CHECK(in_workflow("1 + 2.5; \"a\" + \"b\"; [1] + [2]; 1s * 2; 2 * 1s; 1s / 2; 1s / 1s; 1s - 1s; "
                    "1 == \"a\"; 1 / 2.0; 3 % 2; -1s; 5 / p") == "");
}
