"""The tables of lang/guide/options.md say what lang/check/options.def says, and nothing else."""

import re
import unittest

from blocks import ROOT

OPTION = re.compile(r'WF_OPTION\("(\w+)",\s*([\w |]+?),\s*(\w+),\s*"([^"]*)",\s*"([^"]*)"\)')
RETRY = re.compile(r'WF_RETRY\("(\w+)",\s*(\w+),\s*"([^"]*)"\)')


def words(type_, values):
    return " ".join(f'`"{v}"`' for v in values.split()) if values else type_.lower()


class Options(unittest.TestCase):
    def test_the_page_has_a_row_for_each_option(self):
        table = (ROOT / "lang" / "check" / "options.def").read_text(encoding="utf-8")
        table = "\n".join(line for line in table.split("\n") if not line.startswith("//"))
        page = (ROOT / "lang" / "guide" / "options.md").read_text(encoding="utf-8")
        rows = [f"| `{name}` | {where.lower().replace(' | ', ', ')} | {words(type_, values)} | {doc} |"
                for name, where, type_, values, doc in OPTION.findall(table)]
        rows += [f"| `{name}` | {type_.lower()} | {doc} |" for name, type_, doc in RETRY.findall(table)]
        self.assertEqual(len(rows), table.count('WF_OPTION("') + table.count('WF_RETRY("'))
        first = page[:page.index("## Time-outs")]
        self.assertEqual([line for line in first.split("\n") if line.startswith("| `")], rows)


if __name__ == "__main__":
    unittest.main()
