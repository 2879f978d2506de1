"""`wf test`: what it says of tests that pass and of each way in which one fails, its documents, its exit codes."""

import re
import xml.etree.ElementTree as ElementTree

from harness import *

SHOP = '''activity charge(card: string, amount: float) with {retry_policy: {maximum_attempts: 3, initial_interval: 1h}} {
  exec.run(["false"])
}
activity refund(id: string)
workflow Child(item) { sleep(1d); {item, result: "real"} }
workflow Parent(items: list) { {results: gather items.map(i => spawn Child(i))} }
workflow Bad() { throw error("OutOfStock", "none left", null, error("Low", "the shelf is empty")) }
workflow Pay(card: string) { charge(card, 5.0) }
workflow Refund(id: string) { refund(id) }
workflow Get() { http.get("http://localhost:1/x").json() }
'''


class Tests(CliTest):
    def outcome(self, body, *words, title="t", code=DONE):
        """The one test `t` with this body, behind SHOP."""
        self.write("t.wf", SHOP + 'test "t" {\n' + body + "\n}\n")
        [test] = self.wf("test", "t.wf", "--json", *words, code=code).json["tests"]
        return test

    def failure(self, body):
        """What stands under the line of the failing test, its places counted from the test's first line."""
        self.write("t.wf", SHOP + 'test "t" {\n' + body + "\n}\n")
        lines = self.wf("test", "t.wf", code=FAILED).out.splitlines()
        self.assertEqual(lines[0], "FAILED  t   t.wf:11")
        self.assertRegex(lines[-1], r"^0 passed, 1 failed in 1 file \(\d+\.\d s\)$")
        self.assertTrue(all(line.startswith("    ") for line in lines[1:-1]), lines)
        return "\n".join(line[4:] for line in lines[1:-1])

    # ---- each way of failing

    def test_both_sides_of_an_equality(self):
        self.assertEqual(self.failure('  print("before")\n  let a = {b: [1, 2]}\n  expect a.b == [1, 3]'), """\
  --> t.wf:14:10
   |
14 |   expect a.b == [1, 3]
   |          ^^^^^^^^^^^^^
left:  [1,2]
right: [1,3]
printed:
  before""")

    def test_every_other_comparison_shows_both_sides(self):
        for text, left, right in [("2 < [1, 2].len()", "2", "2"), ('"x" in ["a", "b"]', '"x"', '["a","b"]'),
                                  ("1 != 1.0", "1", "1.0"), ("3 not in [3]", "3", "[3]"), ("1h > 2h", '"1h"', '"2h"'),
                                  ("1 >= 2", "1", "2"), ("2 <= 1", "2", "1")]:
            with self.subTest(text):
                said = self.failure(f"  expect {text}")
                self.assertTrue(said.endswith(f"{'^' * len(text)}\nleft:  {left}\nright: {right}"), said)

    def test_a_condition_that_compares_nothing(self):
        for text in ["not (1 < 2)", "[1, 2].any(x => x > 2)", "1 == 1 and 2 == 3"]:
            with self.subTest(text):
                said = self.failure(f"  expect {text}")
                self.assertTrue(said.endswith(f"{'^' * len(text)}\nexpect {text}: it is false"), said)

    def test_values_that_only_look_alike(self):
        self.assertIn('left:  "1h"\nright: "1h"\none is a duration, the other a string', self.failure('  expect 1h == "1h"'))
        self.assertIn("they look alike, but somewhere in them types differ", self.failure('  expect [1h] == ["1h"]'))

    def test_a_diff_of_large_values(self):
        said = self.failure('''  let left = {id: 1, list: (0..30).map(i => "item number ${i}"), name: "a long name", z: 1}
  let right = {z: 2, name: "a long name", list: (0..30).map(i => if i == 7 { "other" } else { "item number ${i}" }), id: 1}
  expect left == right''')
        self.assertEqual(said.split("^\n")[1], """\
- left
+ right
  … 8 equal lines
      "item number 5",
      "item number 6",
-     "item number 7",
+     "other",
      "item number 8",
      "item number 9",
  … 20 equal lines
    ],
    "name": "a long name",
-   "z": 1
+   "z": 2
  }""")

    def test_a_diff_has_an_end(self):
        said = self.failure('''  let many = word => (0..5000).map(i => "${word} number ${i}")
  expect many("left") == many("right")''')
        self.assertLess(len(said.splitlines()), 150)
        self.assertIn("more lines", said)
        said = self.failure('''  let many = word => (0..5000).map(i => "${word} number ${i}")
  expect "x" in many("left")''')
        self.assertLess(len(said.splitlines()), 60)

    def test_nothing_is_thrown(self):
        self.assertIn('expect throws("Error"): nothing was thrown', self.failure('  expect throws("Error") { 1 }'))

    def test_another_kind_is_thrown(self):
        said = self.failure('  expect throws("Timeout") { Bad() }')
        for part in ['expect throws("Timeout"): what was thrown is ChildFailed: none left',
                     "caused by OutOfStock: none left\n    in Bad at t.wf:7:18",
                     "caused by Low: the shelf is empty"]:
            self.assertIn(part, said)

    def test_an_error_of_a_child_with_its_causes(self):
        self.assertEqual(self.failure("  Bad()"), """\
  --> t.wf:12:3
   |
12 |   Bad()
   |   ^
ChildFailed: none left   (workflow test/Bad-1)
    in test at t.wf:12:3
caused by OutOfStock: none left
    in Bad at t.wf:7:18
caused by Low: the shelf is empty""")

    def test_an_expectation_in_a_mock(self):
        said = self.failure('  mock refund(id) { expect id == "r-2" }\n  Refund("r-1")')
        self.assertIn('12 |   mock refund(id) { expect id == "r-2" }', said)
        self.assertIn('left:  "r-1"\nright: "r-2"', said)
        self.assertIn("ActivityFailed", said)

    def test_stuck(self):
        self.write("t.wf", SHOP + 'test "t" {\n  let h = spawn { receive("go") }\n  gather h\n}\n')
        answer = self.wf("test", "t.wf", code=FAILED)
        self.assertIn("STUCK   t   t.wf:11\n", answer.out)
        for part in ["the test has not ended", "signal go", 'let h = spawn { receive("go") }', "gather h"]:
            self.assertIn(part, answer.out)
        [test] = self.wf("test", "t.wf", "--json", code=FAILED).json["tests"]
        self.assertEqual((test["verdict"], test["error"]), ("stuck", None))
        self.assertIn("t.wf:12:19", [place for waiting in test["waiting"] for place in waiting["stack"]])

    def test_control_characters_reach_no_terminal(self):
        said = self.failure('  print("a\\u{1b}[2J")\n  expect "\\u{1b}[2J" == "\\u{7f}"')
        self.assertNotIn("\x1b", said)
        self.assertNotIn("\x7f", said)

    # ---- what passes

    def test_mocks_of_workflows_and_their_calls(self):
        self.outcome('''  mock Child(item) { {result: item + "!"} }
  let r = Parent(["a", "b"])
  expect r.results == [{result: "a!"}, {result: "b!"}]
  expect calls(Child).map(c => c.args) == [{item: "a"}, {item: "b"}]
  expect calls(Child).map(c => c.id).unique().len() == 2''')

    def test_a_mock_is_tried_again_as_the_policy_says(self):
        test = self.outcome('''  var n = 0
  mock charge(card, amount) {
    n += 1
    if n < 3 { throw "declined" }
    {id: "r-${n}"}
  }
  expect Pay("visa") == {id: "r-3"}
  expect calls(charge).map(c => c.args) == [{card: "visa", amount: 5.0}, {card: "visa", amount: 5.0}, {card: "visa", amount: 5.0}]
  let times = calls(charge).map(c => c.at)
  expect times[1] - times[0] == 1h''')
        self.assertGreaterEqual(test["virtual_ms"], 3 * 3600 * 1000)

    def test_a_mock_that_always_fails(self):
        self.outcome('''  mock charge(card, amount) { throw error("Declined", "no") }
  expect throws("Declined") { Pay("visa") }
  expect calls(charge).len() == 3''')

    def test_a_mock_of_an_activity_without_a_body(self):
        self.outcome('  mock refund(id) { {refunded: id} }\n  expect Refund("r-1") == {refunded: "r-1"}')

    def test_an_activity_without_a_body_that_is_not_mocked(self):
        said = self.failure('  Refund("r-1")')
        self.assertIn("refund has no body, and the test does not mock it", said)

    def test_a_mock_of_an_effect(self):
        self.outcome('''  mock http.get(url) { {status: 200, headers: {}, body: '{"a": 1}'} }
  expect Get() == {a: 1}
  expect calls(http.get).map(c => c.args.url) == ["http://localhost:1/x"]''')

    def test_calls_of_what_is_not_mocked(self):
        test = self.outcome('  Parent(["a"])\n  expect calls(Child).map(c => c.args.item) == ["a"]')
        self.assertEqual(test["virtual_ms"], 24 * 3600 * 1000)

    def test_a_month_takes_no_time_and_timers_fire_in_order(self):
        began = time.monotonic()
        test = self.outcome('''  let order = []
  let wait = fn(what, how_long) { sleep(how_long); order.push(what) }
  gather [spawn wait("month", 30d), spawn wait("hour", 1h), spawn wait("second", 1s), spawn wait("hour again", 1h)]
  expect order == ["second", "hour", "hour again", "month"]''')
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(test["virtual_ms"], 30 * 24 * 3600 * 1000)

    def test_what_is_printed(self):
        test = self.outcome('  print("one", 2)\n  log.warn("three", four: 4)\n  Parent([])\n')
        self.assertEqual(test["lines"][0], "one 2")
        self.assertIn("three", test["lines"][1])
        self.assertNotIn("one 2", self.wf("test", "t.wf", code=DONE).out)

    def test_each_test_has_a_world_of_its_own(self):
        text = 'workflow W() { 1 }\n' + "".join(
            f'test "{name}" {{ W() as "same"; expect calls(W).len() == 1; print(time.now(), uuid()) }}\n' for name in "ab")
        self.write("t.wf", text)
        tests = self.wf("test", "t.wf", "--json", code=DONE).json["tests"]
        self.assertEqual(tests[0]["lines"], tests[1]["lines"])
        self.assertFalse(os.path.exists(self.path(".wakeful")))

    def test_effects_that_are_not_mocked_are_real(self):
        self.outcome('  file.write("real.txt", "yes")\n  expect file.read("real.txt") == "yes"')
        self.assertEqual(self.read("real.txt"), "yes")

    # ---- what is run, and the documents

    def test_lines_and_the_summary(self):
        self.write("a.wf", 'test "first" { 1 }\ntest "second" { sleep(30d) }\n')
        self.write("b.wf", 'test "third" { expect 1 == 2 }\n')
        out = self.wf("test", "a.wf", "b.wf", code=FAILED).out
        self.assertTrue(out.startswith("ok      first   a.wf:1\nok      second   a.wf:2   clock 30d\nFAILED  third   b.wf:1\n"), out)
        self.assertRegex(out, r"\n2 passed, 1 failed in 2 files \(\d+\.\d s\)\n$")

    def test_colours(self):
        self.write("a.wf", 'test "first" { 1 }\ntest "second" { expect 1 == 2 }\n')
        out = self.wf("test", "a.wf", "--color", "always", code=FAILED).out
        self.assertIn("\x1b[32m✓\x1b[0m first", out)
        self.assertIn("\x1b[31m✗\x1b[0m second", out)

    def test_filter(self):
        self.write("a.wf", 'test "refund of one" { 1 }\ntest "charge" { expect false }\ntest "a refund" { 1 }\n')
        tests = self.wf("test", "a.wf", "--filter", "refund", "--json", code=DONE).json["tests"]
        self.assertEqual([t["title"] for t in tests], ["refund of one", "a refund"])
        answer = self.wf("test", "a.wf", "--filter", "nothing", code=USAGE)
        self.assertSays(answer, "none of 3 tests has `nothing` in its title")
        self.assertEqual(answer.out, "")

    def test_the_document(self):
        self.write("a.wf", 'test "good" { print("hi") }\n\ntest "bad" { expect [1] == [2] }\n')
        document = self.wf("test", "a.wf", "--json", code=FAILED).json
        self.assertEqual((document["passed"], document["failed"], document["files_with_errors"]), (1, 1, 0))
        good, bad = document["tests"]
        self.assertEqual({k: good[k] for k in ("file", "title", "line", "verdict", "error", "lines", "virtual_ms")},
                         {"file": "a.wf", "title": "good", "line": 1, "verdict": "passed", "error": None, "lines": ["hi"],
                          "virtual_ms": 0})
        self.assertGreaterEqual(good["ms"], 0)
        self.assertEqual((bad["verdict"], bad["line"], bad["error"]["kind"]), ("failed", 3, "AssertionError"))
        self.assertEqual(bad["error"]["data"], {"source": "[1] == [2]", "op": "==", "left": [1], "right": [2]})

    def test_junit(self):
        self.write("a.wf", 'test "good <&> \\"quoted\\"" { print("a\\u{1b}b") }\ntest "bad" { expect "<\\u{1}>" == "&" }\n'
                           'test "stuck" { receive("x") }\n')
        self.write("b.wf", "test \"other\" { 1 }\n")
        self.write("c.wf", "workflow W() { nothing }\n")
        answer = self.wf("test", "a.wf", "b.wf", "c.wf", "--junit", "report.xml", "--json", code=SCRIPT)
        self.assertEqual(answer.json["passed"], 2)
        suites = ElementTree.fromstring(self.read("report.xml"))
        self.assertEqual((suites.tag, suites.get("tests"), suites.get("failures"), suites.get("errors")),
                         ("testsuites", "5", "2", "1"))
        a, b, c = suites.findall("testsuite")
        self.assertEqual([suite.get("name") for suite in (a, b, c)], ["a.wf", "b.wf", "c.wf"])
        good, bad, stuck = a.findall("testcase")
        self.assertEqual((good.get("name"), good.get("line")), ('good <&> "quoted"', "1"))
        self.assertTrue(good.find("system-out").text.startswith("a"))
        self.assertEqual(bad.find("failure").get("type"), "AssertionError")
        self.assertIn("left:", bad.find("failure").text)
        self.assertIn("signal x", stuck.find("failure").text)
        self.assertIn("nothing", c.find("testcase").find("error").text)
        self.assertSays(self.wf("test", "b.wf", "--junit", "no/such/folder.xml", code=USAGE), "cannot write")

    def test_scripts_with_errors_do_not_stop_the_others(self):
        self.write("bad.wf", 'test "x" { no_such_name }\n')
        self.write("good.wf", 'test "y" { 1 }\n')
        answer = self.wf("test", "bad.wf", "good.wf", code=SCRIPT)
        self.assertIn("ok      y", answer.out)
        self.assertIn("1 passed, 0 failed in 1 file, 1 file with errors", answer.out)
        self.assertSays(answer, "no_such_name", "bad.wf has errors")

    def test_files_without_tests(self):
        self.write("none.wf", "workflow W() { 1 }\n")
        self.write("some.wf", 'import "none.wf"\ntest "y" { expect W() == 1 }\n')
        self.assertSays(self.wf("test", "none.wf", "some.wf", code=DONE), "none.wf has no tests")
        self.assertSays(self.wf("test", "none.wf", code=USAGE), "none.wf has no tests", "there are no tests")

    def test_tests_of_imported_files_are_theirs(self):
        self.write("lib.wf", 'fn one() { 1 }\ntest "of the library" { expect one() == 1 }\n')
        self.write("a.wf", 'import "lib.wf"\ntest "of the script" { expect one() == 1 }\n')
        tests = self.wf("test", "a.wf", "--json", code=DONE).json["tests"]
        self.assertEqual([t["title"] for t in tests], ["of the script"])

    def test_wrong_usage(self):
        self.assertSays(self.wf("test", code=USAGE), "FILE is missing")
        self.write("a.wf", 'test "y" { print("ran"); file.write("ran", "") }\n')
        self.assertSays(self.wf("test", "a.wf", "not_there.wf", code=USAGE), "cannot read `not_there.wf`")
        self.assertFalse(os.path.exists(self.path("ran")))
        self.assertSays(self.wf("test", "a.wf", "--filtr", "x", code=USAGE), "did you mean `--filter`")
        self.assertIn("--junit FILE", self.wf("test", "--help", code=DONE).out)

    def test_a_module_is_mocked_by_its_name_there(self):
        self.write("lib.wf", "activity pay(n: int) { exec.run([\"false\"]) }\nworkflow Sub(n: int) { pay(n) }\n")
        self.write("a.wf", 'import "lib.wf" as lib\nworkflow Main() { lib.Sub(3) }\n'
                           'test "x" {\n  mock lib.pay(n) { n * 2 }\n  expect Main() == 6\n  expect calls(lib.pay).len() == 1\n}\n'
                           'test "y" {\n  mock lib.Sub(n) { n * 3 }\n  expect Main() == 9\n  expect calls(lib.pay) == []\n}\n')
        self.wf("test", "a.wf", code=DONE)


if __name__ == "__main__":
    main()
