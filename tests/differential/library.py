"""The library functions and methods that generated programs use, from section 8 of the contract.

Each is a generator `f(evaluator, strand, receiver, *arguments)`. A wrong type of argument is a TypeError.
"""
from functools import wraps

from values import (ARITHMETIC, Duration, Error, Range, Throw, Unspecified, add, bounded, checked, contains, elements,
                    equal, fail, is_number, less, nearest, position, text, to_json, type_name)

METHODS = {"string": {}, "list": {}, "map": {}, "handle": {}}
GLOBALS = {}


def method(sort, name):
    """Registers a plain function (receiver, *arguments) as a method that never waits."""
    def register(function):
        @wraps(function)
        def run(evaluator, strand, receiver, *arguments, **named):
            yield from ()
            return function(receiver, *arguments, **named)
        METHODS[sort][name] = run
        return function
    return register


def waiting(sort, name):
    def register(function):
        METHODS[sort][name] = function
        return function
    return register


def method_of(sort, name):
    return METHODS.get("list" if sort == "range" else sort, {}).get(name)


def need(value, *kinds):
    if type(value) not in kinds:
        fail("TypeError")
    return value


def bool_of(value):
    return need(value, bool)


# --- globals


def call_global(evaluator, strand, name, positional, named):
    evaluator.count(f"{name}()")
    if name in GLOBALS:
        yield from ()
        return GLOBALS[name](evaluator, *positional, **named)
    return (yield from strand.call_waiting(name, positional, named))


def global_function(name):
    def register(function):
        GLOBALS[name] = function
        return function
    return register


@global_function("len")
def _len(_, x):
    return len(elements(need(x, str, list, dict, Range)))


@global_function("print")
def _print(evaluator, *values):
    evaluator.printed.append(" ".join(text(v) for v in values))


@global_function("str")
def _str(_, x):
    return text(x)


@global_function("int")
def _int(_, x):
    if type(x) is int:
        return x
    if type(x) is float:
        if not abs(x) < 2**53:
            raise Unspecified("int of a big float")
        return int(x)
    if type(x) is str:
        digits = x[1:] if x[:1] == "-" else x
        if digits.isascii() and digits.isdigit():
            return int(x) if abs(int(x)) < 2**63 else fail("ArgumentError")
        if not x or x[0].isalpha():
            return fail("ArgumentError")
    raise Unspecified("int() of this")


@global_function("float")
def _float(_, x):
    if is_number(x):
        return float(x)
    if type(x) is str and x.replace(".", "", 1).isdigit() and x[0] != "." and x[-1] != ".":
        return float(x)
    if type(x) is str and (not x or x[0].isalpha()) and x[:1].lower() not in ("n", "i"):
        return fail("ArgumentError")
    raise Unspecified("float() of this")


@global_function("type")
def _type(_, x):
    return type_name(x)


@global_function("error")
def _error(_, kind, message, data=None, cause=None):
    need(kind, str), need(message, str)
    if cause is not None and type(cause) is not Error:
        raise Unspecified("a cause that is no error")
    return Error(kind, message, data, cause)


@global_function("assert")
def _assert(_, condition, message=None):
    if not bool_of(condition):
        raise Throw(Error("AssertionError", message))


@global_function("range")
def _range(_, a, b, step=1):
    for x in (a, b, step):
        need(x, int)
    if step == 0:
        raise Unspecified("range with step 0")
    return Range(range(a, b, step))


@global_function("abs")
def _abs(_, x):
    if type(x) is Duration:
        return Duration(abs(x.ms))
    return checked(abs(x)) if type(x) is int else abs(need(x, float))


def _extreme(values, before):
    if len(values) == 1 and type(values[0]) in (list, Range):
        values = elements(values[0])
    return _best(values, before)


def _best(values, before):
    if not values:
        return None
    best = values[0]
    if not (is_number(best) or type(best) in (str, Duration)):
        raise Unspecified("the least of what has no order")
    for value in values[1:]:
        if before(value, best):
            best = value
        elif equal(value, best) and type(value) is not type(best):
            raise Unspecified("the lesser of 1 and 1.0")
    return best


@global_function("min")
def _min(_, *values):
    return _extreme(values, less)


@global_function("max")
def _max(_, *values):
    return _extreme(values, lambda a, b: less(b, a))


# --- strings

for _name, _f in {
        "len": len, "upper": str.upper, "lower": str.lower, "trim": str.strip, "chars": list,
        "lines": lambda s: s.split("\n") if not s.endswith("\n") else _open()}.items():
    method("string", _name)(_f)


def _open():
    raise Unspecified("a last line that is empty")


@method("string", "split")
def _split(s, sep=None):
    if sep is None:
        return s.split()
    if need(sep, str) == "":
        return list(s)
    return s.split(sep)


@method("string", "replace")
def _replace(s, old, new):
    if need(old, str) == "":
        raise Unspecified("replacing nothing")
    return bounded(s.replace(old, need(new, str)))


@method("string", "join")
def _string_join(s, xs):
    return _join(need(xs, list, Range), s)


for _name, _f in {"contains": lambda s, x: need(x, str) in s, "starts_with": lambda s, x: s.startswith(need(x, str)),
                  "ends_with": lambda s, x: s.endswith(need(x, str)), "find": lambda s, x: s.find(need(x, str))}.items():
    method("string", _name)(_f)


@method("string", "repeat")
def _repeat(s, n):
    if need(n, int) < 0:
        raise Unspecified("repeating less than never")
    if n * len(s) > 4000:
        raise Unspecified("too big")
    return s * n


def _padding(s, width, fill):
    if len(need(fill, str)) != 1 or need(width, int) < 0:
        raise Unspecified("odd padding")
    return bounded(fill * max(0, min(width, 5000) - len(s)))


@method("string", "pad_left")
def _pad_left(s, width, fill=" "):
    return _padding(s, width, fill) + s


@method("string", "pad_right")
def _pad_right(s, width, fill=" "):
    return s + _padding(s, width, fill)


# --- lists and ranges


def changeable(xs):
    if type(xs) is Range:
        raise Unspecified("changing a range")
    return xs


method("list", "len")(lambda xs: len(elements(xs)))
method("list", "copy")(lambda xs: list(elements(xs)))
method("list", "reverse")(lambda xs: list(elements(xs))[::-1])
method("list", "first")(lambda xs: elements(xs)[0] if len(elements(xs)) else None)
method("list", "last")(lambda xs: elements(xs)[-1] if len(elements(xs)) else None)
method("list", "contains")(lambda xs, x: contains(x, xs))
method("list", "enumerate")(lambda xs: [[i, x] for i, x in enumerate(elements(xs))])
method("list", "zip")(lambda xs, ys: [[x, y] for x, y in zip(elements(xs), elements(need(ys, list, Range)))])
method("list", "min")(lambda xs: _best(elements(xs), less))
method("list", "max")(lambda xs: _best(elements(xs), lambda a, b: less(b, a)))


@method("list", "push")
def _push(xs, x, *more):
    values = (x,) + more
    bounded(changeable(xs)).extend(values)


@method("list", "pop")
def _pop(xs):
    return changeable(xs).pop() if xs else fail("IndexError")


@method("list", "insert")
def _insert(xs, i, x):
    need(i, int)
    if not 0 <= i <= len(changeable(xs)):
        raise Unspecified("inserting beyond the ends")
    xs.insert(i, x)


@method("list", "remove")
def _remove(xs, i):
    return changeable(xs).pop(position(i, len(xs)))


@method("list", "index_of")
def _index_of(xs, x):
    return next((i for i, y in enumerate(elements(xs)) if equal(x, y)), -1)


@method("list", "sum")
def _sum(xs):
    xs = elements(xs)
    if any(type(x) is Duration for x in xs):
        total = need(xs[0], Duration)
        xs = xs[1:]
        for x in xs:
            need(x, Duration)
    else:
        total = 0
        for x in xs:
            need(x, int, float)
    for x in xs:
        total = add(total, x)
    return total


@method("list", "avg")
def _avg(xs):
    if not elements(xs):
        return None
    try:
        total = _sum(xs)
    except Throw as thrown:
        if thrown.error.kind == "ArithmeticError":
            raise Unspecified("the mean of huge ints") from None
        raise
    return nearest(total.ms, len(elements(xs))) if type(total) is Duration \
        else ARITHMETIC["/"](total, len(elements(xs)))


@method("list", "flatten")
def _flatten(xs):
    out = []
    for x in elements(xs):
        if type(x) is not list:
            raise Unspecified("flattening what is no list")
        out.extend(x)
    return bounded(out)


@method("list", "unique")
def _unique(xs):
    out = []
    for x in elements(xs):
        if not contains(x, out):
            out.append(x)
    return out


@method("list", "chunk")
def _chunk(xs, n):
    if need(n, int) < 1:
        raise Unspecified("chunks of nothing")
    xs = list(elements(xs))
    return [xs[i:i + n] for i in range(0, len(xs), n)]


def _count_of(n):
    if need(n, int) < 0:
        raise Unspecified("fewer than none")
    return n


method("list", "take")(lambda xs, n: list(elements(xs)[:_count_of(n)]))
method("list", "drop")(lambda xs, n: list(elements(xs)[_count_of(n):]))


@method("list", "join")
def _join(xs, sep=""):
    need(sep, str)
    return bounded(sep.join(text(need(x, str, int, float)) for x in elements(xs)))


# --- callbacks


def each_call(name):
    """For a method that calls f(element) once an element, in order: the body gets [(element, result)]."""
    def register(finish):
        def run(evaluator, strand, xs, f):
            results, i = [], 0
            size = len(elements(xs))
            while i < len(elements(xs)):
                x = elements(xs)[i]
                result = yield from evaluator.call(f, [x], None, strand)
                results.append((x, bool_of(result) if name == "filter" else result))
                i += 1
                if len(elements(xs)) != size:
                    raise Unspecified("a callback that changes its list")
            return bounded(finish(results)) if name != "each" else None
        METHODS["list"][name] = run
        return finish
    return register


each_call("map")(lambda rs: [r for _, r in rs])
each_call("filter")(lambda rs: [x for x, r in rs if r])
each_call("each")(lambda rs: None)


@each_call("flat_map")
def _flat_map(results):
    return _flatten([r for _, r in results])


@each_call("group_by")
def _group_by(results):
    groups = {}
    for x, key in results:
        groups.setdefault(text(key), []).append(x)
    return groups


@each_call("sort_by")
def _sort_by(results):
    return [x for x, _ in _sorted(results, lambda a, b: less(a[1], b[1]))]


def _sorted(xs, before):
    """Stable insertion; every pair of neighbours is compared, so that what has no order is found."""
    out = []
    if len(xs) == 1:
        _best([xs[0][1] if isinstance(xs[0], tuple) else xs[0]], less)
    for x in xs:
        at = len(out)
        while at and before(x, out[at - 1]):
            at -= 1
        out.insert(at, x)
    return out


def stopping(name, start, stop):
    """find, any, all: calls f until it knows."""
    def run(evaluator, strand, xs, f):
        for x in list(elements(xs)):
            result = yield from evaluator.call(f, [x], None, strand)
            if bool_of(result) is stop:
                return x if name == "find" else stop
        return start
    METHODS["list"][name] = run


stopping("find", None, True)
stopping("any", False, True)
stopping("all", True, False)


@waiting("list", "reduce")
def _reduce(evaluator, strand, xs, f, *init):
    xs = list(elements(xs))
    if not xs and not init:
        raise Unspecified("folding nothing")
    acc = init[0] if init else xs.pop(0)
    for x in xs:
        acc = yield from evaluator.call(f, [acc, x], None, strand)
    return acc


@waiting("list", "sort")
def _sort(evaluator, strand, xs, cmp=None):
    xs = list(elements(xs))
    if cmp is None:
        return _sorted(xs, less)
    out = []
    for x in xs:
        at = len(out)
        while at:
            try:
                answer = yield from evaluator.call(cmp, [x, out[at - 1]], None, strand)
            except Throw:
                raise Unspecified("a comparator that throws: which pairs are compared is open") from None
            if type(answer) is bool:
                raise Unspecified("a comparator that gives a bool")
            if need(answer, int, float) >= 0:
                break
            at -= 1
        out.insert(at, x)
    return out


# --- maps

method("map", "len")(len)
method("map", "keys")(list)
method("map", "values")(lambda m: list(m.values()))
method("map", "entries")(lambda m: [[k, v] for k, v in m.items()])
method("map", "get")(lambda m, key, default=None: m.get(need(key, str), default))
method("map", "has")(lambda m, key: need(key, str) in m)
method("map", "merge")(lambda m, other: {**m, **need(other, dict)})
method("map", "copy")(dict)
method("map", "remove")(lambda m, key: m.pop(need(key, str)) if key in m else fail("KeyError"))


def _map_calls(name, finish):
    def run(evaluator, strand, m, f):
        out = {}
        for key, value in list(m.items()):
            result = yield from evaluator.call(f, [key, value], None, strand)
            finish(out, key, value, result)
        return out
    METHODS["map"][name] = run


def _keep(out, key, value, result):
    if bool_of(result):
        out[key] = value


_map_calls("map", lambda out, key, value, result: out.__setitem__(key, result))
_map_calls("filter", _keep)


@global_function("json.stringify")
def _stringify(_, x):
    return bounded(to_json(x))
