"""The main example: right figures, nothing left of what failed, and the same report however often it is killed."""

import gzip
import hashlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from test import EXAMPLES, Wrong

FILES_COUNT = 40
KILLED_ROUNDS = 6             # whole runs, each killed again and again until it ends
KILL_AFTER_MS = (5, 400)      # a random time in between, after each start
KILLS_MAX = 25                # a round then runs undisturbed
SECONDS_MAX = 120

# Files that must fail, with the kind and the message that the report shows.
FAILING = {
    "empty.txt": ("Empty", "the file is empty"),
    "deep/er/latin1.txt": ("NotText", "the file is not UTF-8"),
    "poison.txt": ("Damaged", "the compressed file does not hold what was read"),
}

# Stands before gzip in the PATH: compresses one file wrongly, so that its output is written and then refused.
BAD_GZIP = """#!/bin/sh
for word; do last="$word"; done
case "$*" in
  -nc*poison.txt) echo spoilt | PATH="${PATH#*:}" gzip -nc ;;
  *) PATH="${PATH#*:}" exec gzip "$@" ;;
esac
"""


def make_files(folder):
    rng = random.Random(3)
    texts = {}
    for i in range(FILES_COUNT):
        name = rng.choice(["", "a/", "b c/", "deep/er/"]) + f"file {i}" + rng.choice([".txt", ".md", "", ".ü"])
        lines = [f"line {n} of {name}: {rng.random()}" for n in range(rng.randrange(1, 200))]
        texts[name] = "\n".join(lines) + rng.choice(["", "\n"])
    texts["poison.txt"] = "looks harmless\n"
    texts["-n 'quoted' $HOME *.txt"] = "a difficult name\n"
    texts["line\nbreak.txt"] = "a very difficult name\n"
    contents = {name: text.encode() for name, text in texts.items()}
    contents["empty.txt"] = b""
    contents["deep/er/latin1.txt"] = b"caf\xe9\n"
    for name, content in contents.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents


class Round:
    """One output folder and its runs."""

    def __init__(self, wf, folder, out, tools):
        self.command = [str(EXAMPLES / "pipeline" / "run"), folder, out]
        self.out = out
        self.env = {k: v for k, v in os.environ.items() if k != "WF_STORE"}
        self.env.update(WF=wf, NO_COLOR="1", PATH=f"{tools}:{self.env.get('PATH', '')}")

    def start(self):
        return subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    def run(self):
        process = self.start()
        out, err = process.communicate(timeout=SECONDS_MAX)
        if process.returncode != 0:
            raise Wrong(f"the pipeline ends with {process.returncode}\n{out}{err}")
        return out

    def run_killed(self, rng):
        """Kills with SIGKILL at random times until the kills are used up or the run ends; gives the kills."""
        for kills in range(KILLS_MAX):
            process = self.start()
            time.sleep(rng.uniform(*KILL_AFTER_MS) / 1000)
            if process.poll() is not None:
                out, err = process.communicate()
                if process.returncode != 0:
                    raise Wrong(f"resumed after {kills} kills it ends with {process.returncode}\n{out}{err}")
                return kills
            # Either the engine alone, or all that it started as well: a crash of the process, or of the machine.
            if rng.random() < 0.5:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.run()
        return KILLS_MAX

    def report(self):
        return Path(self.out, "report.txt").read_text(encoding="utf-8")


def check_outputs(out, contents):
    good = {name: content for name, content in contents.items() if name not in FAILING}
    root = Path(out, "files")
    found = {str(p.relative_to(root)): p for p in root.rglob("*") if p.is_file()}
    if found.keys() != {name + ".gz" for name in good}:
        raise Wrong(f"the output files\n  too many: {sorted(found.keys() - {n + '.gz' for n in good})}\n"
                    f"  missing: {sorted({n + '.gz' for n in good} - found.keys())}")
    for name, content in good.items():
        if gzip.decompress(found[name + ".gz"].read_bytes()) != content:
            raise Wrong(f"{name}.gz does not hold what {name} holds")
    if Path(out, "parts").exists():
        raise Wrong("unfinished parts were left behind")


def check_report(report, printed, contents):
    good = {name: content for name, content in contents.items() if name not in FAILING}
    lines = report.splitlines()
    head = f"{len(good)} of {len(contents)} files processed, {len(FAILING)} failed"
    if lines[0] != head:
        raise Wrong(f"the report begins with: {lines[0]}\n  expected: {head}")
    total = next((line.split() for line in lines if line.startswith("  all ")), None)
    want = [str(len(good)), str(sum(c.count(b"\n") for c in good.values())), str(sum(map(len, good.values())))]
    if total is None or total[1:4] != want:
        raise Wrong(f"the totals of the report are {total}, expected {want}")
    for name, (kind, message) in FAILING.items():
        line = next((l for l in lines if f"  {name}: " in l), "")
        if not (line.endswith(f"{name}: {kind}: {message}") and "/file-" in line):
            raise Wrong(f"the report does not list {name} with its id and reason: {line!r}")
    biggest = max(good, key=lambda name: len(good[name]))
    if hashlib.sha256(good[biggest]).hexdigest()[:12] not in report:
        raise Wrong(f"the checksum of {biggest} is not in the report")
    if report.rstrip("\n") not in printed:
        raise Wrong("the report was not printed")


def check(wf):
    with tempfile.TemporaryDirectory(prefix="wf-pipeline-") as temp:
        folder, tools = os.path.join(temp, "in put"), os.path.join(temp, "tools")
        os.mkdir(tools)
        Path(tools, "gzip").write_text(BAD_GZIP)
        Path(tools, "gzip").chmod(0o755)
        contents = make_files(folder)

        # The output folder is part of the run's id and so of the report: each round has its own, of one name.
        out = os.path.join(temp, "out")
        undisturbed = Round(wf, folder, out, tools)
        printed = undisturbed.run()
        report = undisturbed.report()
        check_outputs(out, contents)
        check_report(report, printed, contents)

        again = undisturbed.run()
        if report not in again or json.loads(again[again.rindex("\n{") if "\n{" in again else 0:])["files"] != len(contents):
            raise Wrong(f"started again after its end it does not print its report and result\n{again}")

        seed = int(os.environ.get("WF_TEST_SEED", time.time_ns() % 1_000_000))
        rng = random.Random(seed)
        kills = 0
        for n in range(KILLED_ROUNDS):
            os.rename(out, os.path.join(temp, f"done-{n}"))
            killed = Round(wf, folder, out, tools)
            try:
                kills += killed.run_killed(rng)
                check_outputs(out, contents)
            except Wrong as wrong:
                raise Wrong(f"round {n} of WF_TEST_SEED={seed}: {wrong}") from wrong
            if killed.report() != report:
                raise Wrong(f"round {n} of WF_TEST_SEED={seed}: killed and resumed it writes another report\n"
                            f"{killed.report()}\ninstead of\n{report}")
        print(f"      pipeline: {kills} kills in {KILLED_ROUNDS} rounds, seed {seed}")
