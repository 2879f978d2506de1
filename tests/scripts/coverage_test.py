#!/usr/bin/env python3
"""Every script that COVERAGE.md names exists, and every area of scripts for the language is named there."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
text = (HERE / "COVERAGE.md").read_text(encoding="utf-8")
named = set(re.findall(r"`(\w+/\w+)`", text))
wrong = [f"COVERAGE.md names {name}, which does not exist" for name in sorted(named) if not (HERE / f"{name}.wf").exists()]
areas = {path.name for path in HERE.iterdir() if path.is_dir() and list(path.glob("*.wf"))}
mentioned = {name.split("/")[0] for name in named} | set(re.findall(r"`(\w+)/`", text))
wrong += [f"no script of {area}/ is named in COVERAGE.md" for area in sorted(areas - mentioned)]
print("\n".join(wrong) or f"{len(named)} scripts are named, all exist")
sys.exit(1 if wrong or len(named) < 200 else 0)
