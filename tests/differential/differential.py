#!/usr/bin/env python3
"""Generated programs: what `wf` makes of them must be what a tree-walking evaluator of the contract makes of them.

    differential.py --wf build/wf                      20,000 programs of a fixed seed, as in ctest
    differential.py --wf build/wf --seed 7             other programs
    differential.py --wf build/wf --only 7:1234        one of them, printed
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

from kinds import KINDS
from mix import check_mix
from shrink import shrink
from values import Unspecified

BATCH = 150
ATTEMPTS = 400  # to find a program whose outcome the contract fixes
ENOUGH = 300    # programs from which on the mix is checked


class Case:
    """One program with what the evaluator says of it."""

    def __init__(self, seed, number, kind):
        self.seed, self.number, self.kind = seed, number, kind
        self.dropped = 0
        for attempt in range(ATTEMPTS):
            self.tree = kind.generate(f"{seed}:{number}:{attempt}", f"p{number}")
            try:
                self.expected, self.seen = evaluate(kind, self.tree)
                return
            except Unspecified as why:
                self.dropped += 1
                self.why = why
        raise SystemExit(f"{seed}:{number}: no program whose outcome the contract fixes, lastly: {self.why}")


def evaluate(kind, tree):
    """The lines that `wf` must print, and what was executed."""
    evaluator = kind.make_evaluator(kind.globals_of(tree))
    lines = kind.evaluate(evaluator, tree)
    return "\n".join(evaluator.printed).split("\n") * bool(evaluator.printed) + lines, evaluator.seen


def run_wf(options, kind, trees):
    """What `wf` printed for each of the trees; a string where it did not get so far."""
    with tempfile.TemporaryDirectory(prefix="wf-diff-") as folder:
        path = os.path.join(folder, "generated.wf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(kind.file_of(trees))
        try:
            done = subprocess.run([options.wf, *kind.command, path], cwd=folder, capture_output=True, timeout=60)
            code, stdout, stderr = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            code, stdout, stderr = "no end after 60 s", late.stdout or b"", late.stderr or b""
    parts = kind.split(stdout.decode(), stderr.decode())
    trouble = f"exit code {code}: {stderr.decode()[-2000:]}" if code not in kind.exit_codes else None
    return [parts.get(kind.name_of(tree), trouble or "nothing was printed for it") for tree in trees], trouble


def differs(expected, got):
    return isinstance(got, str) or len(expected) != len(got) or \
        any(not same_line(e, g) for e, g in zip(expected, got))


def same_line(expected, got):
    """`?` in an expected outcome stands for words that the contract leaves open."""
    return expected.matches(got) if hasattr(expected, "matches") else expected == got


def compile_error(got):
    """The first error of a program that wf refuses, without its names."""
    if not isinstance(got, str) or not got.startswith("exit code 3"):
        return None
    found = re.search(r"^(?:exit code 3: )?error: (.*)$", got, re.MULTILINE)
    return found and re.sub(r"`[^`]*`", "`…`", found.group(1))


def describe(options, case):
    """A program that differs, shrunk, with both answers."""
    kind = case.kind

    def still_differs(tree):
        try:
            expected, _ = evaluate(kind, tree)
        except Unspecified:
            return False
        (got,), trouble = run_wf(options, kind, [tree])
        if compile_error(got) != refused:
            return False
        return differs(expected, got)

    (got,), _ = run_wf(options, kind, [case.tree])
    refused = compile_error(got)
    if not differs(case.expected, got):
        return f"--- {case.seed}:{case.number}: differs only among others\n"
    tree = shrink(case.tree, still_differs) if options.shrink else case.tree
    expected, _ = evaluate(kind, tree)
    (got,), _ = run_wf(options, kind, [tree])
    show = lambda lines: lines if isinstance(lines, str) else "\n".join("    " + str(line) for line in lines)
    return (f"--- {case.seed}:{case.number}\n{kind.file_of([tree])}\n  by the contract:\n{show(expected)}\n"
            f"  by wf:\n{show(got)}\n")


def run_batch(options, kind_name, numbers):
    sys.setrecursionlimit(20000)
    kind = KINDS[kind_name]
    cases = [Case(options.seed, n, kind) for n in numbers]
    got, trouble = run_wf(options, kind, [c.tree for c in cases])
    if trouble is not None:  # one of them spoils the others: each alone
        got = [run_wf(options, kind, [c.tree])[0][0] for c in cases]
    wrong = [c for c, g in zip(cases, got) if differs(c.expected, g)]
    seen = {}
    for case in cases:
        for what in case.seen:
            seen[what] = seen.get(what, 0) + 1
    return kind_name, len(cases), sum(c.dropped for c in cases), seen, [describe(options, c) for c in wrong[:2]], len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wf", required=True)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="SEED:NUMBER of one program")
    parser.add_argument("--show-mix", action="store_true", help="in how many of 1,000 programs what was executed")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    options = parser.parse_args()
    options.wf = os.path.abspath(options.wf)
    kinds = options.kind or list(KINDS)
    if options.only:
        options.seed, number = options.only.rsplit(":", 1)
        case = Case(options.seed, int(number), KINDS[kinds[0]])
        print(KINDS[kinds[0]].file_of([case.tree]), *case.expected, sep="\n")
        (got,), _ = run_wf(options, case.kind, [case.tree])
        print("agrees" if not differs(case.expected, got) else describe(options, case))
        return 0
    started, total, dropped, wrong = time.monotonic(), 0, 0, 0
    seen, sizes = {kind: {} for kind in kinds}, dict.fromkeys(kinds, 0)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        batches = []
        for kind in kinds:
            share = int(options.count * KINDS[kind].share / sum(KINDS[k].share for k in kinds))
            for first in range(0, share, BATCH):
                batches.append(pool.submit(run_batch, options, kind, range(first, min(first + BATCH, share))))
        for batch in concurrent.futures.as_completed(batches):
            kind, size, gone, what, reports, bad = batch.result()
            total, dropped, wrong = total + size, dropped + gone, wrong + bad
            sizes[kind] += size
            for key, programs in what.items():
                seen[kind][key] = seen[kind].get(key, 0) + programs
            for report in reports:
                print(report, flush=True)
            if wrong > 20:
                pool.shutdown(cancel_futures=True)
                break
    print(f"{total} programs, {dropped} dropped (the contract leaves their outcome open), {wrong} differ, "
          f"{time.monotonic() - started:.0f} s")
    broad = [check_mix(KINDS[kind].mix, seen[kind], sizes[kind]) for kind in kinds if sizes[kind] >= ENOUGH]
    if options.show_mix:
        print(*(f"{kind} {what} {n * 1000 // sizes[kind]}" for kind in kinds for what, n in sorted(seen[kind].items())),
              sep="\n")
    return 0 if not wrong and all(broad) else 1


if __name__ == "__main__":
    sys.exit(main())
