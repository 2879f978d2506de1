"""Words that are wrong: exit 2, the word named, the nearest right one offered. Help and version."""

import re

from harness import *


class Usage(CliTest):
    def test_alone_prints_help_to_stderr(self):
        answer = self.wf(code=USAGE)
        self.assertEqual(answer.out, "")
        self.assertSays(answer, "usage: wf", "run", "resume", "replay")

    def test_help_goes_to_stdout(self):
        for words in (["help"], ["--help"], ["-h"]):
            self.assertIn("usage: wf", self.wf(*words, code=DONE).out)

    def test_every_command_has_help_with_examples(self):
        for name in ("run resume list show history tree replay check disasm cancel terminate version").split():
            long = self.wf(name, "--help", code=DONE)
            self.assertIn(f"usage: wf {name}", long.out)
            self.assertIn("examples:", long.out)
            self.assertIn("--color", long.out)
            self.assertEqual(long.out, self.wf(name, "-h", code=DONE).out)
            self.assertEqual(long.out, self.wf("help", name, code=DONE).out)

    def test_unknown_command(self):
        self.assertSays(self.wf("rnu", code=USAGE), "unknown command `rnu`", "did you mean `run`?")
        self.assertSays(self.wf("help", "lst", code=USAGE), "did you mean `list`?")

    def test_a_script_as_command_proposes_run(self):
        self.assertSays(self.wf("order.wf", code=USAGE), "wf run order.wf")

    def test_unknown_option(self):
        self.write("a.wf", "workflow main() { 1 }\n")
        self.assertSays(self.wf("run", "a.wf", "--inptu", "{}", code=USAGE), "unknown option `--inptu`",
                        "did you mean `--input`?")
        self.assertSays(self.wf("list", "--stat=x", code=USAGE), "`--stat`", "--status")
        self.assertSays(self.wf("--store", "x", "list", code=USAGE), "--store", "a command comes first")

    def test_missing_and_too_many_arguments(self):
        self.assertSays(self.wf("run", code=USAGE), "FILE is missing", "usage: wf run FILE [WORKFLOW]")
        self.assertSays(self.wf("show", code=USAGE), "ID is missing")
        self.assertSays(self.wf("run", "a.wf", "main", "more", code=USAGE), "unexpected argument `more`")

    def test_options_without_value_or_twice(self):
        self.assertSays(self.wf("run", "a.wf", "--id", code=USAGE), "value")
        self.assertSays(self.wf("run", "a.wf", "--id", "x", "--id", "y", code=USAGE), "--id", "more than once")

    def test_words_behind_two_dashes_are_no_options(self):
        self.write("--odd.wf", "workflow main() { 1 }\n")
        self.assertEqual(self.wf("run", "--id", "x", "--", "--odd.wf", code=DONE).last, 1)
        self.assertSays(self.wf("show", "--", "--odd", code=FAILED), "--odd")

    def test_words_in_brackets_stay_whole(self):
        self.write("a.wf", "workflow main() { self.id }\n")
        self.assertEqual(self.wf("run", "a.wf", "--id", "[a,b]", code=DONE).last, "[a,b]")
        self.assertEqual(self.wf("resume", "[a,b]", code=DONE).last, "[a,b]")
        self.wf("resume", "[a,b]", "[x,y]", code=FAILED)

    def test_later_commands_are_known(self):
        table = os.path.join(HERE, "..", "..", "runtime", "cli", "subcommands.def")
        with open(table, encoding="utf-8") as rows:
            later = re.findall(r"^WF_LATER\((\w+)", rows.read(), re.M)
        for name in later:
            self.assertSays(self.wf(name, code=USAGE), "not supported yet")

    def test_color_takes_three_words(self):
        self.assertSays(self.wf("list", "--color", "sometimes", code=USAGE), "auto, always or never")

    def test_limit_and_status_are_checked(self):
        for limit in ("x", "-1", "3x"):
            self.assertSays(self.wf("list", "--limit", limit, code=USAGE), "--limit takes a number")
        self.assertSays(self.wf("list", "--status", "complete", code=USAGE), "unknown status", "`completed`",
                        "timed_out")

    def test_version(self):
        text = self.wf("version", code=DONE).out
        self.assertRegex(text, r"^wf \d+\.\d+\.\d+\n$")
        self.assertEqual(f"wf {self.wf('version', '--json', code=DONE).json['version']}\n", text)
        self.assertEqual(self.wf("--version", code=DONE).out, text)

    def test_starts_without_libcurl(self):
        """It comes with thirty libraries, most of the time of a start: `http` loads it."""
        libraries = self.wf("version", code=DONE, LD_TRACE_LOADED_OBJECTS="1").out
        self.assertIn("libc.so", libraries)
        self.assertNotIn("libcurl", libraries)

    def test_ids(self):
        self.write("a.wf", "workflow main() { 1 }\n")
        for bad, why in (("", "1 to 512"), ("x" * 513, "1 to 512"), ("#1", "#"), ("a\nb", "control"),
                         ("a\x7fb", "control"), (b"a\xff", "UTF-8")):
            self.assertSays(self.wf("run", "a.wf", "--id", bad, code=USAGE), why)
        self.assertFalse(os.path.exists(self.path(".wakeful")), "a refused run must not make a store")
        for good in ("x" * 512, "a/b c", "ü", "-x"):
            self.assertEqual(self.wf("run", "a.wf", "--id", good, code=DONE).last, 1)

    def test_terminate_wants_a_reason(self):
        self.assertSays(self.wf("terminate", "x", code=USAGE), "--reason")


if __name__ == "__main__":
    main()
