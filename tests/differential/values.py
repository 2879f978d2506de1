"""The values of the language as the contract describes them, and what operators do with them.

null is None; bool, int, float, string, list and map are Python's; the rest are the classes below. Whatever the
contract leaves open raises Unspecified: such a program is dropped, not compared.
"""
import math


class Unspecified(Exception):
    """The contract does not say what happens here (or the program grew too big): no comparison."""


class Throw(Exception):
    """An error value on its way outwards."""

    def __init__(self, error):
        super().__init__(error.kind)
        self.error = error


class Duration:
    __slots__ = ("ms",)

    def __init__(self, ms):
        self.ms = ms


class Range:
    __slots__ = ("ints",)

    def __init__(self, ints):
        if ints[-1:] and abs(ints[-1] - ints[0]) > BIGGEST:
            raise Unspecified("too big")
        self.ints = ints


class Function:
    """A function, workflow or activity. `env` is where its body looks names up."""

    __slots__ = ("name", "params", "body", "env", "sort")

    def __init__(self, name, params, body, env, sort="fn"):
        self.name, self.params, self.body, self.env, self.sort = name, params, body, env, sort


class Error:
    """`message` is None where the contract leaves the words open; `kind` is None where it leaves the kind open."""

    __slots__ = ("kind", "message", "data", "cause", "workflow_id")

    def __init__(self, kind, message=None, data=None, cause=None, workflow_id=None):
        self.kind, self.message, self.data, self.cause, self.workflow_id = kind, message, data, cause, workflow_id


class Handle:
    """Of a strand, a child, an activity or a timer; the simulator fills it in."""

    __slots__ = ("sort", "id", "outcome", "work", "taken", "order", "cancel_asked", "name")

    def __init__(self, sort, work=None):
        self.sort, self.work = sort, work
        self.id = self.outcome = self.order = self.name = None
        self.taken = self.cancel_asked = False


def fail(kind, message=None):
    raise Throw(Error(kind, message))


MAX = 2**63 - 1
BIGGEST = 4000  # elements of a list, characters of a string


def checked(n):
    if not -MAX - 1 <= n <= MAX:
        fail("ArithmeticError")
    return n


def bounded(x):
    if len(x) > BIGGEST:
        raise Unspecified("too big")
    return x


def is_number(x):
    return type(x) in (int, float)


def type_name(x):
    return {type(None): "null", bool: "bool", int: "int", float: "float", str: "string", list: "list", dict: "map",
            Range: "range", Duration: "duration", Error: "error", Function: "fn"}.get(type(x), "handle")


# --- text


def duration_text(ms):
    if ms == 0:
        return "0s"
    text, rest = ("-" if ms < 0 else ""), abs(ms)
    for unit, size in (("d", 86400000), ("h", 3600000), ("m", 60000), ("s", 1000), ("ms", 1)):
        if rest >= size:
            text += f"{rest // size}{unit}"
            rest %= size
    return text


def quoted(s):
    out = ['"']
    for c in s:
        if c in '"\\':
            out.append("\\" + c)
        elif c in "\n\t\r":
            out.append({"\n": "\\n", "\t": "\\t", "\r": "\\r"}[c])
        elif ord(c) < 32:
            raise Unspecified("control character")
        else:
            out.append(c)
    return "".join(out) + '"'


def to_json(x, depth=0, budget=None):
    kind = type(x)
    budget = budget if budget is not None else [BIGGEST]
    budget[0] -= 1
    if depth > 60 or budget[0] < 0:
        raise Unspecified("deep, cyclic or too big")
    if x is None:
        return "null"
    if kind is bool:
        return "true" if x else "false"
    if kind is int:
        return str(x)
    if kind is float:
        if not math.isfinite(x):
            raise Unspecified("NaN or infinity as text")
        return repr(x)
    if kind is str:
        return quoted(x)
    if kind is Duration:
        return '"' + duration_text(x.ms) + '"'
    if kind is list or kind is Range:
        return "[" + ",".join(to_json(e, depth + 1, budget) for e in elements(x)) + "]"
    if kind is dict:
        return "{" + ",".join(quoted(k) + ":" + to_json(v, depth + 1, budget) for k, v in x.items()) + "}"
    raise Unspecified(f"a {type_name(x)} as text")


def text(x):
    if type(x) is str:
        return x
    if type(x) is Duration:
        return duration_text(x.ms)
    if type(x) is Error:
        if x.kind is None or x.message is None:
            raise Unspecified("words of an error")
        return f"{x.kind}: {x.message}"
    return bounded(to_json(x))


# --- comparison


def equal(a, b, depth=0, budget=None):
    budget = budget if budget is not None else [BIGGEST]
    budget[0] -= 1
    if depth > 60 or budget[0] < 0:
        raise Unspecified("deep, cyclic or too big")
    if is_number(a) and is_number(b):
        return a == b
    if type(a) in (list, Range) and type(b) in (list, Range):
        xs, ys = elements(a), elements(b)
        return len(xs) == len(ys) and all(equal(x, y, depth + 1, budget) for x, y in zip(xs, ys))
    if type(a) is not type(b):
        return False
    if type(a) is dict:
        return a.keys() == b.keys() and all(equal(v, b[k], depth + 1, budget) for k, v in a.items())
    if type(a) is Duration:
        return a.ms == b.ms
    if isinstance(a, (Function, Handle, Error)):
        if a is not b:
            raise Unspecified(f"equality of two {type_name(a)}s")
        return True
    return a == b


def less(a, b):
    if is_number(a) and is_number(b) or type(a) is type(b) is str:
        return a < b
    if type(a) is type(b) is Duration:
        return a.ms < b.ms
    return fail("TypeError")


def compare(op, a, b):
    if op == "==":
        return equal(a, b)
    if op == "!=":
        return not equal(a, b)
    if op == "<":
        return less(a, b)
    if op == ">":
        return less(b, a)
    if any(type(x) is float and math.isnan(x) for x in (a, b)) and is_number(a) and is_number(b):
        return False
    return not less(b, a) if op == "<=" else not less(a, b)


def elements(x):
    """What a list or range holds, as a sequence that can be indexed."""
    return x.ints if type(x) is Range else x


def contains(x, xs):
    if type(xs) in (list, Range):
        return any(equal(x, y) for y in elements(xs))
    if type(xs) is dict:
        return x in xs if type(x) is str else fail("TypeError")
    if type(xs) is str:
        return x in xs if type(x) is str else fail("TypeError")
    return fail("TypeError")


# --- arithmetic


def nearest(numerator, denominator=1):
    """Whole milliseconds; of two equally near ones the contract names none."""
    value = numerator / denominator
    if not math.isfinite(value):
        raise Unspecified("a duration without end")
    if abs(value - math.floor(value) - 0.5) < 1e-6:
        raise Unspecified("half a millisecond")
    if abs(value) > 2**52:
        raise Unspecified("a duration of many years")
    return Duration(round(value))


def divide(a, b):
    if type(a) is Duration and type(b) is Duration:
        return a.ms / b.ms if b.ms else _open("duration by zero")
    if type(a) is Duration and is_number(b):
        return nearest(a.ms, b) if b else _open("duration by zero")
    if not (is_number(a) and is_number(b)):
        return fail("TypeError")
    if type(a) is type(b) is int and b == 0:
        return fail("ArithmeticError")
    if max(abs(x) for x in (a, b) if True) > 2**53 and type(a) is type(b) is int:
        raise Unspecified("rounding of big ints")
    return _float_divide(float(a), float(b))


def _open(what):
    raise Unspecified(what)


def _float_divide(a, b):
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def floor_divide(a, b):
    if not (is_number(a) and is_number(b)):
        return fail("TypeError")
    if type(a) is type(b) is int:
        return checked(a // b) if b else fail("ArithmeticError")
    a, b = float(a), float(b)
    if not (b and math.isfinite(a) and math.isfinite(b) and math.isfinite(a / b)):
        raise Unspecified("floor of a float by zero or of infinity")
    return a // b


def modulo(a, b):
    if not (is_number(a) and is_number(b)):
        return fail("TypeError")
    if type(a) is type(b) is int:
        return a % b if b else fail("ArithmeticError")
    a, b = float(a), float(b)
    if not (b and math.isfinite(a) and math.isfinite(b)):
        raise Unspecified("remainder of a float by zero or of infinity")
    return a % b


def add(a, b):
    if type(a) is type(b) is int:
        return checked(a + b)
    if is_number(a) and is_number(b):
        return a + b
    if type(a) is type(b) and type(a) in (str, list):
        return bounded(a + b)
    if type(a) is type(b) is Duration:
        return Duration(a.ms + b.ms)
    if type(a) in (list, Range) and type(b) in (list, Range):
        raise Unspecified("a range in a sum")
    return fail("TypeError")


def subtract(a, b):
    if type(a) is type(b) is int:
        return checked(a - b)
    if is_number(a) and is_number(b):
        return a - b
    if type(a) is type(b) is Duration:
        return Duration(a.ms - b.ms)
    return fail("TypeError")


def multiply(a, b):
    if type(a) is type(b) is int:
        return checked(a * b)
    if is_number(a) and is_number(b):
        return a * b
    if type(a) is Duration and is_number(b):
        return nearest(a.ms * b)
    if is_number(a) and type(b) is Duration:
        return nearest(b.ms * a)
    return fail("TypeError")


def negate(a):
    if type(a) is int:
        return checked(-a)
    if type(a) is float:
        return -a
    return Duration(-a.ms) if type(a) is Duration else fail("TypeError")


ARITHMETIC = {"+": add, "-": subtract, "*": multiply, "/": divide, "//": floor_divide, "%": modulo}


# --- reading and writing of elements


def position(i, size):
    if type(i) is not int:
        fail("TypeError")
    at = i + size if i < 0 else i
    return at if 0 <= at < size else fail("IndexError")


def index(xs, i):
    if type(xs) is dict:
        if type(i) is not str:
            fail("TypeError")
        return xs[i] if i in xs else fail("KeyError")
    if type(xs) in (list, Range, str):
        return elements(xs)[position(i, len(elements(xs)))]
    return fail("TypeError")


def slice_of(xs, a, b):
    if type(xs) not in (list, Range, str) or any(i is not None and type(i) is not int for i in (a, b)):
        return fail("TypeError")
    part = elements(xs)[a:b]
    return Range(part) if type(xs) is Range else part


def store(xs, i, value):
    if type(xs) is list:
        xs[position(i, len(xs))] = value
    elif type(xs) is dict:
        if type(i) is not str:
            fail("TypeError")
        xs[i] = value
    else:
        fail("TypeError")


def member(x, name):
    if type(x) is dict:
        return x[name] if name in x else fail("KeyError")
    if type(x) is Error and name in ("kind", "message", "data", "cause", "workflow_id"):
        value = getattr(x, name)
        if value is None and name in ("kind", "message"):
            raise Unspecified("words of an error")
        return value
    if type(x) is Error:
        raise Unspecified("other members of errors")
    return fail("TypeError")
