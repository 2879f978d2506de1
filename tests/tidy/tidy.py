#!/usr/bin/env python3
"""Rules of the tree that a compiler does not check. Usage: tidy.py [ROOT]

Prints each violation with its place and what to do; ends with "N passed, N failed" over the rules.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])

# folder -> folders whose headers it may include, besides its own and lang/base. Arrows go up only.
MAY_INCLUDE = {
    "lang/base": [],
    "lang/diagnostics": [],
    "lang/ast": [],
    "lang/bytecode": ["stdlib"],
    "stdlib": [],
    "lang/grammar": ["lang/ast", "lang/diagnostics"],
    "lang/check": ["lang/ast", "lang/diagnostics", "lang/grammar", "stdlib"],
    "lang/lint": ["lang/ast", "lang/check", "lang/diagnostics", "stdlib"],
    "lang/explain": ["lang/diagnostics/diagnostics.def"],
    "lang/format": ["lang/ast", "lang/diagnostics", "lang/grammar"],
    "lang/compile": ["lang/ast", "lang/bytecode", "lang/check", "lang/diagnostics", "lang/grammar", "lang/lint",
                     "stdlib"],
    "runtime/values": ["lang/bytecode"],
    "runtime/vm": ["lang/bytecode", "runtime/values", "stdlib"],
    "stdlib/native": ["lang/bytecode", "runtime/values", "runtime/vm", "stdlib"],
    "runtime/run": ["lang/bytecode", "lang/check/options.def", "runtime/values", "runtime/vm", "stdlib"],
    "runtime/journal": ["runtime/run/record.h", "runtime/run/records.def"],
    "runtime/replay": ["lang/bytecode", "runtime/journal", "runtime/run", "runtime/values", "runtime/vm", "stdlib"],
    "runtime/effects": ["lang/bytecode", "runtime/run/record.h", "runtime/values", "stdlib"],
    "runtime/engine": ["lang/bytecode", "runtime/effects", "runtime/journal", "runtime/replay", "runtime/run",
                       "runtime/values", "runtime/vm", "stdlib"],
    "runtime/testing": ["lang/bytecode", "lang/compile", "runtime/effects", "runtime/engine", "runtime/journal",
                        "runtime/replay", "runtime/run", "runtime/values", "runtime/vm", "stdlib"],
    "runtime/cli": ["lang", "runtime", "stdlib"],
}
LINES_MAX = 600          # over it only tables (.def)
COLUMNS_MAX = 120
BANNED = [
    (re.compile(r"\bstd::regex\b"), "use RE2: std::regex is exponential and overflows the stack"),
    (re.compile(r"\bMDB_(NOSYNC|WRITEMAP|MAPASYNC)\b(?!.*(never|test))"), "these modes lose or corrupt data in a power cut"),
    (re.compile(r"TODO\(now\)|FIXME"), "finish it, or say in the README that it is missing"),
]
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_./-])/(work|farm|root|home)/")


def tracked():
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / n for n in names if n and (ROOT / n).is_file()]


def layering(files):
    for path in files:
        folder = str(path.parent.relative_to(ROOT))
        if folder not in MAY_INCLUDE or path.suffix not in (".cpp", ".h") or path.stem.endswith(("_test", "_bench")):
            continue
        allowed = MAY_INCLUDE[folder] + [folder, "lang/base"]
        for number, line in enumerate(path.read_text().split("\n"), 1):
            found = re.match(r'#include "((lang|runtime|stdlib)/[^"]+)"', line)
            if found and not any(found[1] == a or found[1].startswith(a + "/") for a in allowed):
                yield f"{path.relative_to(ROOT)}:{number}: {folder} may not include {found[1]}"


def folders_known(files):
    for path in files:
        folder = str(path.parent.relative_to(ROOT))
        if path.suffix == ".cpp" and folder.split("/")[0] in ("lang", "runtime", "stdlib") and folder not in MAY_INCLUDE:
            yield f"{path.relative_to(ROOT)}: folder {folder} has no row in MAY_INCLUDE of tests/tidy/tidy.py"


def sizes(files):
    for path in files:
        if path.suffix not in (".cpp", ".h"):
            continue
        lines = path.read_text().split("\n")
        if len(lines) > LINES_MAX:
            yield f"{path.relative_to(ROOT)}: {len(lines)} lines; look for the second concept (limit {LINES_MAX})"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX and 'R"(' not in line:
                yield f"{path.relative_to(ROOT)}:{number}: {len(line)} columns (limit {COLUMNS_MAX})"


def banned(files):
    for path in files:
        if path.suffix not in (".cpp", ".h"):
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            code = line.split("//")[0]
            for pattern, why in BANNED:
                if pattern.search(code if "MDB" in pattern.pattern else line) and "tests/" not in str(path):
                    yield f"{path.relative_to(ROOT)}:{number}: {why}"


def maps(files):
    folders = {path.parent for path in files if path.suffix in (".cpp", ".h", ".wf")}
    for folder in sorted(folders):
        if str(folder.relative_to(ROOT)).split("/")[0] in ("lang", "runtime") and not (folder / "README.md").exists():
            yield f"{folder.relative_to(ROOT)}: no README.md: what it is for, its files in reading order"


def paths(files):
    for path in files:
        if path.suffix in (".png", ".mdb", ".gz"):
            continue
        for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
            if MACHINE_PATH.search(line) and path != Path(__file__).resolve():
                yield f"{path.relative_to(ROOT)}:{number}: a path of one machine"


def links(files):
    for path in files:
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT)}: link to {target}, which is not there"


def main():
    files = tracked()
    failed = 0
    rules = [layering, folders_known, sizes, banned, maps, paths, links]
    for rule in rules:
        violations = list(rule(files))
        failed += bool(violations)
        for violation in violations:
            print(f"{rule.__name__}: {violation}")
    print(f"{len(rules) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
