"""`wf test --explore`: planted bugs are found, each by its kind of schedule, and their files show them again."""

import xml.etree.ElementTree as ElementTree

from harness import *

FAST = '''activity first() { 1 }
activity second() { 2 }
'''
ORDER = FAST + '''workflow A() { first() }
workflow B() { second() }
workflow Both() {
  let seen = []
  for h in wait_any [spawn A(), spawn B()] { seen.push(gather h) }
  seen
}
test "both" { expect Both() == [1, 2] }
'''
CRASH = '''activity add(n: int) { file.append("log.txt", "${n}\\n") }
test "once" {
  file.write("log.txt", "")
  add(1)
  expect file.read("log.txt") == "1\\n"
}
'''
HANG = FAST + '''test "answered" {
  let answer = spawn { receive("answer") }
  let asked = spawn { try { first() } catch e { receive("never") } }
  gather asked
  answer.cancel()
}
'''
UNDO = FAST + '''workflow Booking(trip) {
  first()
  compensate { trip.no_such_key }
  second()
}
test "booked" { expect Booking({}) == 2 }
'''
CLEAN = FAST + '''activity free(what) { throw "never mocked away" }
workflow Reserve(n: int) {
  first()
  compensate { free("${n}") }
  sleep(1h)
  n
}
workflow Order(items: list) {
  let done = batch item in items limit 2 { Reserve(item) }
  second()
  done.sum()
}
test "three" {
  mock free(what) { what }
  var asked = 0
  mock second() { asked += 1; if asked == 1 { throw "again" }; asked }
  expect throws("Error") { Order([1, 2, 3]) }
  expect calls(free).map(c => c.args.what).sort() == ["1", "2", "3"]
  expect Order([4]) == 4
}
'''


class Explore(CliTest):
    def explore(self, text, *words, code=FAILED):
        self.write("t.wf", text)
        [test] = self.wf("test", "t.wf", "--explore", "--json", *words, code=code).json["tests"]
        self.assertEqual(test["verdict"], "passed")
        return test["explored"]

    def found(self, text, kind):
        [finding] = [f for f in self.explore(text)["findings"] if f["kind"] == kind]
        return finding

    def again(self, finding, code=FAILED):
        [test] = self.wf("test", "t.wf", "--schedule", finding["schedule"], "--json", code=code).json["tests"]
        self.assertEqual((test["verdict"], test["error"]), (finding["verdict"], finding["error"]))
        return test

    def test_an_order_that_is_taken_for_granted(self):
        finding = self.found(ORDER, "order")
        self.assertEqual([c["what"] for c in finding["choices"]], ["test/Both-1/A-1"])
        self.assertEqual(finding["error"]["data"]["left"], [2, 1])
        self.again(finding)
        self.assertEqual(json.loads(self.read("both.order.json")),
                         {"schedule": 1, "file": "t.wf", "test": "both", "kind": "order", "choices": finding["choices"]})

    def test_two_things_that_must_be_late(self):
        finding = self.found(FAST + '''workflow W(n: int) { n }
test "three" {
  let seen = []
  for h in wait_any (1..4).map(n => spawn W(n)) { seen.push(gather h) }
  expect seen != [3, 1, 2] and seen != [3, 2, 1]
}
''', "order")
        self.assertEqual([c["what"] for c in finding["choices"]], ["test/W-1", "test/W-2"])
        self.again(finding)

    def test_a_step_that_may_not_be_repeated(self):
        finding = self.found(CRASH, "crash")
        self.assertEqual(finding["error"]["data"]["left"], "1\n1\n")
        self.assertRegex(finding["choices"][0]["what"], r"^after \d+ of \d+ records$")
        self.again(finding)

    def test_an_error_that_is_waited_out_for_ever(self):
        finding = self.found(HANG, "failure")
        self.assertEqual(finding["verdict"], "stuck")
        self.assertIn("signal never", [w["what"] for w in finding["waiting"]])
        self.again(finding)

    def test_an_undoing_that_never_ran_before(self):
        finding = self.found(UNDO, "failure")
        self.assertIn("second", finding["choices"][0]["what"])
        self.assertIn("no_such_key", json.dumps(finding["error"]))
        self.again(finding)

    def test_a_failing_expectation_is_no_finding_where_a_step_fails(self):
        explored = self.explore(FAST + 'test "t" { expect first() == 1 }\n', code=DONE)
        self.assertEqual(explored["failures"], {"run": 1, "left_out": 0})
        self.assertEqual(explored["findings"], [])

    def test_what_is_clean(self):
        explored = self.explore(CLEAN, "--limit", "200", code=DONE)
        self.assertEqual(explored["findings"], [])
        for kind in ("failures", "crashes", "orders"):
            self.assertGreater(explored[kind]["run"], 5)

    def test_the_limit_and_what_it_leaves_out(self):
        explored = self.explore(CLEAN, "--limit", "12", code=DONE)
        self.assertEqual(sum(explored[kind]["run"] for kind in ("failures", "crashes", "orders")), 12)
        self.assertGreater(explored["crashes"]["left_out"], 20)
        self.assertGreater(explored["orders"]["left_out"], 20)
        text = self.wf("test", "t.wf", "--explore", "--limit", "12", code=DONE).out
        self.assertRegex(text, r"explored: \d+ failing steps \(\d+ left out\), 4 crashes \(\d+ left out\), \d+ orders \(\d+ left out\)")

    def test_the_same_each_time(self):
        self.assertEqual(self.explore(ORDER), self.explore(ORDER))
        self.assertEqual(self.explore(CLEAN, "--limit", "60", code=DONE), self.explore(CLEAN, "--limit", "60", code=DONE))

    def test_the_report(self):
        self.write("t.wf", ORDER)
        answer = self.wf("test", "t.wf", "--explore", "--junit", "r.xml", code=FAILED)
        for part in ["FOUND   both   t.wf:10\n    explored: 2 failing steps, ",
                     "failed when test/Both-1/A-1 waits until nothing else can happen\n", "left:  [2,1]",
                     "again with: wf test t.wf --schedule both.order.json", "0 passed, 1 failed in 1 file"]:
            self.assertIn(part, answer.out)
        failure = ElementTree.fromstring(self.read("r.xml")).find("testsuite/testcase/failure")
        self.assertEqual(failure.get("type"), "explored")
        self.assertIn("both.order.json", failure.text)
        again = self.wf("test", "t.wf", "--schedule", "both.order.json", code=FAILED)
        self.assertIn("FAILED  both   t.wf:10\n", again.out)

    def test_a_failing_test_is_not_explored(self):
        self.write("t.wf", 'test "t" { expect 1 == 2 }\n')
        [test] = self.wf("test", "t.wf", "--explore", "--json", code=FAILED).json["tests"]
        self.assertEqual(test["verdict"], "failed")
        self.assertNotIn("explored", test)

    def test_a_schedule_of_a_script_that_was_mended(self):
        finding = self.found(ORDER, "order")
        self.write("t.wf", ORDER.replace("Both() == ", "Both().sort() == "))
        self.wf("test", "t.wf", "--schedule", finding["schedule"], code=DONE)

    def test_wrong_usage(self):
        self.write("t.wf", ORDER)
        for limit in ("0", "x", "-1"):
            self.assertSays(self.wf("test", "t.wf", "--explore", f"--limit={limit}", code=USAGE), "--limit takes a number")
        self.assertSays(self.wf("test", "t.wf", "--limit", "3", code=USAGE), "--limit belongs to --explore")
        self.assertSays(self.wf("test", "t.wf", "--schedule", "none.json", code=USAGE), "cannot read `none.json`")
        for text, said in [("[1", "is no schedule"), ("[]", "no JSON object"), ('{"schedule": 2}', '"schedule": 1'),
                           ('{"schedule": 1, "test": "both", "kind": "luck"}', "crash, order, failure"),
                           ('{"schedule": 1, "test": "both", "kind": "order", "choices": [{"at": -1}]}', "choice 1")]:
            with self.subTest(text):
                self.write("s.json", text)
                self.assertSays(self.wf("test", "t.wf", "--schedule", "s.json", code=USAGE), said)
        self.write("s.json", '{"schedule": 1, "test": "other", "kind": "crash", "choices": [{"at": 3}]}')
        self.assertSays(self.wf("test", "t.wf", "--schedule", "s.json", code=USAGE), "the test `other`", "not here")
        self.assertSays(self.wf("test", "t.wf", "--schedule", "s.json", "--explore", code=USAGE), "without --explore")


if __name__ == "__main__":
    main()
