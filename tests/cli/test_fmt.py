"""wf fmt: files replaced or left alone, --check, stdin, exit codes."""

from harness import *

UGLY = "workflow main( ){ let x=1  # one\n x }\n"
GOOD = "workflow main() {\n  let x = 1  # one\n  x\n}\n"


class Fmt(CliTest):
    def test_files_are_rewritten_and_keep_their_mode(self):
        self.write("a.wf", UGLY)
        self.write("b.wf", GOOD)
        os.chmod(self.path("a.wf"), 0o750)
        before = os.stat(self.path("b.wf"))
        answer = self.wf("fmt", "a.wf", "b.wf", code=DONE)
        self.assertEqual((answer.out, answer.err), ("", ""))
        self.assertEqual(self.read("a.wf"), GOOD)
        self.assertEqual(os.stat(self.path("a.wf")).st_mode & 0o777, 0o750)
        after = os.stat(self.path("b.wf"))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.wf", "b.wf"])

    def test_a_link_stays_a_link(self):
        self.write("a.wf", UGLY)
        os.symlink("a.wf", self.path("link.wf"))
        self.wf("fmt", "link.wf", code=DONE)
        self.assertTrue(os.path.islink(self.path("link.wf")))
        self.assertEqual(self.read("a.wf"), GOOD)

    def test_check_names_what_differs_and_changes_nothing(self):
        self.write("a.wf", UGLY)
        self.write("b.wf", GOOD)
        answer = self.wf("fmt", "--check", "a.wf", "b.wf", code=FAILED)
        self.assertEqual(answer.out, "")
        self.assertSays(answer, "`a.wf` is not formatted", "- workflow main( ){", "+   let x = 1  # one")
        self.assertNotIn("b.wf", answer.err)
        self.assertEqual(self.read("a.wf"), UGLY)
        self.assertEqual(self.wf("fmt", "--check", "b.wf", code=DONE).err, "")

    def test_stdin_to_stdout(self):
        self.assertEqual(self.wf("fmt", "-", stdin=UGLY.encode(), code=DONE).out, GOOD)
        self.assertEqual(self.wf("fmt", "--check", "-", stdin=GOOD.encode(), code=DONE).out, "")
        self.wf("fmt", "--check", "-", stdin=UGLY.encode(), code=FAILED)

    def test_syntax_errors_leave_the_file_alone(self):
        self.write("bad.wf", "workflow main( { 1\n")
        self.write("a.wf", UGLY)
        answer = self.wf("fmt", "bad.wf", "a.wf", code=SCRIPT)
        self.assertSays(answer, "bad.wf:1")
        self.assertEqual(self.read("bad.wf"), "workflow main( { 1\n")
        self.assertEqual(self.read("a.wf"), GOOD)
        self.assertEqual(self.wf("fmt", "-", stdin=b"workflow (", code=SCRIPT).out, "")
        self.wf("fmt", "--check", "bad.wf", "a.wf", code=SCRIPT)

    def test_what_cannot_be_read_or_written(self):
        self.assertSays(self.wf("fmt", "none.wf", code=USAGE), "cannot read `none.wf`")
        self.wf("fmt", code=USAGE)


if __name__ == "__main__":
    main()
