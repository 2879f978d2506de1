"""Pipes, closed descriptors, colours, the terminal."""

import fcntl
import pty
import struct
import termios

from harness import *

ESCAPE = "\x1b["


class Output(CliTest):
    def test_a_reader_that_leaves_does_not_kill_the_run(self):
        self.write("a.wf", 'workflow main() { for i in 0..20000 { print("line ${i}") }; sleep(1ms); file.write("done", "yes"); 1 }\n')
        read, write = os.pipe()
        process = self.start("run", "a.wf", "--id", "r", stdout=write)
        os.close(write)
        os.read(read, 10)
        os.close(read)
        answer = self.finish(process)
        self.assertEqual(answer.code, DONE, answer)
        self.assertSays(answer, "stdout", "Broken pipe")
        self.assertEqual(self.read("done"), "yes")
        self.assertEqual(self.wf("show", "r", "--json", code=DONE).json["status"], "completed")

    def test_a_reader_of_a_list_may_leave(self):
        self.write("a.wf", "workflow C(n) { n }\nworkflow main() { gather range(0, 3000, 1).map(i => spawn C(i)) ; 1 }\n")
        self.wf("run", "a.wf", code=DONE)
        done = subprocess.run(["bash", "-c", f'set -o pipefail; "{WF}" list | head -1'], cwd=self.dir, env=self.env(),
                              capture_output=True, timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))

    def test_a_full_device_is_told(self):
        self.write("a.wf", "workflow main() { 1 }\n")
        with open("/dev/full", "wb") as full:
            answer = self.finish(self.start("run", "a.wf", stdout=full))
        self.assertEqual(answer.code, FAILED)
        self.assertSays(answer, "No space left")

    def test_a_closed_stdout_never_reaches_the_store(self):
        self.write("a.wf", 'workflow main() { print("into the void"); 1 }\n')
        script = f'exec 1>&- 0<&-; exec "{WF}" run a.wf --id r'
        done = subprocess.run(["sh", "-c", script], cwd=self.dir, env=self.env(), stderr=subprocess.PIPE,
                              timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual(self.wf("show", "r", "--json", code=DONE).json["result"], 1)
        self.wf("replay", "r", code=DONE)

    def test_nothing_but_data_when_piped(self):
        self.write("a.wf", 'workflow C() { sleep(300ms) }\nworkflow main() { gather [spawn C(), spawn C()]; 1 }\n')
        answer = self.wf("run", "a.wf", code=DONE)
        self.assertEqual((answer.out, answer.err), ("1\n", ""))

    def colours_of(self, *words, **variables):
        self.write("bad.wf", "workflow main() { x }\n")
        return ESCAPE in self.wf("check", "bad.wf", *words, code=SCRIPT, **variables).err

    def test_colour_only_where_it_is_wanted(self):
        self.assertFalse(self.colours_of())
        self.assertTrue(self.colours_of("--color", "always"))
        self.assertTrue(self.colours_of("--color=always", NO_COLOR="1"))
        self.assertFalse(self.colours_of("--color", "never"))

    def on_terminal(self, *words, columns=80, **variables):
        """What a terminal of that width is sent on stdout and stderr, and the exit code."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            time.sleep(0.05)            # the size below must be there first
            os.execve(WF, [WF, *words], self.env(**variables))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        data = b""
        while True:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            data += part
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return data.decode("utf-8", "replace"), os.waitstatus_to_exitcode(status)

    def test_colour_on_a_terminal(self):
        self.write("bad.wf", "workflow main() { x }\n")
        self.assertIn(ESCAPE, self.on_terminal("check", "bad.wf")[0])
        self.assertNotIn(ESCAPE, self.on_terminal("check", "bad.wf", NO_COLOR="1")[0])
        self.assertNotIn(ESCAPE, self.on_terminal("check", "bad.wf", TERM="dumb")[0])
        self.assertNotIn(ESCAPE, self.on_terminal("check", "bad.wf", "--color=never")[0])

    def test_progress_on_a_terminal(self):
        self.write("a.wf", "workflow Child(n) { sleep(700ms); n }\n"
                           "workflow main() { gather range(0, 40, 1).map(i => spawn Child(i)) ; 1 }\n")
        said, code = self.on_terminal("run", "a.wf", "--id", "shown", columns=40)
        self.assertEqual(code, DONE, said)
        self.assertIn("shown", said)
        self.assertIn("● 40", said)
        redraws = said.count("● shown")
        self.assertLessEqual(redraws, 12, said)
        # Erased at the end: what stands after the last erasure is the result alone.
        self.assertEqual(said.split(ESCAPE + "J")[-1].strip(), "1")
        for line in said.replace("\r", "\n").split("\n"):
            shown = "".join(part.partition("m")[2] if i else part for i, part in enumerate(line.split(ESCAPE)))
            self.assertLessEqual(len(shown), 40)

    def test_no_progress_on_a_dumb_terminal(self):
        self.write("a.wf", "workflow main() { sleep(400ms); 1 }\n")
        said, _ = self.on_terminal("run", "a.wf", TERM="dumb")
        self.assertEqual(said.strip(), "1")


if __name__ == "__main__":
    main()
