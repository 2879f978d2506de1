#!/usr/bin/env python3
"""The evaluator against answers known from the contract, and the comparison against an evaluator that is wrong."""
import argparse
import os
import sys
import unittest

import differential
import values
from kinds import KINDS
from printer import Printer

WF = None
NULL, ONE, TWO = ("lit", None), ("lit", 1), ("lit", 2)


def name(x):
    return ("name", x)


def call(function, *arguments):
    return ("call", name(function), arguments, ())


def method(base, what, *arguments):
    return ("meth", base, what, arguments, (), False)


def said(*statements):
    """What a program of these statements prints and comes to, by the evaluator."""
    lines, _ = differential.evaluate(KINDS["pure"], (("fn", "p", (), statements),))
    return [str(line) for line in lines]


class KnownAnswers(unittest.TestCase):
    def check(self, answer, *statements):
        self.assertEqual(said(*statements)[-1], answer)

    def value(self, answer, expression):
        self.check("value " + answer, ("expr", expression))

    def error(self, kind, expression):
        self.assertIn(f"error ['{kind}']", said(("expr", expression))[-1])

    def test_arithmetic(self):
        binary = lambda op, a, b: ("bin", op, ("lit", a), ("lit", b))
        self.value("float 3.5", binary("/", 7, 2))
        self.value("int -4", binary("//", -7, 2))
        self.value("int -2", binary("%", 7, -3))
        self.value("float 9.0", binary("//", 1.0, 0.1))
        self.value("float 3.5", binary("+", 1, 2.5))
        self.value("bool true", binary("==", 1, 1.0))
        self.error("ArithmeticError", binary("+", 2**63 - 1, 1))
        self.error("ArithmeticError", binary("/", 1, 0))
        self.error("TypeError", binary("+", "a", 1))
        self.error("TypeError", binary("<", "a", 1))
        self.error("TypeError", binary("and", 1, True))
        self.value("bool false", ("bin", "and", ("lit", False), ONE))

    def test_durations(self):
        hour, half = ("dur", "1h30m", 5400000), ("dur", "250ms", 250)
        self.value('string "1h30m250ms"', call("str", ("bin", "+", hour, half)))
        self.value('string "-5m"', call("str", ("neg", ("dur", "5m", 300000))))
        self.value('string "0s"', call("str", ("bin", "-", hour, hour)))
        self.value("float 21600.0", ("bin", "/", hour, half))

    def test_text(self):
        items = ("map", (("key", "a", ("list", (("lit", 1.0), ("lit", "x"), NULL))),))
        self.value('string "{\\"a\\":[1.0,\\"x\\",null]}!"', ("interp", (items, "!")))

    def test_containers(self):
        xs = ("list", (ONE, TWO, ("lit", 3)))
        self.value("list [2,3]", ("slice", xs, ONE, ("lit", 9)))
        self.value("int 3", ("idx", xs, ("neg", ONE)))
        self.error("IndexError", ("idx", xs, ("lit", 3)))
        self.error("KeyError", ("mem", ("map", ()), "gone", False))
        self.value("null null", ("mem", ("mem", NULL, "a", True), "b", False))
        self.value("list [3,2,1]", method(xs, "sort", ("lambda", (("a", None), ("b", None)),
                                                       ("bin", "-", name("b"), name("a")))))

    def test_statements(self):
        turns = ("for", ("i",), ("bin", "..", ("lit", 0), ("lit", 3)),
                 (("expr", method(name("fs"), "push", ("lambda", (), name("i")))),))
        calls = ("expr", method(name("fs"), "map", ("lambda", (("f", None),), call("f"))))
        self.check("value list [0,1,2]", ("let", "fs", ("list", ())), turns, calls)
        self.check("value int 15", ("var", "n", ONE),
                   ("let", "bump", ("fn", (), (("assign", name("n"), "=", ("lit", 10)), ("expr", ("lit", 5))))),
                   ("assign", name("n"), "+=", call("bump")), ("expr", name("n")))
        self.check("value null null", ("expr", ONE), ("let", "x", ONE))

    def test_errors(self):
        fail = ("throw", call("error", ("lit", "Mine"), ("lit", "m")))
        caught = ("try", (fail,), (("e", ("bin", "==", ("mem", name("e"), "kind", False), ("lit", "Other")), ()),
                                   ("e", None, (("expr", ("mem", name("e"), "message", False)),))),
                  (("expr", call("print", ("lit", "finally"))),))
        self.assertEqual(said(("expr", caught)), ["finally", 'value string "m"'])
        again = ("try", (fail,), ((None, None, (("throw", ("lit", "later")),)),), None)
        self.assertIn("['Error', 'Mine'] later", said(("expr", again))[-1])

    def test_the_contract_is_silent(self):
        with self.assertRaises(values.Unspecified):
            said(("expr", ("bin", "==", ("lambda", (), ONE), ("lambda", (), ONE))))


class Printing(unittest.TestCase):
    def test_parentheses_only_where_needed(self):
        text = lambda n: Printer().ex(n)
        sum_ = ("bin", "+", ONE, TWO)
        self.assertEqual(text(("bin", "*", sum_, TWO)), "(1 + 2) * 2")
        self.assertEqual(text(("bin", "+", ONE, ("bin", "*", ONE, TWO))), "1 + 1 * 2")
        self.assertEqual(text(("bin", "-", ONE, ("bin", "-", ONE, TWO))), "1 - (1 - 2)")
        self.assertEqual(text(("not", ("bin", "in", ONE, name("xs")))), "not 1 in xs")
        self.assertEqual(text(("bin", "==", ("not", name("a")), name("b"))), "(not a) == b")
        self.assertEqual(text(method(("neg", ONE), "len")), "(-1).len()")


class Comparison(unittest.TestCase):
    """With an evaluator that adds wrongly the test must fail, and show a small program."""

    def test_a_wrong_answer_is_found_and_shrunk(self):
        right = values.ARITHMETIC["+"]
        values.ARITHMETIC["+"] = lambda a, b: right(right(a, b), 1) if type(a) is type(b) is int else right(a, b)
        try:
            options = argparse.Namespace(wf=WF, seed="test", shrink=True)
            *_, reports, wrong = differential.run_batch(options, "pure", range(60))
        finally:
            values.ARITHMETIC["+"] = right
        self.assertGreater(wrong, 3)
        program = reports[0].split("\nfn causes")[0]
        self.assertLess(len(program), 200, program)
        self.assertIn("+", program)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--wf", required=True)
    WF = os.path.abspath(parser.parse_args().wf)
    unittest.main(argv=sys.argv[:1])
