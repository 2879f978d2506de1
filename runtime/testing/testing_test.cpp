#include "runtime/testing/testing.h"

#include <catch2/catch.hpp>

#include "runtime/values/codec.h"

namespace wakeful {
namespace {

Compiled compiled_from(const std::string& script) {
  Compiled compiled = compile(
      "main.wf",
      [&](const std::string& path) -> std::optional<std::string> {
        return path == "main.wf" ? std::optional(script) : std::nullopt;
      },
      Purpose::Test);
  std::string said;
  for (const Diagnostic& d : compiled.diagnostics.sorted()) said += d.message + "\n";
  INFO(said);
  REQUIRE(compiled.program);
  return compiled;
}

/// "passed", or how it failed, in one line.
std::string verdict_of(const TestOutcome& outcome) {
  switch (outcome.verdict) {
    case TestOutcome::Verdict::Passed:
      return "passed";
    case TestOutcome::Verdict::Stuck:
      return "stuck: " + (outcome.waiting.empty() ? "" : outcome.waiting.front().place.what);
    case TestOutcome::Verdict::Broken:
      return "broken: " + outcome.problem;
    case TestOutcome::Verdict::Failed:
      break;
  }
  Heap heap;
  Value error;
  std::string unreadable, text;
  REQUIRE(from_cbor(heap, outcome.error, error, unreadable));
  append_text(text, error);
  return text;
}

/// One test of the script, by its title.
TestOutcome outcome_of(const std::string& script, const std::string& title = "t") {
  const Compiled compiled = compiled_from(script);
  for (const TestCase& test : compiled.tests) {
    if (test.title == title) return run_test(compiled, test);
  }
  FAIL("no test " + title);
  return {};
}

std::string verdict(const std::string& script) { return verdict_of(outcome_of(script)); }

}  // namespace

TEST_CASE("a test serves every queue, and mocks activities without a body") {
  CHECK(verdict(R"(
activity refund(x)
activity heavy(n) with {task_queue: "heavy"} { n }
workflow Kid() with {task_queue: "kids"} { self.task_queue }
workflow main() { [refund(1), heavy(2), Kid()] }
test "t" {
  mock refund(x) { "mock ${x}" }
  expect main() == ["mock 1", 2, "kids"]
})") == "passed");
}

TEST_CASE("expect compares, and keeps both sides") {
  CHECK(
      verdict(
          R"(test "t" { expect 1 + 1 == 2; expect 3 in [3]; expect 3 not in [4]; expect not false })") ==
      "passed");
  CHECK(verdict(R"(test "t" { let x = [1, 2]; expect x == [1, 3] })") ==
        "AssertionError: expect x == [1, 3]: [1,2] == [1,3] is false");
  CHECK(verdict(R"(test "t" { expect 2 < 1 })") == "AssertionError: expect 2 < 1: 2 < 1 is false");
  CHECK(verdict(R"(test "t" { expect 2 not in [2] })") ==
        "AssertionError: expect 2 not in [2]: 2 not in [2] is false");
  CHECK(verdict(R"(test "t" { expect [].len() > 0 or false })") ==
        "AssertionError: expect [].len() > 0 or false: it is false");
  CHECK(verdict(R"(test "t" { let x = 1; expect x })").starts_with("TypeError"));
}

TEST_CASE("expect throws finds the kind, also behind a child's failure") {
  const std::string child = "workflow C() { throw error(\"Out\", \"none\") }\n";
  CHECK(verdict(child + R"(test "t" { expect throws("Out") { C() } })") == "passed");
  CHECK(verdict(child + R"(test "t" { expect throws("ChildFailed") { C() } })") == "passed");
  CHECK(verdict(child + R"(test "t" { expect throws("Other") { C() } })") ==
        "AssertionError: expect throws(\"Other\"): what was thrown is ChildFailed: none");
  CHECK(verdict(R"(test "t" { expect throws("Out") { 1 } })") ==
        "AssertionError: expect throws(\"Out\"): nothing was thrown");
}

TEST_CASE("mocks stand for workflows, activities and effects, wherever they are called") {
  CHECK(verdict(R"(
activity pay(order: string, amount: int)
activity fetch(url) { http.get(url).json() }
workflow Child(x) { pay("o-${x}", x) }
workflow Parent(xs) { gather xs.map(x => spawn Child(x)) }
test "t" {
  var paid = []
  mock pay(amount, order) { sleep(1h); paid.push(order); amount * 2 }
  mock http.get(url) { {status: 200, headers: {}, body: "[\"${url}\"]"} }
  expect Parent([1, 2]) == [2, 4]
  expect paid == ["o-1", "o-2"]
  expect fetch("u") == ["u"]
  expect calls(pay).map(c => c.args) == [{order: "o-1", amount: 1}, {order: "o-2", amount: 2}]
  expect calls(Child).map(c => c.id) == ["test/Parent-1/Child-1", "test/Parent-1/Child-2"]
  expect calls(http.get).len() == 1
  expect calls(http.get)[0].args.url == "u"
}
)") == "passed");
  CHECK(verdict(R"(
workflow Child(x, y = 2) { compensate { print("never") }; x }
workflow Parent() { let h = spawn Child(7) as "c"; let r = gather h; [r, h.id] }
test "t" {
  mock Child(x) { if x > 9 { throw "big" }; {got: x} }
  expect Parent() == [{got: 7}, "c"]
  expect calls(Child).map(c => [c.args, c.id]) == [[{x: 7}, "c"]]
  expect throws("Error") { Child(10) }
}
)") == "passed");
}

TEST_CASE("a mock of an activity is tried again as its policy says") {
  CHECK(verdict(R"(
activity flaky() with {retry_policy: {maximum_attempts: 5, initial_interval: 1h}} { throw "real" }
workflow W() { let began = time.now(); [flaky(), time.now() - began] }
test "t" {
  var n = 0
  mock flaky() { n += 1; if n < 3 { throw "down" }; n }
  expect W() == [3, 3h]
  expect calls(flaky).len() == 3
}
)") == "passed");
}

TEST_CASE("functions of the library that are no steps can be mocked too") {
  CHECK(verdict(R"(
activity act() { env.get("A") + env.get("B", "none") }
workflow W() { [env.get("A"), act(), uuid(), ["x"].map(str), random.int(1, 6)] }
test "t" {
  mock env.get(name, default = "d") { if name == "A" { "mocked" } else { env.get("WF_NOT_SET", default) } }
  mock uuid() { "id" }
  mock random.int(a) { a + 3 }
  expect W() == ["mocked", "mockednone", "id", ["x"], 4]
  expect uuid() == "id"
}
)") == "passed");
}

TEST_CASE("what nobody mocks and what never comes is said") {
  CHECK(verdict("activity far()\ntest \"t\" { far() }").find("does not mock it") !=
        std::string::npos);
  CHECK(verdict("test \"t\" { receive(\"go\") }") == "stuck: signal go");
  CHECK(verdict("test \"t\" { while true { sleep(365d) } }").starts_with("stuck"));
  CHECK(verdict("activity a() -> int { 1 }\nworkflow W() { a() }\n"
                "test \"t\" { mock a() { \"x\" }; W() }")
            .find("expected int") != std::string::npos);
}

TEST_CASE("time is virtual, and the same in every run of a test") {
  const TestOutcome outcome = outcome_of(R"(
test "t" {
  let begin = time.now()
  let late = spawn { sleep(31d); print("late") }
  sleep(30d); print("early ${uuid()}")
  gather late
  expect time.now() - begin == 31d
})");
  CHECK(verdict_of(outcome) == "passed");
  CHECK(outcome.virtual_ms == int64_t{31} * 24 * 3'600'000);
  REQUIRE(outcome.lines.size() == 2);
  CHECK(outcome.lines[1] == "late");
}

}  // namespace wakeful
