"""Every block of `.wf` code in every page of the project compiles; those with a `main` that needs nothing are run.

README.md lists the marks that a block may bear.
"""

import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
from blocks import ROOT, blocks_of, pages  # noqa: E402
from harness import CliTest, DONE, FAILED  # noqa: E402

WORKFLOW = re.compile(r"^workflow (\w+)\((.*?)\)(?: ->.*| with.*)? \{", re.M)     # name and parameters
MARKS = {"compile", "fails", "fragment", "error"}


class Blocks(CliTest):
    def test_every_block(self):
        seen = 0
        for page in pages():
            found = blocks_of(page)
            for i, block in enumerate(found):
                if block.language != "wf":
                    continue
                seen += 1
                output = found[i + 1] if i + 1 < len(found) and found[i + 1].language == "output" else None
                with self.subTest(block=block.place):
                    self.check(block, output)
        self.assertGreater(seen, 5)

    def test_every_block_is_formatted(self):
        names = {}
        for page in pages():
            for block in blocks_of(page):
                if block.language == "wf" and not block.marked("fragment") and not block.diagnostic:
                    names[self.write(f"block{len(names)}.wf", block.text)] = block.place
        said = self.wf("fmt", "--check", *names)
        wrong = [place for name, place in names.items() if re.search(rf"\b{name}\b", said.err)]
        self.assertEqual((said.code, wrong), (DONE, []), "write them as `wf fmt` does")

    def test_examples_are_clean(self):
        """`wf check` has nothing to say of any example."""
        scripts = sorted((ROOT / "examples").rglob("*.wf"))
        self.assertGreater(len(scripts), 10)
        for script in scripts:
            with self.subTest(script=script.name):
                self.assertEqual(self.wf("check", "--json", str(script), code=DONE).json["diagnostics"], [])

    def check(self, block, output):
        code = block.diagnostic
        unknown = [m for m in block.marks if m not in MARKS and m != code and not m.startswith("file=")]
        self.assertEqual(unknown, [], "a mark that tests/docs/README.md does not have")
        text = block.text
        if block.marked("fragment"):
            text = "workflow fragment() {\n" + text + "}\n"
        name = self.write(os.path.join(block.page.stem, block.file or "block.wf"), text)
        checked = self.wf("check", "--json", name)
        found = [d["code"] for d in checked.json["diagnostics"]] if checked.out else [str(checked)]
        if code:
            self.assertIn(code, found)
            return
        self.assertEqual(checked.code, DONE, checked)
        if not block.marked("fails"):
            self.assertEqual(found, [], "a warning; where it is meant, `# allow: name` says so")
        if re.search(r'^test "', text, re.M) and not block.marked("compile"):
            self.wf("test", name, code=DONE)
        if not self.runs(block):
            self.assertIsNone(output, "an `output` block behind a block that is not run")
            return
        ran = self.wf("run", "--ephemeral", name)
        self.assertEqual(ran.code, FAILED if block.marked("fails") else DONE, ran)
        if output and block.marked("fails"):
            self.assertIn(output.text.strip(), ran.err)
        elif output:
            self.assertEqual(ran.out.removesuffix("null\n").rstrip("\n"), output.text.rstrip("\n"))

    def runs(self, block):
        """Whether the block has a `main`, or an only workflow, that needs nothing."""
        if block.marked("compile") or block.marked("fragment") or block.file:
            return False
        found = dict(WORKFLOW.findall(block.text))
        params = found.get("main", next(iter(found.values())) if len(found) == 1 else None)
        return block.marked("fails") or params is not None and all("=" in p for p in params.split(",") if p.strip())


if __name__ == "__main__":
    unittest.main()
