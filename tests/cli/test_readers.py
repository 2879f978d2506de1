"""list, show, history, tree, replay, disasm: what they print, their documents, runs that are not there."""

from harness import *

SOURCE = """activity work(n) { if n == 3 { throw "three" } ; n * 2 }
workflow Child(n) { work(n) }
workflow main(count: int = 2) with {memo: {team: "blue"}} {
  let hs = range(0, count, 1).map(i => spawn Child(i) as "child-${i}")
  let rs = gather settled hs
  if env.get("HOLD", "") != "" {
    sleep(1h)                                  # waits here
  }
  rs.map(r => r.ok)
}
"""


class Readers(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", SOURCE)

    def closed(self, name="r", count=4):
        return self.wf("run", "a.wf", "--id", name, "--arg", f"count={count}", code=DONE)

    def held(self, name="open"):
        """A run that was killed while it slept."""
        process = self.start("run", "a.wf", "--id", name, HOLD="1")
        self.wait_for("the sleep", lambda: "until" in self.wf("history", name).out)
        process.kill()
        process.wait()

    def test_list(self):
        self.closed()
        rows = self.wf("list", "--json", code=DONE).json
        self.assertEqual([row["id"] for row in rows], ["child-3", "child-2", "child-1", "child-0", "r"])
        self.assertEqual([row["run"] for row in rows], [5, 4, 3, 2, 1])
        self.assertEqual(rows[0]["status"], "failed")
        self.assertEqual((rows[0]["parent"], rows[4]["parent"]), ("r", None))
        self.assertRegex(rows[4]["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(len(self.wf("list", "--status", "completed", "--json", code=DONE).json), 4)
        self.assertEqual([row["id"] for row in self.wf("list", "--workflow", "main", "--json", code=DONE).json], ["r"])
        self.assertEqual(len(self.wf("list", "--limit", "2", "--json", code=DONE).json), 2)
        self.assertEqual(self.wf("list", "--status", "running", "--json", code=DONE).json, [])
        text = self.wf("list", code=DONE).out
        self.assertIn("child-3", text)
        self.assertIn("#1", text)
        self.assertEqual(len(text.rstrip().split("\n")), 6)

    def test_show_a_closed_run(self):
        self.closed()
        shown = self.wf("show", "r", "--json", code=DONE).json
        self.assertEqual((shown["status"], shown["workflow"], shown["run"]), ("completed", "main", 1))
        self.assertEqual(shown["input"], {"count": 4})
        self.assertEqual(shown["memo"], {"team": "blue"})
        self.assertEqual(shown["result"], [True, True, True, False])
        self.assertEqual(shown["children"], {"completed": 3, "failed": 1})
        self.assertEqual((shown["open_steps"], shown["waiting"]), ([], []))
        text = self.wf("show", "#1", code=DONE).out
        for part in ("r", "main of a.wf", "completed", '"count":4', "3 completed", "[true,true,true,false]"):
            self.assertIn(part, text)

    def test_show_a_failed_child(self):
        self.closed()
        shown = self.wf("show", "child-3", "--json", code=DONE).json
        self.assertEqual((shown["parent"], shown["input"]), ("r", {"n": 3}))
        self.assertEqual((shown["error"]["kind"], shown["error"]["message"]), ("ActivityFailed", "three"))
        self.assertIn("ActivityFailed: three", self.wf("show", "child-3", code=DONE).out)

    def test_show_where_an_open_run_waits(self):
        self.held()
        shown = self.wf("show", "open", "--json", code=DONE).json
        self.assertEqual(shown["status"], "running")
        self.assertEqual(len(shown["open_steps"]), 1)
        self.assertEqual(shown["waiting"][0]["stack"][0].split(":")[:2], ["a.wf", "7"])
        text = self.wf("show", "open", code=DONE).out
        self.assertIn("a.wf:7:", text)
        self.assertIn("sleep(1h)                                  # waits here", text)

    def test_history(self):
        self.closed()
        events = self.wf("history", "r", "--json", code=DONE).json
        self.assertEqual((events[0]["event"], events[0]["value"]), ("RunStarted", [4]))
        self.assertEqual([e["id"] for e in events if e["event"] == "ChildStarted"],
                         ["child-0", "child-1", "child-2", "child-3"])
        started = next(e for e in events if e["event"] == "ChildStarted")
        self.assertRegex(started["where"], r"^a\.wf:4:\d+$")
        ended = [e for e in events if e["event"] == "ChildEnded"]
        self.assertEqual(sorted(e["kind"] for e in ended), ["completed", "completed", "completed", "failed"])
        last = [e for e in events if e["event"] == "RunEnded"][-1]
        self.assertEqual((last["kind"], last["value"]), ("completed", [True, True, True, False]))
        text = self.wf("history", "r", code=DONE).out
        for part in ("started main", "child Child child-0 started as #2", "child child-3 failed", "a.wf:4:",
                     "the run completed"):
            self.assertIn(part, text)
        text = self.wf("history", "child-1", code=DONE).out
        self.assertIn("activity work scheduled with [1]", text)
        self.assertIn("activity work completed: 2", text)

    def test_tree(self):
        self.closed()
        tree = self.wf("tree", "r", "--json", code=DONE).json
        self.assertEqual((tree["id"], tree["status"]), ("r", "completed"))
        self.assertEqual([(c["id"], c["status"], c["children"]) for c in tree["children"]],
                         [(f"child-{i}", "failed" if i == 3 else "completed", []) for i in range(4)])
        self.assertIn("✗ child-3", self.wf("tree", "r", code=DONE).out)

    def test_tree_folds_what_is_alike(self):
        self.closed(count=60)
        text = self.wf("tree", "r", code=DONE).out
        self.assertLess(len(text.split("\n")), 40)
        self.assertIn("more Child completed", text)
        self.assertEqual(len(self.wf("tree", "r", "--json", code=DONE).json["children"]), 60)

    def test_replay_agrees(self):
        self.closed()
        self.assertIn("agrees", self.wf("replay", "r", code=DONE).out)
        document = self.wf("replay", "r", "--json", code=DONE).json
        self.assertEqual((document["id"], document["runs"], document["difference"]), ("r", 5, None))
        self.assertGreater(document["records"], 5)

    def test_replay_with_other_code(self):
        self.closed()
        self.write("same.wf", SOURCE.replace("# waits here", "# another comment"))
        self.wf("replay", "r", "--with", "same.wf", code=DONE)
        self.write("other.wf", SOURCE.replace('"child-${i}"', '"kid-${i}"'))
        answer = self.wf("replay", "r", "--with", "other.wf", code=REPLAY)
        self.assertIn("child-0", answer.out)
        self.assertIn("kid-0", answer.out)
        difference = self.wf("replay", "r", "--with", "other.wf", "--json", code=REPLAY).json["difference"]
        self.assertEqual(set(difference), {"id", "at", "expected", "found"})
        self.write("broken.wf", "workflow main( {\n")
        self.wf("replay", "r", "--with", "broken.wf", code=SCRIPT)
        self.wf("replay", "r", "--with", "none.wf", code=USAGE)

    def test_unknown_runs(self):
        self.closed("order-17")
        for name in ("show", "history", "tree", "replay"):
            answer = self.wf(name, "order-71", code=FAILED)
            self.assertSays(answer, "order-71", "order-17")
            self.assertEqual(answer.out, "")
            self.wf(name, "#99", code=FAILED)
            self.wf(name, "#x", code=USAGE)
            self.wf(name, "order-71", "--json", code=FAILED)

    def test_no_store(self):
        for words in (["list"], ["show", "x"], ["history", "x"], ["tree", "x"], ["replay", "x"], ["resume"],
                      ["cancel", "x"], ["terminate", "x", "--reason", "r"]):
            answer = self.wf(*words, "--store", "nowhere")
            self.assertNotEqual(answer.code, DONE)
            self.assertSays(answer, "nowhere")
            self.assertFalse(os.path.exists(self.path("nowhere")), f"{words} made a store")

    def test_readers_work_beside_an_engine(self):
        process = self.start("run", "a.wf", "--id", "open", HOLD="1")
        self.wait_for("the sleep", lambda: "until" in self.wf("history", "open").out)
        self.assertEqual(self.wf("show", "open", "--json", code=DONE).json["status"], "running")
        self.assertEqual(self.wf("list", "--workflow", "main", "--json", code=DONE).json[0]["status"], "running")
        self.wf("replay", "open", code=DONE)
        self.assertIsNone(process.poll())

    def test_disasm(self):
        text = self.wf("disasm", "a.wf", code=DONE).out
        self.assertIn("main", text)
        self.assertIn("Child", text)


if __name__ == "__main__":
    main()
