"""Random programs that mostly make sense: every expression is made for a type, a few for another one on purpose.

Types: int float bool str dur any, ("list", T), ("dict", T) any keys, ("rec", ((key, T), …)) known keys,
("opt", T) T or null, ("fn", (T, …), R).
"""
import random

SCALARS = ("int", "int", "int", "float", "bool", "str", "str", "dur")
KEYS = ("a", "b", "c", "id", "in", "two words", "é")
WORDS = ("", "a", "b", "ab", "x y", "Zoë", "a,b,,c", "line\nbreak", "1", "42", 'q"t', "naïve 🙂", "${x}", "$", "\\", "aXbX")
BIG = (9223372036854775807, 4611686018427387904, 3037000500, 1_000_000_007, 2**53)
MISTAKE = 0.004


class Generator:
    words = WORDS
    pieces = ("x", " ", "=", "é", "$", "a\n", '"', "{", "}")

    def __init__(self, seed, prefix):
        self.r = random.Random(seed)
        self.prefix = prefix
        self.frames = [{}]  # name → (type, assignable)
        self.count = 0
        self.top = []       # declarations before the program's own
        self.in_loop = self.nesting = 0
        self.size = 0       # how many expressions so far: a program that is big enough gets leaves only

    # --- choosing

    def chance(self, p):
        return self.r.random() < p

    def pick(self, xs):
        return xs[self.r.randrange(len(xs))]

    def weighted(self, *choices):
        """choices: weight, maker, …; the maker that was drawn is called."""
        total = sum(choices[::2])
        at = self.r.random() * total
        for weight, make in zip(choices[::2], choices[1::2]):
            at -= weight
            if at < 0:
                return make()
        return choices[-1]()

    def fresh(self, base="v"):
        self.count += 1
        return f"{base}{self.count}"

    # --- what is in scope

    def declare(self, name, kind, assignable=False):
        self.frames[-1][name] = (kind, assignable)
        return name

    def visible(self):
        names = {}
        for frame in self.frames:
            names.update(frame)
        return names

    def names_of(self, wanted, assignable=False):
        return [n for n, (t, a) in self.visible().items() if (t == wanted or wanted is None) and (a or not assignable)]

    def inside(self, make):
        """Makes something in a block of its own."""
        self.frames.append({})
        self.nesting += 1
        try:
            return make()
        finally:
            self.nesting -= 1
            self.frames.pop()

    def any_type(self, depth=2):
        if depth == 0 or self.chance(0.55):
            return self.pick(SCALARS)
        inner = lambda: self.any_type(depth - 1)
        return self.weighted(
            4, lambda: ("list", inner()),
            1, lambda: ("dict", inner()),
            2, lambda: ("rec", tuple((k, inner()) for k in self.r.sample(KEYS, self.r.randint(1, 3)))),
            1, lambda: ("opt", self.pick(SCALARS)))

    # --- expressions

    def ex(self, kind, depth=3):
        self.size += 1
        if self.size > 220:
            depth = 0
        if self.chance(MISTAKE):
            kind = self.any_type(1)
        if kind == "any":
            kind = self.any_type(1)
        names = self.names_of(kind)
        if names and self.chance(0.35 if depth > 0 else 0.6):
            return ("name", self.pick(names))
        if depth <= 0:
            return self.leaf(kind)
        if self.chance(0.16):
            return self.general(kind, depth - 1)
        tag = kind if isinstance(kind, str) else kind[0]
        return getattr(self, "ex_" + tag)(kind, depth - 1)

    def general(self, kind, depth):
        """Forms that give a value of any type."""
        return self.weighted(
            3, lambda: self.if_(kind, depth),
            2, lambda: ("paren", self.ex(kind, depth)),
            2, lambda: self.element(kind, depth),
            2, lambda: self.of_record(kind, depth),
            1, lambda: self.value_of(kind, depth),
            2, lambda: ("bin", "??", self.ex(("opt", kind), depth), self.ex(kind, depth)),
            2, lambda: self.call_of(kind, depth),
            1, lambda: self.try_(kind, depth),
            1, lambda: ("meth", self.ex(("list", kind), depth), "reduce",
                        (self.lambda_((kind, kind), kind, depth), self.ex(kind, 0)), (), False),
            1, lambda: ("meth", self.record_with(kind, depth), self.function_key, (), (), False))

    def element(self, kind, depth):
        """Mostly there: of a list made for it."""
        if self.chance(0.15):
            return ("idx", self.ex(("list", kind), depth), self.index())
        items = tuple(self.ex(kind, 0) for _ in range(3))
        return ("idx", self.pick((("list", items), ("list", (("spread", self.ex(("list", kind), depth)),) + items))), self.index())

    def value_of(self, kind, depth):
        base, key = self.ex(("dict", kind), depth), self.pick(KEYS)
        if self.chance(0.85):
            base = ("map", (("spread", base), ("key", key, self.ex(kind, 0))))
        return ("idx", base, ("lit", key))

    function_key = "make"

    def record_with(self, kind, depth):
        return ("map", (("key", "make", self.lambda_((), kind, depth)),))

    def of_record(self, kind, depth):
        records = [(n, k) for n, (t, _) in self.visible().items() if t[0] == "rec" for k, f in t[1] if f == kind]
        if records and self.chance(0.7):
            name, key = self.pick(records)
            base = ("name", name)
        else:
            key = self.pick(KEYS)
            base = self.ex(("rec", ((key, kind), (self.pick([k for k in KEYS if k != key]), "int"))), depth)
        if self.chance(0.04):
            key = self.pick(KEYS)
        if key.isascii() and key.isidentifier() and self.chance(0.7):
            return ("mem", base, key, False)
        return ("idx", base, ("lit", key))

    def index(self):
        return self.weighted(5, lambda: ("lit", self.r.randint(0, 2)), 2, lambda: ("neg", ("lit", self.r.randint(1, 2))),
                             1, lambda: self.ex("int", 1))

    def call_of(self, kind, depth):
        functions = [(n, t) for n, (t, _) in self.visible().items() if t[0] == "fn" and t[2] == kind]
        if not functions:
            params = tuple(self.any_type(1) for _ in range(self.r.randint(0, 2)))
            return ("call", self.lambda_(params, kind, depth) if self.chance(0.5) else self.fn(params, kind, depth),
                    tuple(self.ex(p, depth) for p in params), ())
        name, t = self.pick(functions)
        return ("call", ("name", name), tuple(self.ex(p, depth) for p in t[1]), ())

    def if_(self, kind, depth):
        otherwise = self.if_(kind, depth - 1) if depth > 0 and self.chance(0.2) else self.value_block(kind, depth)
        return ("if", self.ex("bool", depth), self.value_block(kind, depth), otherwise)

    def try_(self, kind, depth):
        body = self.value_block(kind, depth, 0.6)
        if self.chance(0.5):
            body = body[:-1] + (self.throw(), ) if self.chance(0.3) else (self.maybe_throw(),) + body
        catches = []
        if self.chance(0.4):
            name = self.fresh("e")
            test = ("bin", "==", ("mem", ("name", name), "kind", False), ("lit", self.pick(("Mine", "KeyError", "IndexError",
                                                                                          "TypeError", "Error"))))
            catches.append((name, test, self.value_block(kind, depth)))
        name = self.fresh("e") if self.chance(0.8) else None
        catches.append((name, None, self.catch_block(kind, depth, name)))
        last = self.finally_() if self.chance(0.3) else None
        return ("try", body, tuple(catches), last)

    def finally_(self):
        loops, self.in_loop = self.in_loop, 0
        made = self.inside(lambda: self.statements(self.r.randint(1, 2), 0))
        self.in_loop = loops
        return made

    def catch_block(self, kind, depth, name):
        block = self.value_block(kind, depth)
        if name and self.chance(0.7):
            block = (self.print(("mem", ("name", name), "kind", False)),) + block
        if name and self.chance(0.15):
            block = (("throw", ("name", name)),) if self.chance(0.4) else (self.throw(),) + block[:0]
        return block

    def value_block(self, kind, depth, statements=0.25):
        def make():
            body = self.statements(self.r.randint(1, 2), depth - 1) if self.chance(statements) else ()
            return body + (("expr", self.ex(kind, depth)),)
        return self.inside(make)

    def lambda_(self, params, result, depth):
        loops, self.in_loop = self.in_loop, 0

        def make():
            names = tuple((self.declare(self.fresh("p"), p), None) for p in params)
            return ("lambda", names, self.ex(result, depth))
        made = self.inside(make)
        self.in_loop = loops
        return made

    def fn(self, params, result, depth):
        loops, self.in_loop = self.in_loop, 0

        def make():
            names = []
            for p in params:
                default = self.ex(p, 0) if names and self.chance(0.3) else None
                if names and names[-1][1] is not None and default is None:
                    default = self.ex(p, 0)
                names.append((self.declare(self.fresh("p"), p), default))
            return ("fn", tuple(names), self.function_body(result, depth))
        made = self.inside(make)
        self.in_loop = loops
        return made

    def function_body(self, result, depth):
        body = self.statements(self.r.randint(0, 3), depth)
        if self.chance(0.25):
            body += (("expr", ("if", self.ex("bool", 1), (("return", self.ex(result, 1)),), None)),)
        return body + ((("return", self.ex(result, depth)) if self.chance(0.2) else ("expr", self.ex(result, depth))),)

    # --- leaves

    def leaf(self, kind):
        tag = kind if isinstance(kind, str) else kind[0]
        if tag == "int":
            return self.weighted(12, lambda: ("lit", self.r.randint(0, 9)), 2, lambda: ("lit", -self.r.randint(1, 9)),
                                 2, lambda: self.spelt_int(), 0.7, lambda: ("lit", self.pick(BIG)))
        if tag == "float":
            return ("lit", self.pick((0.0, 0.5, 1.0, 1.5, 2.25, 3.0, -2.5, 0.1, 1e3, 1e-3, 12.75)))
        if tag == "bool":
            return ("lit", self.chance(0.5))
        if tag == "str":
            word = self.pick(self.words)
            return ("raw", word) if "\n" not in word and self.chance(0.15) else ("lit", word)
        if tag == "dur":
            return ("dur",) + self.pick((("250ms", 250), ("1s", 1000), ("1.5s", 1500), ("2m", 120000), ("1h30m", 5400000),
                                         ("1d1h", 90000000), ("0s", 0), ("1m1ms", 60001)))
        if tag == "opt":
            return ("lit", None) if self.chance(0.5) else self.leaf(kind[1])
        if tag == "list":
            return ("list", tuple(self.leaf(kind[1]) for _ in range(self.r.randint(0, 3))))
        if tag == "dict":
            return ("map", tuple(("key", k, self.leaf(kind[1])) for k in self.r.sample(KEYS, self.r.randint(0, 3))))
        if tag == "rec":
            return ("map", tuple(("key", k, self.leaf(t)) for k, t in kind[1]))
        if tag == "fn":
            return self.lambda_(kind[1], kind[2], 0)
        return ("lit", None)

    def spelt_int(self):
        n = self.r.randint(10, 100000)
        small = n & 255
        return self.pick((("lit", n), ("num", f"{n:_}", n), ("num", hex(n), n), ("num", bin(small), small)))

    # --- by type

    def ex_int(self, _, d):
        e = self.ex
        return self.weighted(
            4, lambda: self.leaf("int"),
            6, lambda: ("bin", self.pick("++--*"), e("int", d), e("int", d)),
            2, lambda: ("bin", self.pick(("//", "%")), e("int", d), e("int", d)),
            1, lambda: ("neg", e("int", d)),
            1, lambda: self.length(d),
            1, lambda: ("meth", e(("list", "int"), d), "sum", (), (), False),
            1, lambda: self.on_list(lambda t, xs: ("meth", xs, "index_of", (e(t, d),), (), False), d),
            1, lambda: ("meth", e("str", d), "find", (e("str", 0),), (), False),
            1, lambda: self.glob("int", self.pick((lambda: e("float", d), lambda: e("int", d), lambda: e("str", 0)))()),
            1, lambda: self.glob(self.pick(("min", "max")), e("int", d), e("int", d)),
            0.5, lambda: self.glob("abs", e("int", d)),
            0.3, lambda: ("meth", e(("dict", "int"), d), "remove", (("lit", self.pick(KEYS)),), (), False),
            0.5, lambda: self.on_var_list(lambda n: ("meth", ("name", n), "pop", (), (), False), "int"))

    def length(self, d):
        kind = self.pick(("str", ("list", "int"), ("dict", "int")))
        if self.chance(0.3):
            return self.glob("len", self.ex(kind, d))
        return ("meth", self.ex(kind, d), "len", (), (), False)

    def on_list(self, make, d):
        kind = self.any_type(1)
        return make(kind, self.ex(("list", kind), d))

    def on_var_list(self, make, kind):
        names = self.names_of(("list", kind))
        return make(self.pick(names)) if names else self.leaf(kind)

    def glob(self, name, *arguments):
        return ("call", ("name", name), arguments, ())

    def ex_float(self, _, d):
        e = self.ex
        number = lambda: e(self.pick(("int", "float", "float")), d)
        return self.weighted(
            3, lambda: self.leaf("float"),
            4, lambda: ("bin", self.pick("+-*"), e("float", d), number()),
            2, lambda: ("bin", self.pick("+-*"), e("int", d), e("float", d)),
            3, lambda: ("bin", "/", number(), number()),
            1, lambda: ("bin", self.pick(("//", "%")), e("float", d), number()),
            1, lambda: self.glob("float", e("int", d)),
            0.7, lambda: ("bin", "/", e("dur", d), e("dur", d)),
            0.5, lambda: ("bin", "??", ("meth", e(("list", "int"), d), "avg", (), (), False), self.leaf("float")),
            0.5, lambda: ("neg", e("float", d)),
            0.5, lambda: ("meth", e(("list", "float"), d), "sum", (), (), False))

    def ex_bool(self, _, d):
        e = self.ex
        return self.weighted(
            1, lambda: self.leaf("bool"),
            4, lambda: self.comparison(d),
            3, lambda: ("bin", self.pick(("and", "or")), e("bool", d), e("bool", d)),
            2, lambda: ("not", e("bool", d)),
            2, lambda: self.on_list(lambda t, xs: ("bin", self.pick(("in", "not in")), e(t, d), xs), d),
            1, lambda: ("bin", self.pick(("in", "not in")), e("str", 0), e(self.pick(("str", ("dict", "int"))), d)),
            1, lambda: self.on_list(lambda t, xs: ("meth", xs, "contains", (e(t, d),), (), False), d),
            1, lambda: self.on_list(lambda t, xs: ("meth", xs, self.pick(("any", "all")),
                                                   (self.lambda_((t,), "bool", d),), (), False), d),
            1, lambda: ("meth", e("str", d), self.pick(("contains", "starts_with", "ends_with")), (e("str", 0),), (), False),
            0.5, lambda: ("meth", e(("dict", "int"), d), "has", (("lit", self.pick(KEYS)),), (), False))

    def comparison(self, d):
        if self.chance(0.4):
            kind = self.any_type(1)
            return ("bin", self.pick(("==", "!=")), self.ex(kind, d), self.ex(kind if self.chance(0.9) else "any", d))
        kind = self.pick(("int", "int", "float", "str", "dur"))
        other = "float" if kind == "int" and self.chance(0.3) else kind
        return ("bin", self.pick(("<", "<=", ">", ">=")), self.ex(kind, d), self.ex(other, d))

    def ex_str(self, _, d):
        e = self.ex
        s = lambda name, *a: ("meth", e("str", d), name, a, (), False)
        return self.weighted(
            3, lambda: self.leaf("str"),
            4, lambda: self.interpolation(d),
            3, lambda: ("bin", "+", e("str", d), e("str", d)),
            2, lambda: s(self.pick(("upper", "lower", "trim"))),
            1, lambda: s("replace", ("lit", self.pick(("a", "b", "X", "ab"))), e("str", 0)),
            1, lambda: s("repeat", ("lit", self.r.randint(0, 3))),
            1, lambda: s(self.pick(("pad_left", "pad_right")), ("lit", self.r.randint(0, 8)), ("lit", self.pick(".* é"))),
            0.5, lambda: ("idx", ("bin", "+", e("str", d), ("lit", "xyz")), self.index()),
            0.1, lambda: ("idx", e("str", d), self.index()),
            1, lambda: ("slice", e("str", d), self.bound(), self.bound()),
            2, lambda: self.glob("str", e("any", d)),
            1, lambda: self.glob("type", e("any", d)),
            1, lambda: ("meth", e(("list", self.pick(("str", "int", "float"))), d), "join", (e("str", 0),), (), False),
            0.5, lambda: s("join", e(("list", "str"), d)),
            0.5, lambda: self.glob("json.stringify", e("any", d)),
            0.5, lambda: self.glob(self.pick(("min", "max")), e("str", d), e("str", d)))

    def bound(self):
        return None if self.chance(0.3) else self.weighted(3, lambda: ("lit", self.r.randint(0, 3)),
                                                           1, lambda: ("lit", -self.r.randint(1, 3)))

    def interpolation(self, d):
        parts = []
        for _ in range(self.r.randint(1, 3)):
            if self.chance(0.6):
                parts.append(self.pick(self.pieces))
            parts.append(self.ex("any", min(d, 1)))
        return ("interp", tuple(parts))

    def ex_dur(self, _, d):
        e = self.ex
        return self.weighted(
            3, lambda: self.leaf("dur"),
            3, lambda: ("bin", self.pick("+-"), e("dur", d), e("dur", d)),
            2, lambda: ("bin", "*", e("dur", d), ("lit", self.r.randint(0, 5))),
            1, lambda: ("bin", "*", ("lit", self.pick((2, 3, 0.5, 1.5))), e("dur", d)),
            1, lambda: ("bin", "/", e("dur", d), ("lit", self.pick((2, 4, 5, 0.5)))),
            1, lambda: ("neg", e("dur", d)),
            0.5, lambda: ("meth", ("list", (e("dur", d), e("dur", d))), self.pick(("sum", "min", "max")), (), (), False))

    def ex_list(self, kind, d):
        t, e = kind[1], self.ex
        m = lambda name, *a: ("meth", e(kind, d), name, a, (), False)
        choices = [
            4, lambda: ("list", tuple(("spread", e(kind, d)) if self.chance(0.15) else e(t, d)
                                      for _ in range(self.r.randint(0, 4)))),
            2, lambda: self.on_list(lambda u, xs: ("meth", xs, "map", (self.lambda_((u,), t, d),), (), False), d),
            2, lambda: m("filter", self.lambda_((t,), "bool", d)),
            1, lambda: ("bin", "+", e(kind, d), e(kind, d)),
            1, lambda: m(self.pick(("reverse", "copy", "unique"))),
            1, lambda: m(self.pick(("take", "drop")), ("lit", self.r.randint(0, 3))),
            2, lambda: ("slice", e(kind, d), self.bound(), self.bound()),
            1, lambda: ("meth", e(("dict", t), d), "values", (), (), False),
            1, lambda: self.on_list(lambda u, xs: ("meth", xs, "flat_map", (self.lambda_((u,), kind, d),), (), False), d),
            0.5, lambda: ("meth", e(("list", kind), d), "flatten", (), (), False),
            1, lambda: m("sort_by", self.lambda_((t,), self.pick(("int", "str")), d))]
        if t == "int":
            choices += [3, lambda: self.range(d),
                        2, lambda: m("sort"),
                        1, lambda: m("sort", ("lambda", (("x", None), ("y", None)), ("bin", "-", ("name", "y"), ("name", "x"))))]
        elif t == "str":
            choices += [2, lambda: ("meth", e("str", d), "split", (("lit", self.pick((",", "a", ""))),), (), False),
                        1, lambda: ("meth", e("str", d), self.pick(("split", "chars", "chars")), (), (), False),
                        1, lambda: ("meth", e(("dict", "int"), d), "keys", (), (), False),
                        1, lambda: m("sort")]
        elif t[0] == "list":
            choices += [3, lambda: ("meth", e(t, d), "chunk", (("lit", self.r.randint(1, 3)),), (), False)]
        return self.weighted(*choices)

    def range(self, d):
        """A list of ints from a range: ranges themselves are not told from lists."""
        made = ("bin", "..", ("lit", self.r.randint(-2, 2)), self.ex("int", 0) if self.chance(0.2) else
                ("lit", self.r.randint(0, 5)))
        if self.chance(0.2):
            made = self.glob("range", ("lit", self.r.randint(0, 9)), ("lit", self.r.randint(0, 9)),
                             ("lit", self.pick((1, 2, 3, -1, -2))))
        how = self.pick(("copy", "reverse", "map", "spread"))
        if how == "spread":
            return ("list", (("spread", made),))
        if made[0] == "bin":
            made = ("paren", made)
        return ("meth", made, how, (self.lambda_(("int",), "int", d),) if how == "map" else (), (), False)

    def ex_dict(self, kind, d):
        t, e = kind[1], self.ex
        m = lambda name, *a: ("meth", e(kind, d), name, a, (), False)
        choices = [
            4, lambda: ("map", tuple(self.entry(kind, d) for _ in range(self.r.randint(0, 3)))),
            1, lambda: m("merge", e(kind, d)),
            1, lambda: m("copy"),
            1, lambda: m("filter", self.lambda_(("str", t), "bool", d)),
            1, lambda: ("meth", e(("dict", self.pick(SCALARS)), d), "map", (self.lambda_(("str", "any"), t, d),), (), False)]
        if t[0] == "list":
            choices += [3, lambda: ("meth", e(t, d), "group_by",
                                    (self.lambda_((t[1],), self.pick(("int", "str", "bool")), d),), (), False)]
        return self.weighted(*choices)

    def entry(self, kind, d):
        if self.chance(0.15):
            return ("spread", self.ex(kind, d))
        if self.chance(0.3):
            return ("computed", self.ex("str", 1), self.ex(kind[1], d))
        names = [n for n in self.names_of(kind[1])]
        if names and self.chance(0.3):
            name = self.pick(names)
            return ("key", name, ("name", name))
        return ("key", self.pick(KEYS), self.ex(kind[1], d))

    def ex_rec(self, kind, d):
        made = ("map", tuple(("key", k, self.ex(t, d)) for k, t in kind[1]))
        if self.chance(0.2):
            return ("map", (("spread", made), ("key", kind[1][0][0], self.ex(kind[1][0][1], d))))
        if self.chance(0.15):
            return ("meth", made, "merge", (("map", (("key", kind[1][0][0], self.ex(kind[1][0][1], d)),)),), (), False)
        return made

    def ex_opt(self, kind, d):
        t, e = kind[1], self.ex
        return self.weighted(
            1, lambda: ("lit", None),
            2, lambda: e(t, d),
            2, lambda: ("meth", e(("list", t), d), self.pick(("first", "last")), (), (), False),
            1, lambda: ("meth", e(("list", t), d), "find", (self.lambda_((t,), "bool", d),), (), False),
            2, lambda: ("meth", e(("dict", t), d), "get", (("lit", self.pick(KEYS)),), (), False),
            2, lambda: ("mem", e(("dict", t), d), self.pick(("a", "b", "id", "in")), True),
            1, lambda: ("mem", e(("opt", ("rec", (("a", t),))), d), "a", True),
            1, lambda: ("mem", ("mem", e(("opt", ("dict", ("rec", (("b", t),)))), d), "a", True), "b", False),
            1, lambda: ("if", e("bool", d), self.value_block(t, d), None))

    def ex_fn(self, kind, d):
        return self.lambda_(kind[1], kind[2], d) if self.chance(0.5) else self.fn(kind[1], kind[2], d)

    # --- statements: statements.py

    def print(self, *what):
        return ("expr", ("call", ("name", "print"), what, ()))
