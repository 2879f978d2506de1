"""cancel, terminate, resume, signals: how runs are ended, interrupted and gone on with."""

import pty

from harness import *

SOURCE = """workflow Child() { compensate { file.append("undone", "child\\n") }; sleep(1h); 1 }
workflow main(n = 0) {
  compensate { print("undo"); file.append("undone", "main\\n") }
  let h = spawn Child() as "${self.id}-child"
  file.append("marks-${self.id}", "started\\n")
  while not file.exists("go") { sleep(20ms) }
  h.cancel()
  "went on"
}
"""


class Ending(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", SOURCE)

    def begin(self, name="r"):
        process = self.start("run", "a.wf", "--id", name)
        self.wait_for_file("marks-" + name)
        return process

    def left_open(self, name="r"):
        process = self.begin(name)
        process.kill()
        process.wait()

    def status(self, name):
        return self.wf("show", name, "--json", code=DONE).json["status"]

    def test_cancel_undoes_and_ends(self):
        self.left_open()
        answer = self.wf("cancel", "r", "--reason", "customer called", code=DONE)
        self.assertIn("r cancelled", answer.out)
        self.assertEqual((self.status("r"), self.status("r-child")), ("cancelled", "cancelled"))
        self.assertEqual(self.read("undone"), "child\nmain\n")
        shown = self.wf("show", "r", "--json", code=DONE).json
        self.assertEqual(shown["error"]["kind"], "Cancelled")
        self.assertIn("customer called", shown["error"]["message"])
        again = self.wf("run", "a.wf", "--id", "r", code=FAILED)
        self.assertSays(again, "Cancelled")
        self.wf("replay", "r", code=DONE)

    def test_cancel_json(self):
        self.left_open()
        document = self.wf("cancel", "r", "--json", code=DONE).json
        self.assertEqual((document["id"], document["status"]), ("r", "cancelled"))

    def test_terminate_undoes_nothing(self):
        self.left_open()
        self.assertIn("r terminated", self.wf("terminate", "r", "--reason", "stuck", code=DONE).out)
        self.assertEqual(self.status("r"), "terminated")
        self.assertIn("stuck", self.wf("show", "r", "--json", code=DONE).json["error"]["message"])
        self.assertNotIn("main", self.read("undone") if os.path.exists(self.path("undone")) else "")
        self.assertEqual(self.status("r-child"), "cancelled")   # "wait" cancels, and does not wait
        self.assertSays(self.wf("run", "a.wf", "--id", "r", code=FAILED), "Terminated")

    def test_a_child_can_be_cancelled(self):
        self.left_open()
        self.wf("cancel", "r-child", code=DONE)
        self.assertEqual(self.status("r-child"), "cancelled")

    def test_a_closed_run_cannot_be_ended(self):
        self.write("b.wf", "workflow main() { 1 }\n")
        self.wf("run", "b.wf", "--id", "b", code=DONE)
        self.assertSays(self.wf("cancel", "b", code=FAILED), "closed already")
        self.assertSays(self.wf("terminate", "b", "--reason", "x", code=FAILED), "closed already")
        self.assertSays(self.wf("cancel", "bb", code=FAILED), "bb")

    def test_resume_goes_on_with_all(self):
        self.left_open("r")
        self.left_open("s")
        self.write("go", "")
        answer = self.wf("resume", code=DONE)
        self.assertEqual(answer.out.count('"went on"'), 2, answer)
        self.assertEqual((self.status("r"), self.status("s")), ("completed", "completed"))
        self.assertSays(self.wf("resume", code=DONE), "no run is open")

    def test_resume_by_name_and_number_as_json(self):
        self.left_open("r")
        self.left_open("s")
        self.write("go", "")
        documents = self.wf("resume", "s", "--json", code=DONE).json
        self.assertEqual([(d["id"], d["result"]) for d in documents], [("s", "went on")])
        self.assertEqual(self.status("r"), "running")
        self.assertEqual(self.wf("resume", "#1", "--json", code=DONE).json[0]["id"], "r")
        self.assertSays(self.wf("resume", "r", code=DONE), "closed already")
        self.wf("resume", "nobody", code=FAILED)

    def interrupted(self, process):
        answer = self.finish(process)
        self.assertEqual(answer.code, INTERRUPTED, answer)
        return answer

    def test_sigint_and_sigterm_keep_the_run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            name = f"by-{int(number)}"
            process = self.begin(name)
            process.send_signal(number)
            answer = self.interrupted(process)
            self.assertEqual(answer.out, "")
            self.assertSays(answer, f"wf resume {name}")
            self.assertEqual(self.status(name), "running")
        self.write("go", "")
        self.wf("run", "a.wf", "--id", "by-2", code=DONE)
        self.wf("resume", "by-15", code=DONE)

    def test_the_proposed_command_works(self):
        self.write("b.wf", 'workflow main() { file.append("marks", "x"); while not file.exists("go") { sleep(20ms) }; 7 }\n')
        process = self.start("run", "b.wf", "--store", "my store")
        self.wait_for_file("marks")
        process.send_signal(signal.SIGINT)
        answer = self.interrupted(process)
        command = answer.err.rstrip().split("To go on:")[1].strip().split("\n")[0]
        self.assertTrue(command.startswith("wf resume main-"), answer)
        self.write("go", "")
        done = subprocess.run(["sh", "-c", command.replace("wf", WF, 1)], cwd=self.dir, env=self.env(),
                              capture_output=True, timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stdout), (DONE, b"7\n"), done.stderr)

    def test_a_second_signal_ends_at_once(self):
        self.write("b.wf", 'activity slow() { file.append("marks", "x"); exec.run(["sh", "-c", "trap \'\' TERM; sleep 30"]) }\n'
                           "workflow main() { slow() }\n")
        process = self.start("run", "b.wf", "--id", "b")
        self.wait_for_file("marks")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        answer = self.interrupted(process)
        self.assertLess(time.monotonic() - begun, 5, answer)
        self.assertEqual(self.status("b"), "running")

    def test_ctrl_c_on_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(WF, [WF, "run", "a.wf", "--id", "tty"], self.env())
        self.wait_for_file("marks-tty")
        os.write(terminal, b"\x03")
        said = self.read_all(terminal)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), INTERRUPTED, said)
        self.assertIn("wf resume tty", said)

    def read_all(self, fd):
        data = b""
        while True:
            try:
                part = os.read(fd, 65536)
            except OSError:
                break
            if not part:
                break
            data += part
        return data.decode("utf-8", "replace")

    def test_abandoned_children_are_named(self):
        self.write("b.wf", 'workflow Long() { sleep(1h) }\n'
                           'workflow main() { spawn Long() as "left" with {parent_close_policy: "abandon"}; 1 }\n')
        answer = self.wf("run", "b.wf", code=DONE)
        self.assertEqual(answer.last, 1)
        self.assertSays(answer, "still open", "left", "wf resume left")
        self.assertEqual(self.status("left"), "running")

    def test_json_of_an_interrupted_run(self):
        process = self.start("run", "a.wf", "--id", "j", "--json")
        self.wait_for_file("marks-j")
        process.send_signal(signal.SIGINT)
        answer = self.interrupted(process)
        self.assertEqual(answer.json, {"id": "j", "run": 1, "workflow": "main", "status": "running"})


if __name__ == "__main__":
    main()
