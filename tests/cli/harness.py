"""What every test of the command line needs: a folder of its own, scripts in it, and `wf` with its answer.

A test file runs by itself: WF=build/wf python3 tests/cli/test_run.py
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
WF = os.path.abspath(os.environ.get("WF", os.path.join(HERE, "..", "..", "build", "wf")))
SECONDS_MAX = 60      # beyond it a process is taken to hang

DONE, FAILED, USAGE, SCRIPT, STORE, REPLAY, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def last(self):
        """The last line of stdout as JSON: the result of `wf run`."""
        return json.loads(self.out.rstrip("\n").split("\n")[-1])

    def __str__(self):
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


class CliTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="wf-cli-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return name

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def env(self, **variables):
        kept = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env.update(HOME=self.dir, LANG="C.UTF-8", TERM="xterm")
        env.update(variables)
        return {name: value for name, value in env.items() if value is not None}

    def wf(self, *words, stdin=b"", cwd=None, code=None, **variables):
        """Runs it to its end. With `code`, that must be its exit code."""
        try:
            done = subprocess.run([WF, *words], cwd=cwd or self.dir, env=self.env(**variables), input=stdin,
                                  capture_output=True, timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            self.fail(f"`wf {' '.join(map(str, words))}` hangs\n{late.stdout}\n{late.stderr}")
        answer = Answer(done.returncode, done.stdout.decode("utf-8", "replace"),
                        done.stderr.decode("utf-8", "replace"))
        self.assertNotIn("Sanitizer", answer.err)
        if code is not None:
            self.assertEqual(answer.code, code, f"`wf {' '.join(map(str, words))}`\n{answer}")
        return answer

    def start(self, *words, stdout=subprocess.PIPE, **variables):
        process = subprocess.Popen([WF, *words], cwd=self.dir, env=self.env(**variables), stdin=subprocess.DEVNULL,
                                   stdout=stdout, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        return process

    def _end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.fail("the process does not end")
        return Answer(process.returncode, (out or b"").decode(), (err or b"").decode())

    def wait_for(self, what, condition):
        until = time.monotonic() + SECONDS_MAX
        while not condition():
            if time.monotonic() > until:
                self.fail(f"{what} does not happen")
            time.sleep(0.02)

    def wait_for_file(self, name):
        self.wait_for(f"the file {name}", lambda: os.path.exists(self.path(name)))

    def assertSays(self, answer, *parts):
        for part in parts:
            self.assertIn(part, answer.err, str(answer))


def main():
    unittest.main(verbosity=1)
