#!/usr/bin/env python3
"""Runs the examples as their README files say, and compares.

  test.py --wf build/wf            all of them
  test.py --wf build/wf NAME…      some
  test.py --list                   their names, for CMake

An example's folder holds input.json and expected.json (and input.CASE.json, expected.CASE.json); the command stands
in its README. expected.json has "result" or "error" {kind, message}, and "output" (lines of print, in order) or
"output_in_any_order". Each case is run, then killed at several commits and resumed: same result, no line lost.
`pipeline` has a test of its own (pipeline_test.py), `approval` a further one (approval_test.py).
Each example has `test` blocks in its scripts, which `wf test --explore` runs.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"
KILL_AT_COMMITS = (1, 2, 3, 5, 8, 13)
SECONDS_MAX = 60
EXPLORED = "60"       # schedules for each test
KILLED = (-9, 137)


class Wrong(Exception):
    pass


def names():
    return sorted(p.parent.name for p in EXAMPLES.glob("*/README.md"))


def commands(readme):
    """The command lines of a README that start one of its scripts (in the background: for a test of its own)."""
    blocks = re.findall(r"```sh\n(.*?)```", readme.read_text(encoding="utf-8"), re.S)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines
            if re.match(r"wf run |examples/\w+/run", line) and not line.endswith("&")]


def case_of(command):
    """"" for input.json, CASE for input.CASE.json."""
    given = next((word for word in command if word.startswith("@")), "@input.json")
    return Path(given[1:]).name.removeprefix("input").removesuffix(".json").removeprefix(".")


class Place:
    """A store of its own; commands run in the project's folder, as the README says."""

    def __init__(self, wf):
        self.wf = wf

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="wf-example-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command, *words, **variables):
        program = [self.wf] + command[1:] if command[0] == "wf" else [str(ROOT / command[0])] + command[1:]
        env = dict(os.environ, WF=self.wf, WF_STORE=os.path.join(self.folder, "store"), NO_COLOR="1")
        env.update({k: str(v) for k, v in variables.items()})
        done = subprocess.run([*program, "--id", "example", *words], cwd=ROOT, env=env, capture_output=True,
                              text=True, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr


def canonical(value):
    return json.dumps(value, ensure_ascii=False)


def check_document(expected, place, command):
    """The closed run against expected.json; the same command gives it again."""
    code, out, err = place.run(command, "--json")
    try:
        document = json.loads(out)
    except ValueError as fault:
        raise Wrong(f"--json prints no document (exit {code})\n{out}{err}") from fault
    if "error" in expected:
        error = document.get("error") or {}
        if error.get("kind") != expected["error"]["kind"] or error.get("message") != expected["error"]["message"]:
            raise Wrong(f"the error\n  expected: {expected['error']}\n  actual:   {error}")
    elif canonical(document.get("result")) != canonical(expected["result"]):
        raise Wrong(f"the result\n  expected: {canonical(expected['result'])}\n"
                    f"  actual:   {canonical(document.get('result'))}\n  error:    {document.get('error')}")


def check_output(expected, lines):
    """`lines` begins with what was printed; the result follows."""
    want = expected.get("output", expected.get("output_in_any_order", []))
    got = lines[:len(want)]
    if "output_in_any_order" in expected:
        want, got = sorted(want), sorted(got)
    if got != want:
        raise Wrong(f"the output\n  expected: {want}\n  actual:   {got}")


def check_case(wf, name, command):
    case = case_of(command)
    expected = json.loads((EXAMPLES / name / f"expected.{case}.json".replace("..", ".")).read_text(encoding="utf-8"))
    with Place(wf) as place:
        code, out, err = place.run(command)
        if code != (1 if "error" in expected else 0):
            raise Wrong(f"exit code {code}\n{out}{err}")
        check_output(expected, out.splitlines())
        check_document(expected, place, command)
    with services(name) as variables:
        check_killed(wf, command, expected, variables)


@contextlib.contextmanager
def services(name):
    """What must outlive the kills: the HTTP services of `microservices`, whose address the run has recorded."""
    if name != "microservices":
        yield {}
        return
    server = subprocess.Popen([sys.executable, str(EXAMPLES / name / "services.py")], stdout=subprocess.PIPE, text=True)
    try:
        yield {"SERVICES_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}"}
    finally:
        server.kill()
        server.communicate()


def check_killed(wf, command, expected, variables):
    for commit in KILL_AT_COMMITS:
        with Place(wf) as place:
            code, first, err = place.run(command, WF_CRASH_AFTER_COMMIT=commit, **variables)
            if code not in KILLED:
                break
            code, second, err = place.run(command, **variables)
            try:
                lines = (first + second).splitlines()
                for line in expected.get("output", expected.get("output_in_any_order", [])):
                    if line not in lines:
                        raise Wrong(f"a line was lost: {line}\n{err}")
                check_document(expected, place, command)
            except Wrong as wrong:
                raise Wrong(f"killed after commit {commit} and resumed: {wrong}") from wrong


def check_example(wf, name):
    scripts = sorted(EXAMPLES.joinpath(name).glob("*.wf"))
    checked = subprocess.run([wf, "check", *map(str, scripts)], capture_output=True, text=True, timeout=SECONDS_MAX)
    if checked.returncode != 0:
        raise Wrong(f"wf check:\n{checked.stdout}{checked.stderr}")
    with Place(wf) as place:        # what is found would be kept there
        tested = subprocess.run([wf, "test", *map(str, scripts), "--explore", "--limit", EXPLORED], cwd=place.folder,
                                capture_output=True, text=True, timeout=SECONDS_MAX)
    if tested.returncode != 0:
        raise Wrong(f"wf test:\n{tested.stdout}{tested.stderr}")
    if name == "pipeline":
        import pipeline_test
        pipeline_test.check(wf)
        return
    started = commands(EXAMPLES / name / "README.md")
    cases = {p.name.removeprefix("expected").removesuffix(".json").removeprefix(".")
             for p in EXAMPLES.joinpath(name).glob("expected*.json")}
    if {case_of(command) for command in started} != cases:
        raise Wrong(f"the README starts {sorted(map(case_of, started))}, expected results are there for {sorted(cases)}")
    for command in started:
        check_case(wf, name, command)
    if name == "approval":
        import approval_test
        approval_test.check(wf)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wf", default=str(ROOT / "build" / "wf"))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("examples", nargs="*")
    options = parser.parse_args()
    if options.list:
        print("\n".join(names()))
        return 0
    failed = 0
    for name in options.examples or names():
        try:
            check_example(os.path.abspath(options.wf), name)
            print(f"ok    {name}", flush=True)
        except (Wrong, subprocess.TimeoutExpired) as fault:
            failed += 1
            print(f"FAIL  {name}: {fault}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
