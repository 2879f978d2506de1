"""What a golden script says about itself, in comments (tests/scripts/README.md has the list).

A directive that is misspelt, a script without a first line that says its intent and a script without any
expectation are faults of the script: `parse` raises ScriptFault, and the runner counts that as a failure.
"""

import difflib
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

# name -> does it state an expectation?
DIRECTIVES = {
    "expect": True,          # a line of stdout, in the order of time
    "result": True,          # the workflow's result as JSON
    "expect error": True,    # the run fails: Kind: part of the message
    "expect stderr": True,   # a part of stderr of the live run
    "check error": True,     # a compile error on this line: exit 3
    "check warning": True,   # a warning of `wf check` on this line
    "check clean": True,     # `wf check` says nothing; the text is why
    "check only": False,     # a reason: the script is checked, not run
    "status": True,          # of the closed run, as `wf run --json` names it
    "exit": True,            # the exit code, where it is not the one that follows from the others
    "input": False,          # --input
    "option": False,         # further words of the command line
    "env": False,            # NAME=VALUE for the program
    "workflow": False,       # the WORKFLOW argument
    "send": False,           # `signal NAME JSON`, `update NAME JSON`: sent from outside once the run is there
    "loose": False,          # a reason: after a kill, lines may repeat anywhere (prints of activities)
    "no kill": False,        # a reason: live and replay only
}

_COMMENT = re.compile(r"#\s*([A-Za-z][A-Za-z ]{2,20}?)\s*:(?:\s(.*))?$")


class ScriptFault(Exception):
    """The script itself is wrong, whatever the program does."""


@dataclass
class Found:
    """One directive: its line (from 1), whether it has that line for itself, its text."""
    line: int
    alone: bool
    text: str


@dataclass
class Script:
    path: Path
    lines: list
    found: dict = field(default_factory=dict)   # name -> [Found]

    def all(self, name):
        return [f.text for f in self.found.get(name, [])]

    def one(self, name, otherwise=None):
        texts = self.all(name)
        if len(texts) > 1:
            raise ScriptFault(f"`# {name}:` stands {len(texts)} times, expected once")
        return texts[0] if texts else otherwise

    @property
    def prints(self):
        return self.all("expect")

    @property
    def fails_to_compile(self):
        return "check error" in self.found

    @property
    def error(self):
        """(kind, part of the message) or None."""
        text = self.one("expect error")
        if text is None:
            return None
        kind, _, part = text.partition(":")
        return kind.strip(), part.strip()

    @property
    def result(self):
        """The expected result as canonical JSON, or None where the script does not say."""
        text = self.one("result")
        if text is None:
            return None
        try:
            return canonical(text)
        except ValueError as fault:
            raise ScriptFault(f"`# result:` is not JSON: {fault}") from fault

    @property
    def exit_code(self):
        text = self.one("exit")
        if text is not None:
            return int(text)
        if self.fails_to_compile:
            return 3
        return 1 if self.error or self.one("status", "completed") != "completed" else 0

    def command_line(self):
        words = []
        if (name := self.one("workflow")) is not None:
            words.append(name)
        if (given := self.one("input")) is not None:
            words += ["--input", given]
        for text in self.all("option"):
            words += shlex.split(text)
        return words

    def environment(self):
        return dict(text.split("=", 1) for text in self.all("env"))


def canonical(text):
    """JSON with nothing left to taste: 1 and 1.0 differ, and so does the order of keys."""
    return json.dumps(json.loads(text), ensure_ascii=False)


def parse(path):
    text = Path(path).read_text(encoding="utf-8")
    script = Script(Path(path), text.splitlines())
    for number, line in enumerate(script.lines, 1):
        match = _COMMENT.search(line)
        if match and match.group(1) == "allow":     # of the language; a directive may stand behind it
            match = _COMMENT.search(match.group(2) or "")
        if not match:
            continue
        name, rest = match.group(1), match.group(2) or ""
        if name in DIRECTIVES:
            alone = line.lstrip().startswith("#")
            script.found.setdefault(name, []).append(Found(number, alone, rest.rstrip()))
        elif near := difflib.get_close_matches(name, DIRECTIVES, n=1, cutoff=0.75):
            raise ScriptFault(f"line {number}: `# {name}:` is no directive; did you mean `# {near[0]}:`?")
    first = next((line for line in script.lines if not line.startswith("#!")), "")
    said = _COMMENT.match(first)
    if not first.startswith("# ") or (said and said.group(1) in DIRECTIVES):
        raise ScriptFault("the first line must say, in a comment, what the script is for")
    if not any(DIRECTIVES[name] for name in script.found):
        raise ScriptFault("no expectation: add `# expect:`, `# result:`, `# expect error:` or `# check error:`")
    for name in ("loose", "no kill", "check only", "check clean"):
        if name in script.found and not script.one(name):
            raise ScriptFault(f"`# {name}:` needs a reason")
    return script


def rewritten(script, prints, result, error, check_errors):
    """The script's text with the expectations that were observed, each where it stood before; what has
    no place yet goes to the end. `check_errors` is a map line -> text."""
    lines = list(script.lines)
    drop, extra = set(), []

    def put(name, values):
        old = script.found.get(name, [])
        if len(old) == len(values):
            for found, value in zip(old, values):
                where = lines[found.line - 1]
                at = where.rindex(f"# {name}:")
                lines[found.line - 1] = f"{where[:at]}# {name}: {value}".rstrip()
            return
        for found in old:
            where = lines[found.line - 1]
            lines[found.line - 1] = where[:where.rindex(f"# {name}:")].rstrip()
            if found.alone:
                drop.add(found.line - 1)
        extra.extend(f"# {name}: {value}".rstrip() for value in values)

    if check_errors:
        known = {found.line: found for found in script.found.get("check error", [])}
        for line, text in check_errors.items():
            where = lines[line - 1]
            if line in known:
                where = where[:where.rindex("# check error:")].rstrip()
            lines[line - 1] = f"{where}  # check error: {text}"
        for line in known.keys() - check_errors.keys():
            where = lines[line - 1]
            lines[line - 1] = where[:where.rindex("# check error:")].rstrip()
    else:
        put("expect", prints)
        put("expect error", [error] if error else [])
        put("result", [result] if result is not None else [])
    kept = [line for i, line in enumerate(lines) if i not in drop]
    return "\n".join(kept + extra) + "\n"
