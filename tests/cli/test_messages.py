"""signal, query, update, and cancel and terminate of a run that another process carries."""

import threading

from harness import *

APPROVAL = """workflow main(limit: int = 10) {
  var most = limit
  let items = []
  on query status() { {most, items} }
  on query item(n: int) { items[n] }
  on query waits() { sleep(1s) }
  on query draws() { random.int(1, 6) }
  on query spins() { var n = 0; while true { n += 1 } }
  on update add(name: string, count: int = 1) { sleep(1ms); items.push({name, count}); items.len() }
  on update set_most(n: int) { most = n; most }
  on update pause(d: duration) { d }
  on update fails() { throw error("Mine", "no way") }
  let answer = receive("approve")
  receive("end")
  {answer, items, most}
}
"""

COUNT = """workflow main(n: int) {
  let got = []
  while got.len() < n { got.push(receive("n")) }
  got
}
"""

CANCELLED = """workflow main() {
  compensate { print("undone") }
  file.append("marks", "x")
  receive("never")
}
"""

SLOWLY_UNDONE = """workflow main() {
  compensate { file.write("undoing", ""); sleep(1s); print("undone") }
  file.write("began", "")
  receive("never")
}
"""


class Messages(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", APPROVAL)

    def is_open(self, name):
        return lambda: self.wf("show", name, "--json").code == DONE

    def begin(self, file="a.wf", name="r", *words):
        process = self.start("run", file, "--id", name, *words)
        self.wait_for(f"the start of {name}", self.is_open(name))
        return process

    def left_open(self, file="a.wf", name="r", *words):
        process = self.begin(file, name, *words)
        self.wait_for("its first wait", lambda: self.wf("show", name, "--json").json["waiting"])
        process.kill()
        process.wait()
        self.wait_for("a free store", lambda: self.wf("history", name).code == DONE)

    def inbox(self):
        folder = self.path(".wakeful", "inbox")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def watches(self, process):
        """Whether it has come to where it watches the store."""
        folder = f"/proc/{process.pid}/fd"
        try:
            return any("inotify" in os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder))
        except OSError:     # a descriptor that was closed meanwhile
            return False

    # --- a running engine

    def test_messages_to_a_running_engine(self):
        process = self.begin()
        self.assertEqual(self.wf("query", "r", "status", code=DONE).last, {"most": 10, "items": []})
        self.assertEqual(self.wf("update", "r", "add", '["x"]', code=DONE).last, 1)
        self.assertEqual(self.wf("update", "r", "add", '{"name": "y", "count": 3}', code=DONE).last, 2)
        self.assertEqual(self.wf("update", "r", "set_most", "7", code=DONE).last, 7)
        self.assertEqual(self.wf("update", "r", "set_most", '{"n": 8}', code=DONE).last, 8)
        self.assertEqual(self.wf("update", "r", "pause", '"5s"', code=DONE).last, "5s")
        self.assertEqual(self.wf("query", "r", "item", "1", code=DONE).last, {"name": "y", "count": 3})
        document = self.wf("update", "r", "set_most", "9", "--json", code=DONE).json
        self.assertEqual((document["value"], document["kept"], document["id"]), (9, False, "r"))
        self.wf("signal", "r", "approve", '{"by": "ada"}', code=DONE)
        document = self.wf("signal", "r", "end", "--json", code=DONE).json
        self.assertEqual((document["signal"], document["kept"]), ("end", False))
        answer = self.finish(process)
        self.assertEqual(answer.last, {"answer": {"by": "ada"}, "most": 9,
                                       "items": [{"name": "x", "count": 1}, {"name": "y", "count": 3}]})
        self.assertEqual(self.inbox(), [])
        self.wf("replay", "r", code=DONE)

    def test_failures_of_updates_are_their_callers(self):
        process = self.begin()
        self.assertSays(self.wf("update", "r", "fails", code=FAILED), "Mine: no way", "a.wf:")
        self.assertSays(self.wf("update", "r", "ad", code=FAILED), "did you mean `add`?", "add, set_most, pause, fails")
        self.assertSays(self.wf("update", "r", "add", '{"nam": 1}', code=FAILED), "did you mean `name`?")
        self.assertSays(self.wf("update", "r", "add", '["x", "y"]', code=FAILED), "count: expected int")
        document = self.wf("update", "r", "fails", "--json", code=FAILED).json
        self.assertEqual(document["error"]["kind"], "Mine")
        self.wf("signal", "r", "approve", code=DONE)
        self.wf("signal", "r", "end", code=DONE)
        self.assertEqual(self.finish(process).code, DONE)

    def test_queries_only_look(self):
        self.left_open()
        self.assertSays(self.wf("query", "r", "waits", code=FAILED), "`sleep` cannot stand in a query")
        self.assertSays(self.wf("query", "r", "draws", code=FAILED), "`random.int` cannot stand in a query")
        self.assertSays(self.wf("query", "r", "statu", code=FAILED), "did you mean `status`?")
        self.assertSays(self.wf("query", "r", "item", "5", code=FAILED), "IndexError")
        self.assertEqual(self.wf("query", "r", "status", "--json", code=DONE).json["value"]["most"], 10)

    def test_a_query_that_never_ends_is_stopped(self):
        self.write("s.wf", "workflow main() with {task_timeout: 200ms} {\n"
                           "  on query spins() { while true { 1 } }\n  receive(\"end\")\n}\n")
        self.left_open("s.wf")
        self.assertSays(self.wf("query", "r", "spins", code=FAILED), "Timeout", "task_timeout")

    # --- no engine

    def test_messages_are_kept_without_an_engine(self):
        self.left_open()
        answer = self.wf("signal", "r", "approve", "1", code=DONE)
        self.assertSays(answer, "kept", "wf resume r")
        document = self.wf("update", "r", "set_most", "5", "--json", code=DONE).json
        self.assertTrue(document["kept"])
        self.wf("signal", "r", "end", code=DONE)
        self.assertEqual(len(self.inbox()), 3)
        self.assertEqual(self.wf("query", "r", "status", code=DONE).last["most"], 10)
        self.assertEqual(self.wf("resume", "r", code=DONE).last, {"answer": 1, "items": [], "most": 5})
        self.assertEqual(self.inbox(), [])
        self.assertEqual(self.wf("query", "r", "status", code=DONE).last["most"], 5)   # of the closed run

    def test_what_was_kept_is_told_before_a_cancellation(self):
        self.write("told.wf", """workflow main() {
  on signal inc(n) { print("inc ${n}") }
  receive("never")
}
""")
        self.left_open("told.wf", "told")
        self.wf("signal", "told", "inc", "77")
        self.assertEqual(self.wf("cancel", "told").out, "inc 77\ntold cancelled\n")

    def test_an_update_waits_for_an_engine_that_comes_back(self):
        process = self.begin()
        os.kill(process.pid, signal.SIGSTOP)
        update = self.start("update", "r", "set_most", "5")
        self.wait_for("the update to wait", lambda: self.watches(update))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.start("resume", "r")
        answer = self.finish(update)
        self.assertEqual((answer.code, answer.last), (DONE, 5))

    def test_an_engine_that_does_not_carry_the_run(self):
        self.left_open()
        other = self.begin("a.wf", "other")
        self.assertSays(self.wf("update", "r", "set_most", "5", code=DONE), "not at work in the engine", "kept")
        self.wf("signal", "r", "approve", code=DONE)
        for name in ("approve", "end"):
            self.wf("signal", "other", name, code=DONE)
        self.assertEqual(self.finish(other).code, DONE)
        self.wf("signal", "r", "end", code=DONE)
        self.assertEqual(self.wf("resume", "r", code=DONE).last["most"], 5)

    # --- what is wrong

    def test_usage(self):
        self.left_open()
        for command in ("signal", "query", "update"):
            self.assertSays(self.wf(command, "r", "x", "{bad", code=USAGE), "cannot be read", "line 1")
            self.assertSays(self.wf(command, "q", "x", code=FAILED), "no run with the id `q`")
            self.wf(command, "r", code=USAGE)
        self.wf("terminate", "r", "--reason", "test", code=DONE)
        self.assertSays(self.wf("signal", "r", "x", code=FAILED), "closed already: terminated")
        self.assertSays(self.wf("update", "r", "x", code=FAILED), "closed already: terminated")

    def test_a_damaged_message_is_left_and_said(self):
        self.left_open()
        self.wf("signal", "r", "approve", code=DONE)
        with open(self.path(".wakeful", "inbox", self.inbox()[0]), "r+b") as f:
            f.seek(3)
            f.write(b"?")
        self.wf("signal", "r", "approve", "2", code=DONE)
        self.wf("signal", "r", "end", code=DONE)
        answer = self.wf("resume", "r", code=DONE)
        self.assertSays(answer, "is damaged")
        self.assertEqual(answer.last["answer"], 2)
        self.assertEqual(len(self.inbox()), 1)

    def test_an_update_of_a_run_that_ends_without_answering(self):
        self.write("u.wf", "workflow main() {\n  on update slow() { sleep(1h) }\n  receive(\"end\")\n}\n")
        process = self.begin("u.wf")
        update = self.start("update", "r", "slow")
        self.wait_for("the update", lambda: "update slow came" in self.wf("history", "r").out)
        self.wf("terminate", "r", "--reason", "test", code=DONE)
        self.assertSays(self.finish(update), "r ended before it answered: terminated")
        self.assertEqual(self.finish(process).code, FAILED)

    # --- ended from another process

    def test_cancel_beside_a_running_engine(self):
        self.write("c.wf", CANCELLED)
        process = self.begin("c.wf")
        self.wait_for_file("marks")
        answer = self.wf("cancel", "r", "--reason", "enough", code=DONE)
        self.assertEqual(answer.out, "r cancelled\n")
        ended = self.finish(process)
        self.assertEqual((ended.code, ended.out), (FAILED, "undone\n"))
        self.assertSays(ended, "cancelled: enough")
        self.assertEqual(self.inbox(), [])

    def test_terminate_beside_a_running_engine(self):
        self.write("c.wf", CANCELLED)
        process = self.begin("c.wf")
        self.wait_for_file("marks")
        self.assertEqual(self.wf("terminate", "r", "--reason", "enough", code=DONE).out, "r terminated\n")
        self.assertEqual(self.finish(process).out, "")

    def test_cancel_goes_on_where_the_engine_is_killed_in_the_middle(self):
        self.write("s.wf", SLOWLY_UNDONE)
        process = self.begin("s.wf")
        self.wait_for_file("began")
        cancel = self.start("cancel", "r", "--reason", "enough")
        self.wait_for_file("undoing")
        process.kill()
        process.wait()
        answer = self.finish(cancel)
        self.assertEqual((answer.code, answer.out), (DONE, "undone\nr cancelled\n"))
        self.assertSays(answer, "the engine has stopped; goes on in its place")
        self.wf("replay", "r", code=DONE)

    # --- never lost, never doubled

    def test_an_engine_that_is_killed_again_and_again(self):
        """200 signals while the engine is killed (SIGKILL) and restarted: each arrives once, in order."""
        self.write("n.wf", COUNT)
        count = 200
        command = ("run", "n.wf", "--id", "r", "--arg", f"n={count}")
        process = self.start(*command)
        self.wait_for("the start", self.is_open("r"))
        faults = []

        def send():
            try:
                for n in range(count):
                    self.wf("signal", "r", "n", str(n), code=DONE)
            except AssertionError as fault:
                faults.append(fault)

        sender = threading.Thread(target=send)
        sender.start()
        kills = 0
        while sender.is_alive():
            time.sleep(0.003 * (kills % 12))
            process.kill()
            process.wait()
            kills += 1
            process = self.start(*command)
        sender.join()
        process.kill()
        process.wait()
        self.assertEqual(faults, [])
        self.assertGreater(kills, 5)
        answer = self.wf(*command, code=DONE)
        self.assertEqual(answer.last, list(range(count)))
        self.assertEqual(self.inbox(), [])
        self.wf("replay", "r", code=DONE)


if __name__ == "__main__":
    main()
