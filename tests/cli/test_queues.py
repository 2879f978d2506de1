"""--queue, what waits for a queue or a worker, what `wf show` says of it; at most once across a kill."""

from harness import *

QUEUED = """activity heavy(n) with {task_queue: "heavy"} { file.append("log", "b"); sleep(100ms); file.append("log", "e"); n }
workflow main() { gather (1..4).map(n => spawn heavy(n)) }
"""

WAITING = """activity heavy(n) with {task_queue: "heavy", start_to_close_timeout: 9s} { n }
activity refund(id)
workflow Kid() with {task_queue: "kids"} { self.task_queue }
workflow main() {
  let h = spawn refund("o-1")
  let r = gather [spawn heavy(1), spawn Kid() as "kid"]
  h.cancel()
  r
}
"""

ONCE = """activity charge() with {at_most_once: true, retry_policy: {maximum_attempts: 3}} {
  file.append("charged", "x")
  while not file.exists("go") { sleep(20ms) }
  "charged"
}
workflow main() { try { charge() } catch e { [e.kind, e.cause.kind] } }
"""


class Queues(CliTest):
    def until(self, condition, what):
        end = time.time() + 20
        while not condition():
            self.assertLess(time.time(), end, f"{what} did not happen")
            time.sleep(0.02)

    def test_one_slot_is_one_at_a_time(self):
        self.write("q.wf", QUEUED)
        self.assertEqual(self.wf("run", "q.wf", "--queue", "heavy=1", code=DONE).last, [1, 2, 3])
        self.assertEqual(self.read("log"), "bebebe")

    def test_two_slots_are_two_at_a_time(self):
        self.write("q.wf", QUEUED.replace("1..4", "1..5"))
        self.wf("run", "q.wf", "--queue", "heavy=2", code=DONE)
        log = self.read("log")
        depth = [log[:i].count("b") - log[:i].count("e") for i in range(len(log) + 1)]
        self.assertEqual(max(depth), 2, log)

    def test_the_word_is_checked(self):
        self.write("q.wf", QUEUED)
        for word in ("heavy", "heavy=", "heavy=0", "=2", "heavy=two", "heavy=-1"):
            answer = self.wf("run", "q.wf", "--queue", word, code=USAGE)
            self.assertSays(answer, "--queue takes NAME=N", "--queue heavy=2", word)
        self.assertSays(self.wf("run", "q.wf", "--queue", "a=1", "--queue", "a=2", code=USAGE), "given twice")
        self.assertFalse(os.path.exists(self.path(".wakeful")))

    def test_what_nobody_serves_is_said_and_served_by_the_next_session(self):
        self.write("w.wf", WAITING)
        process = self.start("run", "w.wf", "--id", "r")
        shown = lambda: self.wf("show", "r").out
        self.until(lambda: "refund" in shown() and "kid" in shown(), "the run")
        for line in ("no worker serves activity refund (queue default)",
                     "queue heavy: if nobody serves it,  wf resume r --queue heavy=N",
                     'with {"task_queue":"heavy","start_to_close_timeout":'):
            self.assertIn(line, shown())
        self.assertIn("has not begun: queue kids: if nobody serves it,  wf resume kid --queue kids=N",
                      self.wf("show", "kid").out)
        steps = self.wf("show", "r", "--json").json["open_steps"]
        self.assertEqual([s.get("may_wait_for", "").split(":")[0] for s in steps],
                         ["no worker serves activity refund (queue default)", "queue heavy", ""])
        time.sleep(1.3)   # the warnings come after a second
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS_MAX)
        err = err.decode()
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertEqual(err.count("warning: nobody serves queue heavy: heavy of r waits"), 1, err)
        self.assertEqual(err.count("warning: nobody serves queue kids: the run of kid waits"), 1, err)
        self.assertEqual(err.count("warning: no worker serves activity refund (queue default): r waits"), 1, err)
        answer = self.wf("resume", "r", "--queue", "heavy=1", "--queue", "kids=1", code=DONE)
        self.assertIn('[1,"kids"]', answer.out)

    def test_a_run_that_waits_for_a_worker_can_be_cancelled(self):
        self.write("w.wf", 'activity refund(id)\nworkflow main() { refund(1) }\n')
        process = self.start("run", "w.wf", "--id", "r")
        self.until(lambda: "refund" in self.wf("show", "r").out, "the run")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS_MAX)
        self.assertIn("r cancelled", self.wf("cancel", "r", code=DONE).out)
        self.assertIn("activity refund cancelled: ", self.wf("history", "r").out)   # nobody had begun it

    def test_at_most_once_is_not_repeated_after_a_kill(self):
        self.write("o.wf", ONCE)
        process = self.start("run", "o.wf", "--id", "r")
        self.until(lambda: os.path.exists(self.path("charged")), "the charge")
        process.kill()
        process.communicate(timeout=SECONDS_MAX)
        self.write("go", "")
        self.assertEqual(self.wf("run", "o.wf", "--id", "r", code=DONE).last, ["ActivityFailed", "Error"])
        self.assertEqual(self.read("charged"), "x")
        self.assertIn("its outcome unknown", self.wf("history", "r").out)
        self.wf("replay", "r", code=DONE)


if __name__ == "__main__":
    unittest.main()
