"""Every example of the library is true; the reference of the language guide is up to date; `wf doc` finds what it should.

The examples are in stdlib/examples.def; `wf doc --json` gives them.
"""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
from blocks import ROOT  # noqa: E402
from harness import CliTest, DONE, FAILED, SCRIPT, USAGE  # noqa: E402

PURE = ("pure", "prelude", "constant")


def split_example(text):
    """Code, and the result behind the last `#` that follows two spaces."""
    code, mark, result = text.rpartition("  # ")
    return (code, result) if mark else (text, "")


class Library(CliTest):
    def entries(self):
        return self.wf("doc", "--json", code=DONE).json["entries"]

    def test_results(self):
        script, names = [], []
        for entry in self.entries():
            if entry["kind"] not in PURE:
                continue
            code, result = split_example(entry["example"])
            self.assertTrue(result, f"{entry['name']}: no result behind `#`")
            # in a list, so that `1` is not `1.0` and strings have their quotes
            script.append(f"fn f{len(names)}() {{ {code} }}\nfn r{len(names)}() {{ {result} }}")
            names.append(entry["name"])
        calls = "\n".join(f"  print(json.stringify([f{i}(), r{i}()].map(x => str([x]))))" for i in range(len(names)))
        self.write("pure.wf", "\n".join(script) + "\nworkflow main() {\n" + calls + "\n}\n")
        ran = self.wf("run", "--ephemeral", "pure.wf", code=DONE)
        self.assertGreater(len(names), 100)
        for name, line in zip(names, ran.out.splitlines()):
            with self.subTest(entry=name):
                value, result = json.loads(line)
                self.assertEqual(value, result)

    def test_others_compile(self):
        for entry in self.entries():
            if entry["kind"] in PURE:
                continue
            with self.subTest(entry=entry["name"]):
                code, _ = split_example(entry["example"])
                heads = ("workflow main()", "activity main()", 'test "an example"')
                errors = [self.errors_in(head + " {\n" + code + "\n}\n") for head in heads]
                self.assertFalse(all(errors), errors)

    def errors_in(self, text):
        self.write("one.wf", text)
        found = self.wf("check", "--json", "one.wf").json["diagnostics"]
        return [d for d in found if d["severity"] == "error"]

    def test_every_entry_stands_in_its_example(self):
        for entry in self.entries():
            with self.subTest(entry=entry["name"]):
                self.assertIn(entry["name"].rpartition(".")[2], entry["example"])

    def test_the_reference_is_up_to_date(self):
        made = self.wf("doc", "--markdown", code=DONE).out
        page = (ROOT / "lang" / "guide" / "library.md").read_text(encoding="utf-8")
        self.assertEqual(page, made, "make it again: wf doc --markdown > lang/guide/library.md")


class Doc(CliTest):
    def names(self, *words):
        return [e["name"] for e in self.wf("doc", "--json", *words, code=DONE).json["entries"]]

    def test_what_a_name_may_mean(self):
        self.assertEqual(self.names("http.get"), ["http.get"])
        self.assertEqual(self.names("sort"), ["list.sort"])
        self.assertEqual(self.names("xs.sort"), ["list.sort"])
        self.assertEqual(self.names("pi"), ["math.pi"])
        self.assertEqual(set(self.names("http")), {"http." + n for n in "get post put patch delete request".split()})
        self.assertIn("list.map", self.names("map"))
        self.assertIn("map.keys", self.names("map"))
        self.assertFalse([n for n in self.names() if "__" in n])

    def test_an_effect_says_that_it_is_a_step(self):
        page = self.wf("doc", "http.get", code=DONE).out
        for part in ("http.get(url, ", "GET: ", "step of its own", "example: "):
            self.assertIn(part, page)
        self.assertNotIn("step", self.wf("doc", "list.map", code=DONE).out)

    def test_words_of_the_language_and_options(self):
        self.assertEqual(self.wf("doc", "gather", code=DONE).out,
                         "gather (a word of the language)\n  waits for all and keeps the shape\n")
        self.assertEqual(self.wf("doc", "run_timeout", "--json", code=DONE).json["words"][0]["what"],
                         "an option of `with`")
        self.assertSays(self.wf("doc", "gathr", code=FAILED), "did you mean `gather`?")

    def test_the_nearest_name(self):
        for wrong, right in (("htp.get", "http.get"), ("list.sorted", "list.sort"), ("mth", "math")):
            self.assertSays(self.wf("doc", wrong, code=FAILED), f"did you mean `{right}`?")
        self.assertSays(self.wf("doc", "zzzzzzzz", code=FAILED), "`wf doc` lists all of it")

    def test_a_file(self):
        self.write("order.wf", "let LIMIT = 5\n## Charges once.\n## Never twice.\nactivity charge(id: string,\n"
                               "  amount: float) with {start_to_close_timeout: 30s} { amount }\n"
                               "fn half(x) { x / 2 }\nworkflow Order(id: string) -> float { charge(id, half(2.0)) }\n"
                               'test "charges" { 1 }\n')
        text = self.wf("doc", "order.wf", code=DONE).out
        self.assertEqual(text, "let LIMIT = 5\n"
                               "activity charge(id: string, amount: float) with {start_to_close_timeout: 30s}\n"
                               "  Charges once.\n  Never twice.\nfn half(x)\nworkflow Order(id: string) -> float\n"
                               'test "charges"\n')
        kinds = [(d["kind"], d["name"]) for d in self.wf("doc", "--json", "order.wf").json["declarations"]]
        self.assertEqual(kinds, [("let", "LIMIT"), ("activity", "charge"), ("fn", "half"), ("workflow", "Order"),
                                 ("test", "charges")])
        self.assertIn("\nCharges once.\n", self.wf("doc", "--markdown", "order.wf").out)

    def test_files_that_cannot_be_read(self):
        self.write("bad.wf", "workflow main( {")
        self.wf("doc", "bad.wf", code=SCRIPT)
        self.wf("doc", "none.wf", code=USAGE)


if __name__ == "__main__":
    unittest.main()
