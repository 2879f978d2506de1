#!/usr/bin/env python3
"""Start-up time of `wf run` on an empty script and a store that exists, less the raw syncs of the same round.

  startup.py --wf build/wf

Each round times one whole process, and beside it as many append + fdatasync pairs as that process made syncs
(counted by a first run under strace where there is one, else 2). Prints medians; floor: 15 ms.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time

FLOOR_MS = 15.0


def syncs_of(command):
    """Calls that sync, and writes to a descriptor that was opened with O_DSYNC or O_SYNC: LMDB ends a commit so."""
    if not shutil.which("strace"):
        return 2
    with tempfile.NamedTemporaryFile("r") as trace:
        calls = "openat,close,write,pwrite64,pwritev,writev,fsync,fdatasync,msync,sync"
        subprocess.run(["strace", "-f", "-qq", "-s", "0", "-o", trace.name, "-e", "trace=" + calls] + command,
                       capture_output=True)
        lines = trace.read().splitlines()
    count, synced = 0, set()
    for line in lines:
        call, _, rest = line.split(None, 1)[1].partition("(")
        first = rest.split(",")[0].split(")")[0]
        if call == "openat" and ("O_DSYNC" in rest or "O_SYNC" in rest):
            synced.add(rest.rpartition("= ")[2].strip())
        elif call == "close":
            synced.discard(first)
        elif "sync" in call or ("write" in call and first in synced):
            count += 1
    return max(count, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wf", required=True)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "empty.wf")
        with open(script, "w") as file:
            file.write("workflow main() { }\n")
        command = [os.path.abspath(args.wf), "run", "--store", os.path.join(folder, "store"), script]
        subprocess.run(command, check=True, capture_output=True)
        count = syncs_of(command)
        whole, raw = [], []
        with open(os.path.join(folder, "raw"), "wb") as file:
            for _ in range(args.rounds):
                begin = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                whole.append((time.perf_counter() - begin) * 1e3)
                begin = time.perf_counter()
                for _ in range(count):
                    file.write(b"x" * 4096)
                    file.flush()
                    os.fdatasync(file.fileno())
                raw.append((time.perf_counter() - begin) * 1e3)
    own = statistics.median(w - r for w, r in zip(whole, raw))
    print(f"start-up   {statistics.median(whole):6.1f} ms, of these {statistics.median(raw):.1f} ms for {count} raw "
          f"syncs: {own:.1f} ms of its own   floor {FLOOR_MS}")


if __name__ == "__main__":
    main()
