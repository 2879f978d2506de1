#!/usr/bin/env python3
"""Runs the golden scripts: each live, then replayed from its history, then killed after and before every
commit and resumed. What a script must do stands in its own comments (directives.py, README.md).

  run.py --wf build/wf                   all of them
  run.py --wf build/wf --area values     one folder
  run.py --wf build/wf --filter gather   those with `gather` in their path
  run.py --wf build/wf --update …        writes what was observed into the scripts; read the diff
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import directives
from directives import ScriptFault, canonical

HERE = Path(__file__).resolve().parent
PROCESS_SECONDS_MAX = 30      # beyond it a process is taken to hang
KILL_POINTS_MAX = 8           # a mode and script; see kill_points()
KILL_MODES = ("WF_CRASH_AFTER_COMMIT", "WF_CRASH_BEFORE_COMMIT")
KILLED = -9


class Wrong(Exception):
    """The program did not do what the script expects."""


class Attempt:
    """One process and what it said."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def describe(self):
        parts = [f"exit {self.code}"]
        for name, text in (("stdout", self.out), ("stderr", self.err)):
            if text.strip():
                parts.append(f"{name}:\n" + "\n".join("    " + l for l in text.rstrip().split("\n")[:40]))
        return "\n  ".join(parts)


class Place:
    """A fresh working directory with a store beside it, gone at the end."""

    def __init__(self, options, script):
        self.options, self.script = options, script

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="wf-script-")
        self.work = os.path.join(self.root, "work")
        os.mkdir(self.work)
        self.store = os.path.join(self.root, "store")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def wf(self, *words, **variables):
        env = {"PATH": os.environ.get("PATH", ""), "HOME": self.root, "NO_COLOR": "1", "LANG": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(self.script.environment())
        env.update({k: str(v) for k, v in variables.items()})
        try:
            done = subprocess.run([self.options.wf, *words], cwd=self.work, env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=PROCESS_SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"`wf {words[0]}` did not end within {PROCESS_SECONDS_MAX} s\n  stdout: "
                        f"{(late.stdout or b'').decode(errors='replace')}\n  stderr: "
                        f"{(late.stderr or b'').decode(errors='replace')}") from late
        return Attempt(done.returncode, done.stdout.decode("utf-8", "replace"),
                       done.stderr.decode("utf-8", "replace"))

    def run(self, *words, **variables):
        return self.wf("run", "--store", self.store, "--id", "x", *words, str(self.script.path),
                       *self.script.command_line(), **variables)

    def sending(self):
        """Sends what the script's `# send:` lines say, one after the other, while the run lasts: through kills and
        resumes, each message once."""
        return Sender(self)

    def replay(self):
        answer = self.wf("replay", "--store", self.store, "x")
        if answer.code != 0:
            raise Wrong(f"replay differs from what was run\n  {answer.describe()}")


class Sender:
    def __init__(self, place):
        self.place, self.left = place, [text.split(" ", 2) for text in place.script.all("send")]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.send)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def send(self):
        while self.left and not self.over.is_set():
            command, name, *json_text = self.left[0]
            try:
                done = self.place.wf(command, "--store", self.place.store, "x", name, *json_text)
            except Wrong:
                return
            # 0: sent; 1 with the answer to an update that failed: sent, too; else there is no run yet
            if done.code == 0 or "the update" in done.err:
                self.left.pop(0)
            else:
                self.over.wait(0.01)


# ---- what a run said, against what the script expects ----------------------------------------------

def split_output(script, out, code, lines_expected=None):
    """(printed lines, result as canonical JSON or None). The result is what follows the prints."""
    lines = out.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    if code != 0:
        return lines, None
    # The result may take several lines: the shortest tail that is JSON, no longer than the prints leave.
    candidates = [len(lines) - n for n in range(1, len(lines) + 1)]
    if lines_expected is not None and lines_expected < len(lines):
        candidates.insert(0, lines_expected)
    for at in candidates:
        try:
            return lines[:at], canonical("\n".join(lines[at:]))
        except ValueError:
            continue
    raise Wrong(f"stdout does not end with a result in JSON\n  stdout: {out!r}")


def compare_lines(expected, actual):
    for n, (want, got) in enumerate(zip(expected, actual), 1):
        if want != got:
            raise Wrong(f"line {n} of the output\n  expected: {want}\n  actual:   {got}")
    if len(expected) > len(actual):
        raise Wrong(f"the output ends after {len(actual)} lines\n  missing: {expected[len(actual)]}")
    if len(actual) > len(expected):
        raise Wrong(f"the output has more than {len(expected)} lines\n  first further line: {actual[len(expected)]}")


def check_exit(script, attempt):
    if attempt.code != script.exit_code:
        raise Wrong(f"exit code {attempt.code}, expected {script.exit_code}\n  {attempt.describe()}")


def check_result(script, result):
    if script.result is not None and result != script.result:
        raise Wrong(f"the result\n  expected: {script.result}\n  actual:   {result}")


def closed_run(script, place):
    """The document of the closed run; the same command gives it again without running anything."""
    attempt = place.run("--json")
    try:
        document = json.loads(attempt.out)
    except ValueError as fault:
        raise Wrong(f"`wf run --json` of a closed run prints no document\n  {attempt.describe()}") from fault
    status = script.one("status", "failed" if script.error else "completed")
    if document.get("status") != status:
        raise Wrong(f"status {document.get('status')}, expected {status}\n  {attempt.describe()}")
    if script.error:
        kind, part = script.error
        error = document.get("error") or {}
        if error.get("kind") != kind or part not in (error.get("message") or ""):
            raise Wrong(f"the error\n  expected: {kind}: …{part}…\n  actual:   "
                        f"{error.get('kind')}: {error.get('message')}")
    return document


# ---- compile errors ------------------------------------------------------------------------------

_HEAD = re.compile(r"^(error|warning)\b")
_PLACE = re.compile(r"-->\s*(.+?):(\d+):(\d+)\s*$")
_SOURCE = re.compile(r"^\s*\d+ \|")


def findings(err):
    """[(severity, line, text)] of the diagnostics on stderr."""
    blocks, block = [], None
    for line in err.split("\n"):
        if _HEAD.match(line):
            block = [line]
            blocks.append(block)
        elif block is not None:
            block.append(line)
    found = []
    for block in blocks:
        place = next((m for m in map(_PLACE.search, block) if m), None)
        if place:
            # The quoted source holds this script's own comments: they are no words of the program.
            text = "\n".join(line for line in block if not _SOURCE.match(line))
            found.append((_HEAD.match(block[0]).group(1), int(place.group(2)), text))
    return found


def says(text, part):
    """Is `part` in the finding? `code, words` asks for both."""
    code, comma, words = part.partition(", ")
    if comma and re.fullmatch(r"[a-z]+(-[a-z]+)+", code):
        return code in text and words in text
    return part in text


def check_findings(script, severity, attempt):
    left = [f for f in findings(attempt.err) if f[0] == severity]
    for want in script.found.get(f"check {severity}", []):
        match = next((f for f in left if f[1] == want.line and says(f[2], want.text)), None)
        if match is None:
            raise Wrong(f"no {severity} on line {want.line} that says: {want.text}\n  {attempt.describe()}")
        left.remove(match)
    if left:
        raise Wrong(f"{'an error' if severity == 'error' else 'a warning'} on line {left[0][1]} that the script does not expect\n  {attempt.describe()}")


# ---- the engines: live, replay, killed and resumed -------------------------------------------------

def checked(script, place):
    """The warnings are those that the script expects, where it speaks of warnings."""
    if not {"check warning", "check clean", "check only"} & set(script.found):
        return
    attempt = place.wf("check", str(script.path))
    if attempt.code != 0:
        raise Wrong(f"exit code {attempt.code} of `wf check`, expected 0\n  {attempt.describe()}")
    check_findings(script, "warning", attempt)


def live(script, options):
    with Place(options, script) as place:
        if not script.fails_to_compile:
            checked(script, place)
        if "check only" in script.found:
            return
        with place.sending():
            attempt = place.run()
        check_exit(script, attempt)
        for part in script.all("expect stderr"):
            if part not in attempt.err:
                raise Wrong(f"stderr does not say: {part}\n  {attempt.describe()}")
        if script.fails_to_compile:
            check_findings(script, "error", attempt)
            again = place.wf("check", str(script.path))
            check_exit(script, again)
            check_findings(script, "error", again)
            return
        if script.exit_code not in (0, 1):
            return
        lines, result = split_output(script, attempt.out, attempt.code, len(script.prints))
        compare_lines(script.prints, lines)
        check_result(script, result)
        closed_run(script, place)
        place.replay()


def killed_once(script, options, mode, commit):
    """Kills at one commit and goes on with the same command. False where the run ended before that."""
    with Place(options, script) as place:
        with place.sending():
            first = place.run(**{mode: commit})
            second = place.run() if first.code == KILLED else None
        if second is None:
            check_exit(script, first)
            return False
        try:
            check_exit(script, second)
            before, _ = split_output(script, first.out, 1)
            rest_expected = max(0, len(second.out.rstrip("\n").split("\n")) - 1)
            after, result = split_output(script, second.out, second.code, rest_expected)
            if result is not None and len(before) > len(script.prints):
                before, said = split_output(script, first.out, 0, len(script.prints))
                if said != result:            # it was killed after it had said its result
                    raise Wrong(f"the result before the kill\n  expected: {result}\n  actual:   {said}")
            check_result(script, result)
            check_resumed_output(script, before, after)
            if script.error or "status" in script.found:
                closed_run(script, place)
            place.replay()
        except Wrong as wrong:
            raise Wrong(f"{mode}={commit}, then resumed: {wrong}\n  first attempt: {first.describe()}"
                        f"\n  second attempt: {second.describe()}") from wrong
        return True


def check_resumed_output(script, before, after):
    """None lost; only the lines of the last durable burst may come again."""
    want = script.prints
    if "loose" in script.found:
        missing = [line for line in want if line not in before + after]
        if missing:
            raise Wrong(f"a line was lost: {missing[0]}")
        return
    compare_lines(want[:len(before)], before)
    if len(after) > len(want):
        raise Wrong(f"too many lines after the resume: {after}")
    compare_lines(want[len(want) - len(after):], after)
    if len(before) + len(after) < len(want):
        raise Wrong(f"a line was lost: {want[len(before)]}")


def kill_points(script, options, mode):
    """Commits 1, 2, 3 … until the run ends by itself. A script with many commits is probed at 1, 2, 4, 8 …
    for its length first, then at points spread evenly over it, at most KILL_POINTS_MAX in all. Gives the
    number of runs that were killed."""
    tried, kills, k = set(), 0, 1
    while killed_once(script, options, mode, k):
        tried.add(k)
        kills += 1
        k = k + 1 if k < 4 else k * 2
    left = [n for n in range(1, k) if n not in tried]
    room = max(0, options.kill_points - len(tried))
    if len(left) > room:
        left = [left[int(i * len(left) / room)] for i in range(room)]
    return kills + sum(killed_once(script, options, mode, n) for n in left)


def one(path, options):
    """(path, fault or None, number of kills, seconds)"""
    begun, kills = time.monotonic(), 0
    try:
        script = directives.parse(path)
        if options.update:
            update(script, options)
            script = directives.parse(path)
        live(script, options)
        if not (script.fails_to_compile or {"no kill", "check only"} & set(script.found) or options.no_kill
                or script.exit_code not in (0, 1)):
            for mode in KILL_MODES:
                kills += kill_points(script, options, mode)
    except (Wrong, ScriptFault) as fault:
        return path, str(fault), kills, time.monotonic() - begun
    return path, None, kills, time.monotonic() - begun


def update(script, options):
    with Place(options, script) as place:
        with place.sending():
            attempt = place.run()
        prints, result, error, check_errors = [], None, None, {}
        if attempt.code == 3:
            for severity, line, text in findings(attempt.err):
                if severity == "error":
                    check_errors[line] = re.sub(r"^error:\s*", "", text.split("\n")[0])
        elif attempt.code in (0, 1):
            prints, result = split_output(script, attempt.out, attempt.code,
                                          len(script.prints) if "result" in script.found else None)
            if attempt.code == 1:
                said = json.loads(place.run("--json").out)["error"]
                error = f"{said['kind']}: {said['message']}".split("\n")[0]
            elif "result" not in script.found and result == "null":
                result = None
        else:
            return
    script.path.write_text(directives.rewritten(script, prints, result, error, check_errors), encoding="utf-8")


def scripts(options):
    root = Path(options.root)
    folders = [root / options.area] if options.area else [root]
    # A name that begins with `_` is what another script imports, not a script of its own.
    paths = sorted(p for folder in folders for p in folder.rglob("*.wf")
                   if not any(part.startswith("_") for part in p.relative_to(root).parts))
    return [p for p in paths if options.filter in str(p.relative_to(root))]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wf", default=os.environ.get("WF", str(HERE.parent.parent / "build" / "wf")))
    parser.add_argument("--root", default=str(HERE), help="the folder of the areas")
    parser.add_argument("--area", default="", help="one folder below it")
    parser.add_argument("--filter", default="", help="only paths that hold this text")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kill-points", type=int, default=KILL_POINTS_MAX, help="at most, a mode and script")
    parser.add_argument("--no-kill", action="store_true", help="live and replay only")
    parser.add_argument("--update", action="store_true", help="write what was observed into the scripts")
    parser.add_argument("--verbose", action="store_true", help="a line for each script")
    options = parser.parse_args(arguments)
    options.wf = os.path.abspath(options.wf)
    if not os.access(options.wf, os.X_OK):
        print(f"no program at {options.wf}: build it, or say --wf PATH", file=sys.stderr)
        return 2

    failed, passed, kills = 0, 0, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for path, fault, killed, seconds in pool.map(lambda p: one(p, options), scripts(options)):
            name = Path(path).relative_to(options.root)
            kills += killed
            if fault is None:
                passed += 1
                if options.verbose:
                    print(f"ok    {name} ({killed} kills, {seconds:.2f} s)", flush=True)
            else:
                failed += 1
                print(f"FAIL  {name}: {fault}", flush=True)
    print(f"{passed} passed, {failed} failed ({kills} runs were killed and resumed)")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
