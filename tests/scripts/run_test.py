#!/usr/bin/env python3
"""The runner itself: does it fail when it must? A fake `wf` plays programs that are right and wrong."""

import io
import os
import stat
import sys
import tempfile
import textwrap
import unittest
from contextlib import redirect_stdout
from pathlib import Path

import directives
import run

# The fake's behaviour stands in the environment of the script: `# env: FAKE=…`. It has two commits; between
# them it prints `a`, behind them `b` and the result.
FAKE = r'''#!/usr/bin/env python3
import json, os, signal, sys
words, fake = sys.argv[1:], os.environ.get("FAKE", "good")
store = words[words.index("--store") + 1] if "--store" in words else None
if words[0] == "check" or fake == "broken":
    sys.stderr.write("error: unknown name `x`  [unknown-name]\n  --> s.wf:2:1\n   |\n 2 | x # check error: hidden\n")
    sys.exit(3)
if words[0] == "replay":
    sys.exit(5 if fake == "replay differs" else 0)
os.makedirs(store, exist_ok=True)
if "--json" in words:
    print(json.dumps({"status": "completed", "result": 1}))
    sys.exit(0)
killed_before = os.path.exists(os.path.join(store, "killed"))
def commit(n):
    for name in ("WF_CRASH_BEFORE_COMMIT", "WF_CRASH_AFTER_COMMIT"):
        if os.environ.get(name) == str(n):
            open(os.path.join(store, "killed"), "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
commit(1)
if not (fake == "loses" and killed_before):
    print("a", flush=True)
commit(2)
print("c" if fake == "wrong line" else "b", flush=True)
print(2 if fake == "wrong result" else 1, flush=True)
'''

GOOD = """\
# says a and b
# expect: a
# expect: b
# result: 1
"""


class RunnerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.wf = Path(self.folder.name, "wf")
        self.wf.write_text(FAKE)
        self.wf.chmod(self.wf.stat().st_mode | stat.S_IXUSR)

    def outcome(self, text, *words):
        root = Path(self.folder.name, "scripts")
        root.mkdir(exist_ok=True)
        Path(root, "s.wf").write_text(textwrap.dedent(text))
        said = io.StringIO()
        with redirect_stdout(said):
            code = run.main(["--wf", str(self.wf), "--root", str(root), "--jobs", "1", *words])
        return code, said.getvalue()

    def check_fails(self, text, reason):
        code, said = self.outcome(text)
        self.assertEqual(code, 1, said)
        self.assertIn(reason, said)
        self.assertIn("0 passed, 1 failed", said)

    def test_good_script_passes(self):
        code, said = self.outcome(GOOD)
        self.assertEqual(code, 0, said)
        self.assertIn("1 passed, 0 failed (4 runs were killed and resumed)", said)

    def test_wrong_line(self):
        self.check_fails(GOOD + "# env: FAKE=wrong line\n", "expected: b")

    def test_wrong_result(self):
        self.check_fails(GOOD + "# env: FAKE=wrong result\n", "actual:   2")

    def test_replay_that_differs(self):
        self.check_fails(GOOD + "# env: FAKE=replay differs\n", "replay differs")

    def test_lost_line_after_a_kill(self):
        # Live and replayed it is right; killed at its first commit, before the line was out, it loses it.
        self.check_fails(GOOD + "# env: FAKE=loses\n", "a line was lost: a")

    def test_missing_line(self):
        self.check_fails(GOOD.replace("# result", "# expect: further\n# result"), "further")

    def test_misspelt_directive(self):
        self.check_fails(GOOD + "# expct: a\n", "did you mean `# expect:`")

    def test_no_expectation(self):
        self.check_fails("# says nothing\nworkflow main() { 1 }\n", "no expectation")

    def test_no_intent(self):
        self.check_fails("workflow main() { 1 }\n# result: 1\n", "first line")

    def test_reason_is_needed(self):
        self.check_fails(GOOD + "# no kill:\n", "reason")

    def test_quoted_source_is_no_message(self):
        text = "# env: FAKE=broken\n".join(["# a compile error\nx  # check error: hidden\n", ""])
        self.check_fails(text, "no error on line 2 that says: hidden")

    def test_compile_error_passes(self):
        code, said = self.outcome("# a compile error\nx  # check error: unknown-name, `x`\n# env: FAKE=broken\n")
        self.assertEqual(code, 0, said)

    def test_unexpected_compile_error(self):
        self.check_fails("# says 1\nx\n# result: 1\n# env: FAKE=broken\n", "exit code 3")

    def test_update_writes_expectations(self):
        code, said = self.outcome("# says something\n# expect: z\n# expect: y\n# result: 7\n", "--update")
        self.assertEqual(code, 0, said)
        text = Path(self.folder.name, "scripts", "s.wf").read_text()
        self.assertEqual(text, "# says something\n# expect: a\n# expect: b\n# result: 1\n")

    def test_int_and_float_differ(self):
        self.assertNotEqual(directives.canonical("1"), directives.canonical("1.0"))
        self.assertNotEqual(directives.canonical('{"a":1,"b":2}'), directives.canonical('{"b":2,"a":1}'))


class ResumedOutput(unittest.TestCase):
    """What may come again after a kill, and what may not be missing."""

    def check(self, before, after, prints=("a", "b", "c")):
        text = "# three lines\n" + "".join(f"# expect: {line}\n" for line in prints)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "s.wf")
            path.write_text(text)
            run.check_resumed_output(directives.parse(path), list(before), list(after))

    def test_repeated_or_exact(self):
        for before, after in (("", "abc"), ("a", "bc"), ("ab", "bc"), ("abc", ""), ("abc", "c")):
            self.check(before, after)

    def test_lost_or_wrong(self):
        for before, after in (("a", "c"), ("", "bc"), ("b", "c"), ("ab", "b"), ("a", "abcd")):
            with self.assertRaises(run.Wrong, msg=f"{before} then {after}"):
                self.check(before, after)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    sys.exit(0 if unittest.main(exit=False, verbosity=0).result.wasSuccessful() else 1)
