#!/usr/bin/env python3
"""Every kept store still opens, reads, replays and goes on. Usage: golden_test.py WF"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = {
    "order": '{"customer":"Ada","receipt":{"amount":42,"paid":true},"items":[true,true,false,true],'
             '"undone":"ChildFailed","lucky":true,"seen":"kept"}',
    "long": "600",
}


def wf(*arguments, code=0):
    done = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, f"wf {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}"
    return done.stdout


def check(kept, store):
    expected = dict(line.split() for line in (kept / "expected").read_text().splitlines())
    before = {run["id"]: run["status"] for run in json.loads(wf("list", "--json", "--store", store))}
    assert (before["order"], before["saga"], before["long"]) == ("completed", "failed", "running"), before
    for run, records in expected.items():
        found = len(json.loads(wf("history", run, "--json", "--store", store)))
        assert found == int(records), f"{run}: {found} records, {records} expected"
    wf("replay", "order", "--store", store)
    wf("replay", "saga", "--store", store)
    wf("resume", "long", "--store", store)
    for run, result in RESULTS.items():
        shown = json.loads(wf("show", run, "--json", "--store", store))
        assert shown["result"] == json.loads(result), f"{run}: {shown['result']}"


def main():
    stores = sorted(path.parent for path in HERE.glob("*/expected"))
    if not stores:
        sys.exit("no kept store: make one with make_golden")
    for kept in stores:
        with tempfile.TemporaryDirectory() as scratch:
            store = os.path.join(scratch, "store")
            shutil.copytree(kept, store, ignore=shutil.ignore_patterns("expected"))
            check(kept, store)
            print(f"{kept.name}: opens, replays, goes on")


if __name__ == "__main__":
    main()
