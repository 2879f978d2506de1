"""Stores that cannot be used: held, damaged, newer, on a full disk, not to be read. Exit 4, nothing lost."""

import glob
import shutil

from harness import *

HOLD = 'workflow main() { file.append("marks", "x"); while not file.exists("go") { sleep(20ms) }; 1 }\n'


class Store(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", 'workflow C(n) { n }\nworkflow main(n = 3) { gather range(0, n, 1).map(i => C(i)); "r" * 0 ?? n }\n')
        self.write("one.wf", "workflow C(n) { n }\nworkflow main() { gather [spawn C(1), spawn C(2)] }\n")
        self.write("hold.wf", HOLD)

    def files(self, store=".wakeful"):
        return [f for f in glob.glob(self.path(store, "**"), recursive=True) if os.path.isfile(f)]

    def data_file(self):
        return max(self.files(), key=os.path.getsize)

    def test_two_processes_at_once(self):
        process = self.start("run", "hold.wf", "--id", "first")
        self.wait_for_file("marks")
        answer = self.wf("run", "one.wf", "--id", "second", code=STORE)
        self.assertSays(answer, str(process.pid), "hold.wf", ".wakeful")
        self.assertEqual(self.wf("run", "one.wf", "--json", code=STORE).out, "")
        self.wf("resume", code=STORE)
        self.assertIsNone(process.poll(), "the holder must not be disturbed")
        self.write("go", "")
        self.assertEqual(self.finish(process).out, "1\n")
        self.wf("run", "one.wf", "--id", "second", code=DONE)

    def test_a_closed_run_answers_beside_another_engine(self):
        self.wf("run", "one.wf", "--id", "closed", code=DONE)
        self.start("run", "hold.wf", "--id", "first")
        self.wait_for_file("marks")
        self.assertEqual(self.wf("run", "one.wf", "--id", "closed", code=DONE).last, [1, 2])

    def test_a_lock_whose_holder_died_is_no_obstacle(self):
        process = self.start("run", "hold.wf", "--id", "first")
        self.wait_for_file("marks")
        process.kill()
        process.wait()
        self.wf("run", "one.wf", code=DONE)

    def test_many_starts_at_once_make_one_store(self):
        processes = [self.start("run", "one.wf", "--id", f"p{i}") for i in range(6)]
        answers = [self.finish(p) for p in processes]
        codes = sorted(a.code for a in answers)
        self.assertEqual(set(codes) - {DONE, STORE}, set(), [str(a) for a in answers])
        self.assertIn(DONE, codes)
        done = [f"p{i}" for i, a in enumerate(answers) if a.code == DONE]
        roots = self.wf("list", "--workflow", "main", "--json", code=DONE).json
        self.assertEqual(sorted(row["id"] for row in roots), done)

    def test_modes_of_what_is_made(self):
        self.wf("run", "one.wf", code=DONE)
        self.assertEqual(os.stat(self.path(".wakeful")).st_mode & 0o777, 0o700)
        for name in self.files():
            self.assertEqual(os.stat(name).st_mode & 0o777, 0o600, name)

    def test_a_folder_that_is_no_store(self):
        os.makedirs(self.path("mine"))
        self.write("mine/letter.txt", "hello")
        answer = self.wf("run", "one.wf", "--store", "mine")
        self.assertIn(answer.code, (DONE, STORE))       # beside other files, or refused: but they stay
        self.assertEqual(self.read("mine/letter.txt"), "hello")
        self.write("file", "hello")
        self.assertSays(self.wf("run", "one.wf", "--store", "file", code=STORE), "file")
        self.assertSays(self.wf("list", "--store", "file", code=STORE), "file")
        self.assertEqual(self.read("file"), "hello")

    def test_flipped_bits_are_found(self):
        self.write("text.wf", 'workflow main() { "needle-in-the-haystack" }\n')
        self.wf("run", "text.wf", "--id", "r", code=DONE)
        name = self.data_file()
        with open(name, "rb") as f:
            data = bytearray(f.read())
        at = data.rfind(b"needle-in-the-haystack")
        found = 0
        while at >= 0:
            changed = bytearray(data)
            changed[at] ^= 0x20
            with open(name, "wb") as f:
                f.write(changed)
            answer = self.wf("show", "r", "--json")
            if answer.code == STORE:
                found += 1
                self.assertNotEqual(answer.err, "")
            if answer.out:
                self.assertIn("needle-in-the-haystack", answer.out, "a wrong value was shown as if it were right")
            at = data.rfind(b"needle-in-the-haystack", 0, at)
        self.assertGreater(found, 0)

    def test_a_cut_or_overwritten_file_is_refused(self):
        self.wf("run", "one.wf", "--id", "r", code=DONE)
        name = self.data_file()
        with open(name, "rb") as f:
            data = f.read()
        for damaged in (data[:100], data[:4096], data[: len(data) // 2], b"\0" * len(data), b"garbage" * 2000, b""):
            with open(name, "wb") as f:
                f.write(damaged)
            for words in (["list"], ["show", "r"], ["run", "one.wf", "--id", "r"]):
                answer = self.wf(*words)
                self.assertEqual(answer.code, STORE, f"{words} on {len(damaged)} bytes\n{answer}")
                self.assertIn(".wakeful", answer.err)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_store_that_may_not_be_read(self):
        self.wf("run", "one.wf", code=DONE)
        os.chmod(self.path(".wakeful"), 0)
        self.addCleanup(os.chmod, self.path(".wakeful"), 0o700)
        self.wf("list", code=STORE)

    def test_a_full_disk_is_told_and_nothing_is_lost(self):
        mounted = self.path("small")
        os.mkdir(mounted)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mounted], capture_output=True)
        if made.returncode != 0:
            self.skipTest("no right to mount a small disk here")
        self.addCleanup(subprocess.run, ["umount", "-l", mounted], capture_output=True)
        self.write("big.wf", 'activity blob(n) { "x".repeat(100000) + "${n}" }\n'
                             'workflow main(n = 100) { for i in 0..n { blob(i).len() }; n }\n')
        answer = self.wf("run", "big.wf", "--id", "big", "--store", "small/store", code=STORE)
        self.assertRegex(answer.err, "full|space")
        self.assertSays(answer, "small/store")
        # With room again it goes on where it was.
        subprocess.run(["mount", "-o", "remount,size=64m", mounted], check=True)
        before = self.wf("history", "big", "--json", "--store", "small/store").json
        self.assertGreater(sum(e["event"] == "StepEnded" for e in before), 2)
        self.assertEqual(self.wf("run", "big.wf", "--id", "big", "--store", "small/store", code=DONE).last, 100)
        after = self.wf("history", "big", "--json", "--store", "small/store", code=DONE).json
        self.assertEqual(after[: len(before)], before)


if __name__ == "__main__":
    main()
