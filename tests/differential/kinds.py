"""What sorts of programs there are: how each is generated, evaluated, put into a file, and read back from wf."""
import json

import mix
from evaluator import Env, Evaluator
from printer import Printer
from simulator import Lone, Run, World
from statements import Programs
from strands import WaitingPrograms
from values import Error, Function, Throw, Unspecified, to_json, type_name
from waiting import WaitingEvaluator

RUNNER = """
fn causes(e) { if e == null { [] } else { [e.kind] + causes(e.cause) } }
fn outcome(name, f) {
  print("=== ${name}")
  try {
    let value = f()
    print("value", type(value), json.stringify(value))
  } catch e { print("error", json.stringify([causes(e), e.message, e.data])) }
}
"""
OPEN = object()
END = '"the end"\n'


class ErrorLine:
    """An outcome whose words may be open: `message` is then None."""

    def __init__(self, error):
        self.kinds = []
        at = error
        while at is not None:
            self.kinds.append(at.kind)
            at = at.cause
        self.message, self.data = error.message, OPEN
        if error.message is not None:
            try:
                self.data = json.loads(to_json(error.data))
            except Unspecified as why:  # outcomes hold errors; what is no JSON cannot be compared at all
                if "NaN" in str(why):
                    raise

    def matches(self, got):
        if not got.startswith("error "):
            return False
        kinds, message, data = json.loads(got[6:])
        if len(kinds) != len(self.kinds) or any(k is not None and k != g for k, g in zip(self.kinds, kinds)):
            return False
        return (self.message is None or self.message == message) and (self.data is OPEN or same_json(self.data, data))

    def __str__(self):
        return f"error {self.kinds} {self.message or '?'} {self.data}"


class ValueLine:
    def __init__(self, value):
        self.type, self.json = type_name(value), to_json(value)

    def matches(self, got):
        word, kind, text = (got.split(" ", 2) + ["", ""])[:3]
        return word == "value" and kind == self.type and same_json(json.loads(self.json), json.loads(text))

    def __str__(self):
        return f"value {self.type} {self.json}"


def same_json(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same_json(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same_json(a[k], b[k]) for k in a)
    return a == b


class Pure:
    """The language without waiting: every program a function."""

    make_evaluator = Evaluator
    mix = mix.PURE
    share = 0.98  # of the programs of a run
    command = ("run", "--ephemeral")
    exit_codes = (0,)

    @staticmethod
    def generate(seed, prefix):
        return Programs(seed, prefix).program()

    @staticmethod
    def name_of(tree):
        return tree[-1][1]

    @staticmethod
    def globals_of(tree):
        """Functions; constants are evaluated by evaluate()."""
        return {n[1]: Function(n[1], n[2], n[3], None, n[0])
                for n in tree if n[0] != "const"}

    @classmethod
    def evaluate(cls, evaluator, tree):
        at_home(evaluator)
        strand = Lone()

        def whole():
            for n in tree:
                if n[0] == "const":
                    evaluator.globals.names[n[1]] = yield from evaluator.ev(n[2], evaluator.globals, strand)
            return (yield from evaluator.call(evaluator.globals.names[cls.name_of(tree)], [], None, strand))

        try:
            value = strand.drive(whole())
        except Throw as thrown:
            evaluator.count(f"failed {thrown.error.kind}")
            return [ErrorLine(thrown.error)]
        evaluator.count(f"ended with {type_name(value)}")
        return [ValueLine(value)]

    @classmethod
    def file_of(cls, trees):
        declarations = "\n".join(Printer().program(tree) for tree in trees)
        calls = "\n".join(f'  outcome("{cls.name_of(t)}", {cls.name_of(t)})' for t in trees)
        return f"{declarations}\n{RUNNER}\nworkflow main() {{\n{calls}\n  'the end'\n}}\n"

    @staticmethod
    def split(stdout, _):
        if stdout.endswith(END):
            stdout = stdout[:-len(END)]
        parts = {}
        for part in ("\n" + stdout).split("\n=== ")[1:]:
            name, _, rest = part.partition("\n")
            parts[name] = rest.removesuffix("\n").split("\n")
        return parts


def at_home(evaluator):
    for function in evaluator.globals.names.values():
        function.env = evaluator.globals


class Waiting(Pure):
    """Programs that wait: every program a workflow, called from a test, whose clock is virtual."""

    make_evaluator = WaitingEvaluator
    mix = mix.WAITING
    share = 0.02
    command = ("test", "--json")

    @staticmethod
    def generate(seed, prefix):
        return WaitingPrograms(seed, prefix).program()

    @classmethod
    def evaluate(cls, evaluator, tree):
        at_home(evaluator)
        world = World(evaluator)
        function = evaluator.globals.names[cls.name_of(tree)]
        kind, value = world.finish(Run(world, function, Env(evaluator.globals), None))
        if kind == "ok":
            evaluator.count(f"ended with {type_name(value)}")
            return [ValueLine(value)]
        evaluator.count(f"failed {value.kind}")
        return [ErrorLine(Error("ChildFailed", value.message, {"open": Error(None)}, value))]


    @classmethod
    def file_of(cls, trees):
        declarations = "\n".join(Printer().program(tree) for tree in trees)
        calls = "\n".join(f'  outcome("{cls.name_of(t)}", {cls.name_of(t)})' for t in trees)
        return f'{declarations}\n{RUNNER}\ntest "all" {{\n{calls}\n}}\n'

    @classmethod
    def split(cls, stdout, stderr):
        try:
            tests = json.loads(stdout)["tests"]
        except ValueError:
            return {}
        return super().split("\n".join(tests[0]["lines"]) if tests else "", stderr)


KINDS = {"pure": Pure, "waiting": Waiting}
