"""The approval example with people in it: looked at, changed, killed while it waits, answered, resumed."""

import json
import os
import re
import shlex
import subprocess
import time

from test import EXAMPLES, ROOT, SECONDS_MAX, Place, Wrong, canonical

EXPECTED = {"state": "approved", "by": "Grace", "order": "o-chair-90",
            "notes": ["Ada changed 120 to 90", "ask for a discount"]}


def told_commands():
    """The second block of the README: the run in the background, then the messages."""
    block = re.findall(r"```sh\n(.*?)```", (EXAMPLES / "approval" / "README.md").read_text(encoding="utf-8"), re.S)[1]
    return [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]


def check(wf):
    run, query, change, too_much, note, answer = told_commands()
    if run.pop() != "&":
        raise Wrong("the README does not start the run in the background")
    for killed in (False, True):
        with Place(wf) as place:
            env = dict(os.environ, WF_STORE=os.path.join(place.folder, "store"), NO_COLOR="1")

            def call(words, code=0):
                done = subprocess.run([wf, *words[1:]], cwd=ROOT, env=env, capture_output=True, text=True,
                                      timeout=SECONDS_MAX)
                if done.returncode != code:
                    raise Wrong(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
                return done

            process = subprocess.Popen([wf, *run[1:]], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
            try:
                until = time.monotonic() + SECONDS_MAX
                while subprocess.run([wf, *query[1:]], cwd=ROOT, env=env, capture_output=True).returncode != 0:
                    if time.monotonic() > until:
                        raise Wrong("the query is not answered")
                    time.sleep(0.02)
                if call(change).stdout != "90\n":
                    raise Wrong("the update does not print the new amount")
                if "TooMuch" not in call(too_much, code=1).stderr:
                    raise Wrong("the update that is refused does not say so")
                call(note)
                if killed:
                    process.kill()
                    process.communicate()
                call(answer)
                if killed:
                    process = subprocess.Popen([wf, *run[1:]], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
                out, _ = process.communicate(timeout=SECONDS_MAX)
            finally:
                process.kill()
                process.wait()
            if canonical(json.loads(out)) != canonical(EXPECTED):
                raise Wrong(f"the result{' after a kill' if killed else ''}: {out}")
