"""wf run: what it prints, its document, ids that exist, the choice of the workflow."""

import re

from harness import *

FAILING = """workflow Reserve(n) {
  if n > 1 { throw error("OutOfStock", "no item ${n}", {n}) }
  n
}
fn both() { gather [spawn Reserve(1), spawn Reserve(2) as "second"] }
workflow main() {
  print("before")
  both()
}
"""

WAITING = """activity mark(name) { file.append("marks", name + "\\n"); name }
workflow main(n: int = 1) {
  mark("first")
  print("half ${n}")
  while not file.exists("go") { sleep(20ms) }
  mark("second")
  {n}
}
"""


class Run(CliTest):
    def test_prints_then_the_result(self):
        self.write("a.wf", 'workflow main() { print("one", 2); print("drei\\nvier"); {a: [1, 2.0, null], b: "ü"} }\n')
        answer = self.wf("run", "a.wf", code=DONE)
        self.assertTrue(answer.out.startswith("one 2\ndrei\nvier\n"), answer)
        self.assertEqual(answer.last, {"a": [1, 2.0, None], "b": "ü"})
        self.assertEqual(answer.err, "")

    def test_null_is_a_result(self):
        self.write("a.wf", "workflow main() { }\n")
        self.assertEqual(self.wf("run", "a.wf", code=DONE).out, "null\n")

    def test_json_document_of_success(self):
        self.write("a.wf", 'workflow Order(id) { print("hello"); [id] }\n')
        answer = self.wf("run", "a.wf", "--json", "--id", "o-1", "--arg", "id=x", code=DONE)
        self.assertEqual(answer.json, {"id": "o-1", "run": 1, "workflow": "Order", "status": "completed",
                                       "result": ["x"]})
        self.assertIn("hello", answer.err)

    def test_a_failure_is_told_with_its_stack_across_children(self):
        self.write("a.wf", FAILING)
        answer = self.wf("run", "a.wf", "--id", "r", code=FAILED)
        self.assertEqual(answer.out, "before\n")
        self.assertSays(answer, "ChildFailed: no item 2", "workflow second", "both at a.wf:5:", "main at a.wf:8:",
                        "caused by OutOfStock: no item 2", "Reserve at a.wf:2:")

    def test_json_document_of_a_failure(self):
        self.write("a.wf", FAILING)
        answer = self.wf("run", "a.wf", "--id", "r", "--json", code=FAILED).json
        self.assertEqual((answer["id"], answer["status"], answer["workflow"]), ("r", "failed", "main"))
        self.assertNotIn("result", answer)
        error = answer["error"]
        self.assertEqual(set(error), {"kind", "message", "workflow_id", "data", "cause", "stack"})
        self.assertEqual((error["kind"], error["message"], error["workflow_id"]),
                         ("ChildFailed", "no item 2", "second"))
        self.assertEqual(error["cause"]["kind"], "OutOfStock")
        self.assertEqual(error["cause"]["data"], {"n": 2})
        self.assertRegex(error["cause"]["stack"][0], r"^Reserve at a\.wf:2:\d+$")
        self.assertRegex(error["stack"][-1], r"^main at a\.wf:8:\d+$")

    def test_log_goes_to_stderr(self):
        self.write("a.wf", 'workflow main() { log.info("half way", n: 3); 1 }\n')
        answer = self.wf("run", "a.wf", code=DONE)
        self.assertEqual(answer.out, "1\n")
        self.assertSays(answer, "info", "half way", '"n":')

    def test_the_workflow_that_is_meant(self):
        self.write("main.wf", "workflow Other() { 1 }\nworkflow main() { 2 }\n")
        self.assertEqual(self.wf("run", "main.wf", code=DONE).last, 2)
        self.assertEqual(self.wf("run", "main.wf", "Other", code=DONE).last, 1)
        self.assertSays(self.wf("run", "main.wf", "Othr", code=USAGE), "no workflow `Othr`", "`Other`")
        self.write("only.wf", "workflow Only() { 3 }\nfn f() { 1 }\n")
        self.assertEqual(self.wf("run", "only.wf", code=DONE).last, 3)
        self.write("two.wf", "workflow A() { 1 }\nworkflow B() { 1 }\n")
        self.assertSays(self.wf("run", "two.wf", code=USAGE), "A, B")
        self.write("none.wf", "fn f() { 1 }\n")
        self.assertSays(self.wf("run", "none.wf", code=USAGE), "no workflow")

    def test_the_id_by_default(self):
        self.write("a.wf", "workflow Order() { self.id }\n")
        self.assertRegex(self.wf("run", "a.wf", code=DONE).last, r"^Order-[A-Za-z]{8}$")
        ids = {self.wf("run", "a.wf", code=DONE).last for _ in range(5)}
        self.assertEqual(len(ids), 5)

    def test_ephemeral_leaves_nothing(self):
        self.write("a.wf", "workflow Child() { 1 }\nworkflow main() { Child() + 1 }\n")
        self.assertEqual(self.wf("run", "a.wf", "--ephemeral", code=DONE).last, 2)
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.wf"])
        self.assertSays(self.wf("run", "a.wf", "--ephemeral", "--store", "s", code=USAGE), "--ephemeral", "--store")

    def test_where_the_store_is(self):
        self.write("a.wf", "workflow main() { 1 }\n")
        self.wf("run", "a.wf", code=DONE)
        self.assertTrue(os.path.isdir(self.path(".wakeful")))
        self.wf("run", "a.wf", code=DONE, WF_STORE=self.path("by-variable"))
        self.assertTrue(os.path.isdir(self.path("by-variable")))
        self.wf("run", "a.wf", "--store", "by-option", code=DONE, WF_STORE=self.path("unused"))
        self.assertTrue(os.path.isdir(self.path("by-option")))
        self.assertFalse(os.path.exists(self.path("unused")))

    def test_a_script_that_waits_for_input_types_checks_results(self):
        self.write("a.wf", "workflow main() -> int { \"text\" }\n")
        self.assertSays(self.wf("run", "a.wf", code=FAILED), "TypeError", "int")

    def test_imports_from_the_project_folder(self):
        self.write("lib/pay.wf", "fn pay(x) { x * 2 }\n")
        self.write("flows/order.wf", 'import "../lib/pay.wf"\nworkflow main() { pay(21) }\n')
        self.assertEqual(self.wf("run", "flows/order.wf", code=DONE).last, 42)
        # From elsewhere the project is the file's own folder, and the import leaves it.
        os.mkdir(self.path("elsewhere"))
        answer = self.wf("run", self.path("flows/order.wf"), cwd=self.path("elsewhere"), code=SCRIPT)
        self.assertSays(answer, "lib/pay.wf")


class ExistingId(CliTest):
    def test_a_closed_run_gives_its_stored_result(self):
        self.write("a.wf", 'workflow main(n = 1) { print("once"); file.append("ran", "x"); n }\n')
        self.assertEqual(self.wf("run", "a.wf", "--id", "r", code=DONE).out.rstrip(), "once\n1")
        for words in ([], ["--input", '{"n": 1}'], ["--arg", "n=1"]):
            again = self.wf("run", "a.wf", "--id", "r", *words, code=DONE if not words else None)
            if again.code == DONE:
                self.assertEqual(again.out, "1\n")
        self.assertEqual(self.read("ran"), "x")

    def test_a_closed_failure_keeps_its_exit_code(self):
        self.write("a.wf", 'workflow main() { throw "no" }\n')
        self.wf("run", "a.wf", "--id", "r", code=FAILED)
        self.assertSays(self.wf("run", "a.wf", "--id", "r", code=FAILED), "Error: no")
        self.assertEqual(self.wf("run", "a.wf", "--id", "r", "--json", code=FAILED).json["error"]["message"], "no")

    def test_another_input_or_workflow_is_refused(self):
        self.write("a.wf", "workflow main(m) { m }\nworkflow Other(m) { m }\n")
        self.wf("run", "a.wf", "--id", "r", "--input", '{"m": {"x": 1, "y": 2}}', code=DONE)
        answer = self.wf("run", "a.wf", "--id", "r", "--input", '{"m": {"x": 1, "y": 3}}', code=USAGE)
        self.assertSays(answer, "another input", '"y":2', '"y":3')
        self.assertSays(self.wf("run", "a.wf", "Other", "--id", "r", "--arg", "m=1", code=USAGE), "main", "Other")
        # The order of keys says nothing, and neither does no input at all.
        self.wf("run", "a.wf", "--id", "r", "--input", '{"m": {"y": 2, "x": 1}}', code=DONE)
        self.wf("run", "a.wf", "--id", "r", code=DONE)

    def killed_half_way(self):
        """Its first step is journaled: it must not be repeated."""
        process = self.start("run", "a.wf", "--id", "r")
        self.wait_for("the first step", lambda: "mark completed" in self.wf("history", "r").out)
        process.kill()
        process.wait()

    def test_an_open_run_goes_on_after_kill_9(self):
        self.write("a.wf", WAITING)
        self.killed_half_way()
        self.write("go", "")
        answer = self.wf("run", "a.wf", "--id", "r", code=DONE)
        self.assertEqual(answer.last, {"n": 1})
        self.assertEqual(self.read("marks"), "first\nsecond\n")

    def test_a_changed_file_is_named_and_the_old_program_goes_on(self):
        self.write("a.wf", WAITING)
        self.killed_half_way()
        self.write("a.wf", WAITING.replace("second", "changed"))
        self.write("go", "")
        answer = self.wf("run", "a.wf", "--id", "r", code=DONE)
        self.assertSays(answer, "a.wf has changed")
        self.assertEqual(self.read("marks"), "first\nsecond\n")


if __name__ == "__main__":
    main()
