"""wf undo: a completed run and its tree run their compensate blocks, once, whatever is killed when."""

import shutil

from harness import *

SOURCE = """activity charge(n) { {id: n} }
workflow Leaf(x) {
  compensate { file.append("undone", "leaf ${x}\\n") }
  x
}
workflow Branch(x) {
  compensate { file.append("undone", "branch ${x}\\n") }
  Leaf(x)
}
workflow main(stuck = false) {
  compensate { file.append("undone", "main\\n"); print("undone") }
  Branch("a")
  charge(7) compensate out { file.append("undone", "refund ${out.value.id}\\n") }
  Branch("b")
  compensate { if stuck { throw "no way back" } }
  print("done")
  {ok: true}
}
workflow Fails() { throw "no" }
workflow Waits() {
  file.append("began", "x")
  while not file.exists("go") { sleep(20ms) }
}
"""
ALL = ["leaf b", "branch b", "refund 7", "leaf a", "branch a", "main"]
PLACES = ["a.wf:15:3", "a.wf:3:3", "a.wf:7:3", "a.wf:13:13", "a.wf:3:3", "a.wf:7:3", "a.wf:11:3"]
RUNS = ["r", "r/Branch-2/Leaf-1", "r/Branch-2", "r", "r/Branch-1/Leaf-1", "r/Branch-1", "r"]


class Undo(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", SOURCE)

    def complete(self, *words):
        self.wf("run", "a.wf", "main", "--id", "r", *words, code=DONE)

    def undone(self):
        return self.read("undone").split() if os.path.exists(self.path("undone")) else []

    def shown(self, name):
        return self.wf("show", name, "--json", code=DONE).json

    def words(self):
        return " ".join(ALL).split()

    def test_undoes_the_tree_and_keeps_the_status(self):
        self.complete()
        self.assertEqual(self.undone(), [])
        answer = self.wf("undo", "r", code=DONE)
        self.assertEqual(answer.out, "undone\nr completed, undone\n")
        self.assertEqual(self.undone(), self.words())
        self.assertEqual(self.shown("r")["status"], "completed")
        self.assertIn("completed, undone", self.wf("show", "r", code=DONE).out)
        self.assertIn("completed, undone", self.wf("list", code=DONE).out)
        self.assertEqual(self.wf("tree", "r", code=DONE).out.count("completed, undone"), 5)
        self.wf("replay", "r", code=DONE)
        self.assertEqual(self.wf("run", "a.wf", "main", "--id", "r", code=DONE).last, {"ok": True})

    def test_json(self):
        self.complete()
        document = self.wf("undo", "r", "--json", code=DONE).json
        self.assertEqual((document["status"], document["undone"], document["result"]), ("completed", True, {"ok": True}))
        self.assertNotIn("undo_error", document)

    def test_a_second_one_says_so(self):
        self.complete()
        self.wf("undo", "r", code=DONE)
        again = self.wf("undo", "r", code=DONE)
        self.assertSays(again, "r is undone already")
        self.assertEqual(self.undone(), self.words())
        self.assertSays(self.wf("undo", "r", "--dry-run", code=DONE), "r is undone already")

    def test_dry_run_lists_what_it_would_do(self):
        self.complete()
        before = self.wf("history", "r", "--json", code=DONE).out
        answer = self.wf("undo", "r", "--dry-run", code=DONE)
        lines = answer.out.splitlines()
        self.assertIn("would run 7 compensate blocks", lines[0])
        for line, place, run in zip(lines[1:], PLACES, RUNS):
            self.assertIn(f"{place}   {run} (", line)
        self.assertIn("step done", lines[4])
        document = self.wf("undo", "r", "--dry-run", "--json", code=DONE).json
        self.assertEqual([step["place"] for step in document["would_undo"]], PLACES)
        self.assertEqual([step["id"] for step in document["would_undo"]], RUNS)
        self.assertEqual([step["step_state"] for step in document["would_undo"]], [None] * 3 + ["done"] + [None] * 3)
        self.assertEqual(self.wf("history", "r", "--json", code=DONE).out, before)
        self.assertEqual(self.undone(), [])

    def test_nothing_to_undo(self):
        self.write("b.wf", "workflow main() { 1 }\n")
        self.wf("run", "b.wf", "--id", "r", code=DONE)
        self.assertIn("would run 0 compensate blocks", self.wf("undo", "r", "--dry-run", code=DONE).out)
        self.wf("undo", "r", code=DONE)
        self.assertIn("completed, undone", self.wf("show", "r", code=DONE).out)

    def test_blocks_that_fail(self):
        self.complete("--arg", "stuck=true")
        answer = self.wf("undo", "r", code=FAILED)
        self.assertSays(answer, "CompensationFailed", "undoing r failed")
        self.assertEqual(self.undone(), self.words())     # the others ran
        again = self.wf("undo", "r", "--json", code=FAILED)
        self.assertEqual(again.json["undo_error"]["kind"], "CompensationFailed")
        self.assertEqual(again.json["undo_error"]["data"]["failures"][0]["message"], "no way back")
        self.assertEqual(again.json["status"], "completed")

    def test_only_a_completed_run(self):
        self.wf("run", "a.wf", "Fails", "--id", "f", code=FAILED)
        for words in (["undo", "f"], ["undo", "f", "--dry-run"]):
            self.assertSays(self.wf(*words, code=FAILED), "f is failed", "only a completed run can be undone")
        process = self.start("run", "a.wf", "Waits", "--id", "w")
        self.wait_for_file("began")
        self.assertSays(self.wf("undo", "w", "--dry-run", code=FAILED), "w is running", "wf cancel w")
        process.kill()
        process.wait()
        self.assertSays(self.wf("undo", "w", code=FAILED), "w is running", "wf cancel w")
        self.wf("terminate", "w", "--reason", "test", code=DONE)
        self.assertSays(self.wf("undo", "w", code=FAILED), "w is terminated")

    def test_unknown_run_and_no_store(self):
        self.assertSays(self.wf("undo", "r", code=FAILED), "there is no store")
        self.complete()
        self.assertSays(self.wf("undo", "nope", code=FAILED), "no run with the id `nope`")
        self.wf("undo", code=USAGE)

    def test_store_in_use(self):
        self.complete()
        process = self.start("run", "a.wf", "Waits", "--id", "w")
        self.wait_for_file("began")
        self.wf("undo", "r", code=STORE)
        self.wf("undo", "r", "--dry-run", code=DONE)      # reads only
        self.write("go", "")
        self.finish(process)

    def test_a_child_by_its_id(self):
        self.complete()
        self.wf("undo", "r/Branch-1", code=DONE)
        self.assertEqual(self.undone(), ["leaf", "a", "branch", "a"])
        lines = self.wf("undo", "r", "--dry-run", code=DONE).out.splitlines()
        self.assertEqual(len(lines), 1 + 5)
        self.wf("undo", "r", code=DONE)
        self.assertEqual(sorted(self.undone()), sorted(self.words()))

    def killed_everywhere(self, go_on):
        """Kills `wf undo` after, then before, each of its commits; `go_on` must bring it to the same end."""
        self.complete()
        shutil.copytree(self.path(".wakeful"), self.path("fresh"))
        kills = 0
        for mode in ("WF_CRASH_AFTER_COMMIT", "WF_CRASH_BEFORE_COMMIT"):
            for commit in range(1, 200):
                shutil.rmtree(self.path(".wakeful"))
                shutil.copytree(self.path("fresh"), self.path(".wakeful"))
                if os.path.exists(self.path("undone")):
                    os.remove(self.path("undone"))
                died = self.wf("undo", "r", **{mode: str(commit)}).code == -signal.SIGKILL
                if died:
                    kills += 1
                    go_on()
                self.assertIn("completed, undone", self.wf("show", "r", code=DONE).out, f"{mode}={commit}")
                seen = self.read("undone").splitlines()
                once = [line for i, line in enumerate(seen) if i == 0 or line != seen[i - 1]]
                self.assertEqual(once, ALL, f"{mode}={commit}")   # only the step in flight may come twice
                self.wf("replay", "r", code=DONE)
                if not died:
                    break
        self.assertGreater(kills, 8)

    def test_killed_and_undone_again(self):
        self.killed_everywhere(lambda: self.wf("undo", "r", code=DONE))

    def test_killed_and_resumed(self):
        def go_on():
            self.wf("resume", code=DONE)
            self.wf("undo", "r", code=DONE)               # where the kill came before its first commit
        self.killed_everywhere(go_on)

    def test_interrupted(self):
        self.write("b.wf", 'workflow main() { compensate { file.append("began", "x"); '
                           'while not file.exists("go") { sleep(20ms) }; print("undone") } }\n')
        self.wf("run", "b.wf", "--id", "r", code=DONE)
        process = self.start("undo", "r")
        self.wait_for_file("began")
        process.send_signal(signal.SIGINT)
        answer = self.finish(process)
        self.assertEqual(answer.code, INTERRUPTED, str(answer))
        self.assertIn("wf undo r", answer.err)
        self.assertIn("completed, being undone", self.wf("list", code=DONE).out)
        self.assertIn("under way", self.wf("undo", "r", "--dry-run", code=DONE).out)
        shown = self.wf("show", "r", code=DONE).out
        self.assertIn("completed, being undone", shown)
        self.assertIn("its compensate block", shown)     # where it stands
        self.write("go", "")
        self.assertEqual(self.wf("resume", code=DONE).out, "undone\nr completed, undone\n")
        self.assertEqual(self.wf("undo", "r", code=DONE).out, "r completed, undone\n")


if __name__ == "__main__":
    main()
