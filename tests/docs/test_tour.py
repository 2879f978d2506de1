"""The tour of the README: its scripts are saved, its commands are run, and its crash happens.

Nothing depends on time: where the tour sleeps before it kills, the test waits for the second step.
"""

import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
from blocks import ROOT, blocks_of  # noqa: E402
from harness import CliTest, SECONDS_MAX, WF  # noqa: E402

WAIT_FOR_TWO_STEPS = "while [ $(cat steps.txt 2>/dev/null | wc -l) -lt 2 ]; do sleep 0.02; done; kill -9 $!; wait $! || true"

# What the commands of a block must print, by the script that they run.
EXPECTED = {
    "hello.wf": ["hello, Ada\n", '"greeted":"Ada"'],
    "orders.wf": ["failed: order-2: order 2 has no items", '{"packed":2,"failed":1}', "order-3"],
    "slow.wf": ["step 5\n", "150\n"],
    "approval.wf": ['"waiting"\n', '{"order":"o-7","state":"approved by ann"}'],
    "trip_test.wf": ["1 passed"],
    "trip.wf": ["book car\ncancel car\ncancel hotel\ncancel flight\n", '"undone: no car left"'],
}


class Tour(CliTest):
    def test_every_command(self):
        page = ROOT / "README.md"
        names = re.findall(r"`(\w+\.wf)`", page.read_text(encoding="utf-8"))
        scripts = [block for block in blocks_of(page) if block.language == "wf"]
        names = list(dict.fromkeys(names))[:len(scripts)]
        self.assertEqual(sorted(names), sorted(EXPECTED))
        for name, block in zip(names, scripts):
            self.write(name, block.text.replace("sleep 1;", "sleep 0.2;"))
        commands = [block for block in blocks_of(page) if block.language == "sh"]
        ran = [name for block in commands for name in self.run_block(block)]
        self.assertEqual(sorted(ran), sorted(EXPECTED))
        self.assertIn(len(self.read("steps.txt").splitlines()), (5, 6))

    def run_block(self, block):
        """Runs the commands of one block in one shell; gives the scripts that it started."""
        started = sorted(set(re.findall(r"wf (?:run|test) (\w+\.wf)", block.text)))
        if not started:
            return []      # how to build and install
        text = re.sub(r"^sleep [\d.]+; kill -9 \$!", WAIT_FOR_TWO_STEPS, block.text, flags=re.M)
        env = dict(self.env(), PATH=os.path.dirname(WF) + ":" + os.environ["PATH"])
        done = subprocess.run(["bash", "-e", "-c", text], cwd=self.dir, env=env, capture_output=True, text=True,
                              timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, f"{block.place}\n{done.stdout}{done.stderr}")
        for name in started:
            for part in EXPECTED[name]:
                self.assertIn(part, done.stdout, f"{block.place}\n{done.stderr}")
        return started


if __name__ == "__main__":
    unittest.main()
