"""`wf explain` has a page for every diagnostic and every kind of error, and what the pages show is true.

lang/explain/README.md says how a page is written.
"""

import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
from blocks import ROOT, blocks_of  # noqa: E402
from harness import CliTest, DONE, FAILED, SCRIPT  # noqa: E402

PAGES = ROOT / "lang" / "explain"
NO_EXAMPLE = re.compile(r"No\s+short\s+example")
# how the runtime makes its errors, and how the checker names its findings
THROWN = re.compile(r'\b(?:fail|raise|make_error|error_cbor)\((?:[^";(]*, ?)?\s*"([A-Z][A-Za-z]+)"')
FOUND = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)*)"')


class Explain(CliTest):
    def rows(self):
        return self.wf("explain", "--json", code=DONE).json["names"]

    def test_each_row_has_a_page_and_each_page_a_row(self):
        names = {row["name"] for row in self.rows()}
        pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}
        self.assertEqual(names, pages)

    def test_the_pages_of_diagnostics(self):
        for row in self.rows():
            if row["what"] == "kind of error":
                continue
            with self.subTest(code=row["name"]):
                blocks = self.blocks(row)
                if not blocks:
                    continue
                self.assertEqual(blocks[0].diagnostic, row["name"])
                self.assertEqual(self.found(blocks[0]), {row["name"]})
                self.assertIsNone(blocks[-1].diagnostic, "the last block is the right form")
                self.assertEqual(self.found(blocks[-1]), set())

    def test_the_pages_of_error_kinds(self):
        for row in self.rows():
            if row["what"] != "kind of error":
                continue
            with self.subTest(kind=row["name"]):
                self.assertIn("etried", row["page"], "says whether it is retried")
                blocks = self.blocks(row)
                if not blocks:
                    continue
                self.assertTrue(blocks[0].marked("fails"))
                self.write("fails.wf", blocks[0].text)
                ran = self.wf("run", "--ephemeral", "--json", "fails.wf", code=FAILED)
                self.assertEqual(ran.json["error"]["kind"], row["name"])
                self.assertFalse(blocks[-1].marked("fails"), "the last block handles it")

    def blocks(self, row):
        """The wrong and the right code of a page; none only where the page says so."""
        blocks = [b for b in blocks_of(PAGES / (row["name"] + ".md")) if b.language == "wf"]
        self.assertEqual(bool(NO_EXAMPLE.search(row["page"])), not blocks)
        self.assertNotEqual(len(blocks), 1, "the wrong code and the right")
        return blocks

    def found(self, block):
        name = self.write("page.wf", block.text)
        return {d["code"] for d in self.wf("check", "--json", name).json["diagnostics"]}

    def test_each_kind_that_is_thrown_has_a_row(self):
        kinds = {row["name"] for row in self.rows() if row["what"] == "kind of error"}
        thrown = set()
        for folder in ("runtime", "stdlib"):
            for source in (ROOT / folder).rglob("*.cpp"):
                if not source.stem.endswith(("_test", "_bench")):
                    thrown |= set(THROWN.findall(source.read_text(encoding="utf-8")))
        self.assertGreater(len(thrown), 15)
        self.assertEqual(thrown - kinds, set())

    def test_the_guide_has_the_table_of_kinds(self):
        table = (ROOT / "lang" / "base" / "error_kinds.def").read_text(encoding="utf-8")
        rows = re.findall(r'^WF_ERROR_KIND\((\w+), *(\d), "(.*)"\)', table, re.M)
        self.assertGreater(len(rows), 20)
        guide = (ROOT / "lang" / "guide" / "errors.md").read_text(encoding="utf-8")
        for kind, retried, line in rows:
            with self.subTest(kind=kind):
                self.assertIn(f"| [`{kind}`](../explain/{kind}.md) | {line} | {'yes' if retried == '1' else 'never'} |",
                              guide)

    def test_each_code_is_used(self):
        codes = {row["name"] for row in self.rows() if row["what"] != "kind of error"}
        used = set()
        for source in (ROOT / "lang").rglob("*"):
            if source.suffix in (".cpp", ".h") and not source.stem.endswith("_test"):
                used |= set(FOUND.findall(source.read_text(encoding="utf-8")))
        self.assertEqual(codes - used, set())

    def test_a_page_is_printed(self):
        text = self.wf("explain", "unknown-name", code=DONE).out
        self.assertTrue(text.startswith("unknown-name (error): no such name"))
        self.assertIn("\n    workflow main() { chrage(12.5) }\n\nright:\n    activity", text)
        self.assertNotIn("```", text)
        self.assertIn("kind of error", self.wf("explain", "ChildFailed", code=DONE).out)

    def test_the_list_has_every_name(self):
        text = self.wf("explain", code=DONE).out
        for row in self.rows():
            self.assertRegex(text, rf"\n  {row['name']} +\S")

    def test_the_nearest_name(self):
        self.assertSays(self.wf("explain", "unknown-nam", code=FAILED), "did you mean `unknown-name`?")
        self.assertSays(self.wf("explain", "childfailed", code=FAILED), "did you mean `ChildFailed`?")
        self.assertSays(self.wf("explain", "zzzzzzzzzz", code=FAILED), "`wf explain` lists all")

    def test_check_names_the_codes_once(self):
        self.write("bad.wf", "workflow main() { foo(); bar(); 1.5s; math.nix }\n")
        answer = self.wf("check", "bad.wf", code=SCRIPT)
        self.assertSays(answer, "`wf explain NAME`: unknown-name, unknown-member")


if __name__ == "__main__":
    unittest.main()
