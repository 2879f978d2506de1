"""Scripts that are wrong, before and while they run: the place, the remedy, the exit code, nothing lost."""

from harness import *


class BeforeRunning(CliTest):
    def refused(self, text, *parts, name="a.wf"):
        self.write(name, text)
        answer = self.wf("run", name, code=SCRIPT)
        self.assertEqual(answer.out, "")
        self.assertFalse(os.path.exists(self.path(".wakeful")))
        self.assertSays(answer, *parts)
        self.wf("check", name, code=SCRIPT)
        self.wf("disasm", name, code=SCRIPT)
        return answer

    def test_a_missing_file(self):
        for words in (["run"], ["check"], ["disasm"]):
            self.assertSays(self.wf(*words, "nothing.wf", code=USAGE), "nothing.wf", "No such file")
        os.mkdir(self.path("folder.wf"))
        self.assertSays(self.wf("run", "folder.wf", code=USAGE), "folder.wf", "folder")

    def test_a_syntax_error_shows_line_and_caret(self):
        answer = self.refused("workflow main() {\n  let x = (1 + \n}\n", "error", "a.wf:", "^")
        self.assertRegex(answer.err, r"a\.wf:[23]:\d+")

    def test_an_unknown_name_offers_the_nearest(self):
        self.refused("fn charge() { 1 }\nworkflow main() {\n  chrage()\n}\n", "chrage", "a.wf:3:3", "charge", "3 |")

    def test_five_mistakes_are_five_errors(self):
        answer = self.refused("workflow main() {\n  aaa()\n  let x = 1\n  x = 2\n  bbb\n  len(1, 2, 3)\n  ccc\n}\n")
        self.assertEqual(sum(line.startswith("error") for line in answer.err.split("\n")), 5, answer)

    def test_an_unknown_option_of_the_language(self):
        self.refused("workflow C() { 1 }\nworkflow main() {\n  C() with {retry_polcy: {maximum_attempts: 2}}\n}\n",
                     "retry_polcy", "retry_policy", "a.wf:3:")

    def test_deep_nesting_is_an_error(self):
        self.refused("workflow main() { " + "(" * 100_000 + "1" + ")" * 100_000 + " }\n", "a.wf:1:", "nest")
        self.refused("workflow main() { " + "[" * 100_000 + "]" * 100_000 + " }\n", "a.wf:1:", "nest")
        self.refused("workflow main() { " + "if true { " * 50_000 + "}" * 50_000 + " }\n", "a.wf:1:", "nest")

    def test_not_utf8(self):
        self.refused(b'workflow main() {\n  "\xff"\n}\n', "a.wf:2:", "UTF-8")

    def test_missing_import(self):
        self.refused('import "lib/none.wf"\nworkflow main() { 1 }\n', "a.wf:1:", "lib/none.wf")

    def test_check_json(self):
        self.write("a.wf", "workflow main() {\n  chrage()\n}\nfn charge() { 1 }\n")
        answer = self.wf("check", "a.wf", "--json", code=SCRIPT)
        self.assertEqual(answer.err, "")
        document = answer.json
        self.assertEqual(document["errors"], 1)
        first = document["diagnostics"][0]
        self.assertEqual((first["severity"], first["file"], first["line"], first["column"]), ("error", "a.wf", 2, 3))
        self.assertIn("charge", first["message"] + (first["help"] or ""))

    def test_check_of_several_files(self):
        self.write("good.wf", "workflow main() { 1 }\n")
        self.write("bad.wf", "workflow main() { x }\n")
        self.assertEqual(self.wf("check", "good.wf", code=DONE).out, "")
        answer = self.wf("check", "good.wf", "bad.wf", code=SCRIPT)
        self.assertSays(answer, "bad.wf:1:19")
        self.assertEqual(self.wf("check", "good.wf", "--json", code=DONE).json,
                         {"diagnostics": [], "errors": 0, "warnings": 0})
        self.assertEqual(self.wf("check", "nothing.wf", "bad.wf", "--json", code=USAGE).out, "")

    def test_warnings_only_is_zero(self):
        self.write("a.wf", 'workflow main() { "total: " + 5 }\n')
        self.assertSays(self.wf("check", "a.wf", code=DONE), "warning", "[type-mistake]", "0 errors, 1 warning;")


class WhileRunning(CliTest):
    def fails(self, text, kind, *parts, **more):
        self.write("a.wf", text)
        answer = self.wf("run", "a.wf", "--id", "r", code=FAILED, **more)
        self.assertSays(answer, kind + ":", *parts)
        document = self.wf("run", "a.wf", "--id", "r", "--json", code=FAILED).json
        self.assertEqual(document["error"]["kind"], kind)
        self.wf("replay", "r", code=DONE)
        return document["error"]

    def test_integer_overflow(self):
        error = self.fails("workflow main() {\n  let big = 9223372036854775807\n  big + 1\n}\n", "ArithmeticError",
                           "main at a.wf:3:")
        self.assertRegex(error["stack"][0], r"^main at a\.wf:3:\d+$")

    def test_division_by_zero(self):
        self.fails("fn f(n) { 1 // n }\nworkflow main() { f(0) }\n", "ArithmeticError", "f at a.wf:1:", "main at a.wf:2:")

    def test_endless_recursion(self):
        self.fails("fn f(n) { f(n + 1) + 1 }\nworkflow main() { f(0) }\n", "ResourceExhausted", "call depth", "times)")

    def test_a_script_that_never_waits(self):
        self.fails("workflow Busy() { while true { } }\nworkflow main() { Busy() with {task_timeout: 300ms} }\n",
                   "ChildFailed", "Timeout", "task_timeout")

    def test_a_heap_beyond_the_limit(self):
        self.fails('workflow main() { let xs = []; while true { xs.push("item ${xs.len()}") } }\n',
                   "ResourceExhausted", "256 MiB")

    def test_one_value_beyond_the_limit(self):
        self.fails('workflow main() { var s = "0123456789"; while true { s = s + s } }\n', "ResourceExhausted")

    def test_a_value_that_cannot_leave_the_run(self):
        self.fails("workflow main() { {items: [1, x => x]} }\n", "TypeError", "items[1]")
        self.fails_child = "workflow C(input) { 1 }\nworkflow main() { C({items: [{callback: x => x}]}) }\n"
        self.write("b.wf", self.fails_child)
        self.assertSays(self.wf("run", "b.wf", "--id", "b", code=FAILED), "TypeError", "input.items[0].callback")

    def test_deep_json_inside_a_script(self):
        self.write("deep.json", "[" * 200_000 + "]" * 200_000)
        self.fails('workflow main() { json.parse(file.read("deep.json")) }\n', "JsonError", "nest")

    def test_a_deep_value_cannot_leave(self):
        self.fails("workflow main() { var v = []; for i in 0..200000 { v = [v] }; v }\n", "TypeError", "nest")

    def test_a_duplicate_id_names_its_holder(self):
        self.fails('workflow C() { sleep(1s); 1 }\n'
                   'workflow main() { spawn C() as "same"; spawn C() as "same" }\n', "AlreadyExists", "same")

    def test_http_without_libcurl(self):
        self.write("lib/libcurl.so.4", "")
        error = self.fails('workflow main() { http.get("http://localhost:1/") }\n', "HttpError", "http.get()", "libcurl4",
                           LD_LIBRARY_PATH=self.path("lib"))
        self.assertEqual(error["data"]["status"], 0)


if __name__ == "__main__":
    main()
