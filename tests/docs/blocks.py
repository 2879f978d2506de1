"""The blocks of code in the project's pages, and the marks behind their language (README.md)."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.S | re.M)

class Block:
    def __init__(self, page, line, info, text):
        words = info.split()
        self.page, self.line, self.text = page, line, text
        self.language = words[0] if words else ""
        self.marks = words[1:]

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def marked(self, mark):
        return mark in self.marks

    @property
    def file(self):
        """The name of `file=NAME`, or None."""
        return next((m.removeprefix("file=") for m in self.marks if m.startswith("file=")), None)

    @property
    def diagnostic(self):
        """The CODE of `error CODE`, or None."""
        return self.marks[self.marks.index("error") + 1] if "error" in self.marks else None


def blocks_of(page):
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        lines = [line[indent:] if line[:indent].isspace() else line for line in match["text"].splitlines()]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["info"], "\n".join(lines) + "\n"))
    return found


def pages():
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "*.md"],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]
