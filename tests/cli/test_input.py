"""--input and --arg: fitted to the parameters before a run exists, else exit 2 that names the parameter."""

from harness import *

SOURCE = """
workflow main(id: string, n: int = 1, rate: float = 0.5, wait: duration = 1s, tags: list<string> = [], extra = null) {
  {id, n, rate, wait, tags, extra}
}
"""


class Input(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a.wf", SOURCE)

    def run_with(self, *words, **more):
        return self.wf("run", "a.wf", "--ephemeral", *words, **more)

    def refused(self, *words, **more):
        answer = self.wf("run", "a.wf", *words, code=USAGE, **more)
        self.assertEqual(answer.out, "")
        self.assertFalse(os.path.exists(self.path(".wakeful")))
        return answer

    def test_by_name_and_by_position(self):
        self.assertEqual(self.run_with("--input", '{"id": "a", "n": 2}', code=DONE).last["n"], 2)
        self.assertEqual(self.run_with("--input", '["a", 3]', code=DONE).last["n"], 3)
        self.assertEqual(self.run_with("--input={\"id\": \"a\"}", code=DONE).last["n"], 1)

    def test_from_a_file_and_from_stdin(self):
        self.write("in.json", '{"id": "from file"}')
        self.assertEqual(self.run_with("--input", "@in.json", code=DONE).last["id"], "from file")
        self.assertEqual(self.run_with("--input", "-", stdin=b'["from stdin"]', code=DONE).last["id"], "from stdin")

    def test_arg_is_json_where_the_parameter_is_no_string(self):
        answer = self.run_with("--arg", "id=42", "--arg", "n=7", "--arg", 'tags=["x"]', "--arg", "extra=[1, {}]",
                               "--arg", "wait=1h30m", code=DONE).last
        self.assertEqual(answer, {"id": "42", "n": 7, "rate": 0.5, "wait": "1h30m", "tags": ["x"], "extra": [1, {}]})
        self.assertEqual(self.run_with("--arg", "id=null", "--arg", "extra=plain text", code=DONE).last["extra"],
                         "plain text")
        self.assertEqual(self.run_with("--arg", "id=a=b", code=DONE).last["id"], "a=b")
        self.assertEqual(self.run_with("--arg", "id=", code=DONE).last["id"], "")

    def test_arg_beside_input(self):
        answer = self.run_with("--input", '{"id": "a"}', "--arg", "n=5", code=DONE).last
        self.assertEqual((answer["id"], answer["n"]), ("a", 5))

    def test_a_float_takes_an_int_but_not_the_other_way(self):
        self.assertEqual(self.run_with("--input", '{"id": "a", "rate": 2}', code=DONE).last["rate"], 2)
        self.assertSays(self.refused("--input", '{"id": "a", "n": 1.5}'), "`n`", "int", "float")

    def test_missing(self):
        self.assertSays(self.refused(), "missing", "`id`")
        self.assertSays(self.refused("--input", "{}"), "missing", "`id`")
        self.assertSays(self.refused("--input", "[]"), "missing", "`id`")

    def test_unknown(self):
        self.assertSays(self.refused("--input", '{"id": "a", "tgas": []}'), "unknown parameter `tgas`", "`tags`")
        self.assertSays(self.refused("--arg", "id=a", "--arg", "rat=1"), "`rat`", "`rate`")

    def test_too_many_and_twice(self):
        self.assertSays(self.refused("--input", '["a", 1, 0.5, "1s", [], null, 7]'), "7", "takes 6")
        self.assertSays(self.refused("--input", '{"id": "a"}', "--arg", "id=b"), "`id`", "twice")
        self.assertSays(self.refused("--arg", "id=a", "--arg", "id=b"), "`id`", "twice")

    def test_ill_typed_names_parameter_and_path(self):
        self.assertSays(self.refused("--input", '{"id": 1}'), "`id`", "string", "int")
        self.assertSays(self.refused("--input", '{"id": "a", "tags": ["x", 2]}'), "`tags`", "[1]", "string")
        self.assertSays(self.refused("--arg", "id=a", "--arg", "n=many"), "`n`", "int")
        self.assertSays(self.refused("--arg", "id=a", "--arg", "wait=soon"), "`wait`", "duration")
        self.assertSays(self.refused("--input", '{"id": null}'), "`id`", "null")

    def test_not_json(self):
        for text in ("{id: 1}", "{", "", "{} {}", '{"id": "a",}', "NaN", "'a'"):
            self.assertSays(self.refused("--input", text), "--input")

    def test_json_that_is_no_object_or_array(self):
        for text in ("1", '"a"', "null", "true"):
            self.assertSays(self.refused("--input", text), "object", "array")

    def test_an_int_that_does_not_fit(self):
        self.assertSays(self.refused("--input", '{"id": "a", "n": 9223372036854775808}'), "--input")
        self.assertEqual(self.run_with("--input", '["a", 9223372036854775807]', code=DONE).last["n"], 2**63 - 1)

    def test_deep_json_is_an_error(self):
        deep = "[" * 200000 + "]" * 200000
        self.write("deep.json", '{"id": "a", "extra": ' + deep + "}")
        self.assertSays(self.refused("--input", "@deep.json"), "nest")

    def test_bytes_that_are_no_utf8(self):
        self.write("bad.json", b'{"id": "\xff"}')
        self.refused("--input", "@bad.json")
        self.refused("--arg", b"id=\xff")

    def test_files_that_are_not_there(self):
        self.assertSays(self.refused("--input", "@nothing.json"), "nothing.json", "No such file")
        self.assertSays(self.refused("--arg", "id"), "NAME=VALUE")

    def test_with_json_nothing_is_printed_before_a_run_exists(self):
        self.refused("--json", "--input", "{}")


if __name__ == "__main__":
    main()
