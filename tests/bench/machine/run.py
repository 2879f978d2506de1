#!/usr/bin/env python3
"""Times scripts on the machine against the same work in lua5.4.

usage: run.py [--wf PROGRAM] [--bench PROGRAM] [--rounds N] [NAME…]

--wf PROGRAM     times `PROGRAM run NAME.wf --ephemeral` (default: build/wf)
--bench PROGRAM  times `PROGRAM NAME.wf` instead: the bare machine (bench_main.cpp)

Each round runs every pair once, one right after the other, so that what else happens on the machine meets both. Of each
program the CPU time counts, less that of an empty script. Printed is the median over the rounds and the ratio of the
medians: below 1 is faster than Lua. Outputs of a pair must agree. Exit 1 where a ratio is above --limit (default 2).
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
    seconds = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return seconds, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wf", default=ROOT / "build" / "wf")
    parser.add_argument("--bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=2.0)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names or sorted(p.stem for p in HERE.glob("*.wf") if p.stem != "empty")

    def ours(name):
        if options.bench:
            return [options.bench, str(HERE / f"{name}.wf")]
        return [options.wf, "run", f"{name}.wf", "--ephemeral"]

    os.chdir(HERE)
    times = {name: ([], []) for name in names + ["empty"]}
    for _ in range(options.rounds):
        for name in times:
            ours_s, ours_out = timed(ours(name))
            lua_s, lua_out = timed(["lua5.4", str(HERE / f"{name}.lua")])
            if name != "empty" and not ours_out.startswith(lua_out):
                sys.exit(f"{name}: outputs differ\n  wf:  {ours_out!r}\n  lua: {lua_out!r}")
            times[name][0].append(ours_s)
            times[name][1].append(lua_s)

    empty = [statistics.median(side) for side in times["empty"]]
    print(f"{'':16} {'wf ms':>9} {'lua ms':>9} {'ratio':>7}   spread of wf")
    slow = []
    for name in names:
        wf, lua = (statistics.median(side) - base for side, base in zip(times[name], empty))
        ratio = wf / lua
        spread = (max(times[name][0]) - min(times[name][0])) / statistics.median(times[name][0])
        print(f"{name:16} {wf * 1e3:9.1f} {lua * 1e3:9.1f} {ratio:7.2f}   {spread:6.0%}")
        if ratio > options.limit:
            slow.append(name)
    print(f"{'empty':16} {empty[0] * 1e3:9.1f} {empty[1] * 1e3:9.1f}")
    if slow:
        sys.exit(f"slower than {options.limit} x lua5.4: {', '.join(slow)}")


if __name__ == "__main__":
    main()
