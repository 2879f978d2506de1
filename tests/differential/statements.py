"""Statements and whole programs for the generator of expressions."""
from generator import SCALARS, Generator


class Programs(Generator):
    def statements(self, n, depth):
        return tuple(self.statement(depth) for _ in range(n))

    def statement(self, depth):
        deep = depth > 0 and self.nesting < 5 and self.size < 200
        choices = [
            5, lambda: self.let(depth),
            3, lambda: self.var(depth),
            5, lambda: self.guarded(self.assign(depth)),
            4, lambda: self.print(self.ex(self.any_type(2), depth), *([self.ex("str", 1)] if self.chance(0.3) else [])),
            2, lambda: self.guarded(self.list_change(depth)),
            1, lambda: self.assertion(),
            1.5, lambda: self.destructure(depth)]
        if deep:
            choices += [
                3, lambda: self.if_statement(depth - 1),
                3, lambda: self.for_(depth - 1),
                1.5, lambda: self.while_(depth - 1),
                2, lambda: ("expr", self.try_(self.any_type(1), depth - 1)),
                2, lambda: self.local_fn(depth - 1),
                1, lambda: self.counter(depth - 1)]
        if self.in_loop and self.chance(0.2):
            return ("expr", ("if", self.ex("bool", 1), (("break",) if self.chance(0.5) else ("continue",),), None))
        return self.weighted(*choices)

    def guarded(self, statement):
        """What may well miss an element or key is mostly caught."""
        if statement[0] == "var" or statement[0] == "let" or self.chance(0.3):
            return statement
        e = self.fresh("e")
        return ("expr", ("try", (statement,), ((e, None, (self.print(("mem", ("name", e), "kind", False)),)),), None))

    def let(self, depth):
        kind = self.any_type(2) if self.chance(0.9) else ("fn", (self.pick(SCALARS),), self.pick(SCALARS))
        value = self.ex(kind, depth)
        return ("let", self.declare(self.fresh(), kind), value)

    def var(self, depth):
        kind = self.any_type(2)
        value = self.ex(kind, depth)
        return ("var", self.declare(self.fresh(), kind, True), value)

    def assign(self, depth):
        names = self.names_of(None, True)
        holders = [(n, t) for n, (t, _) in self.visible().items() if t[0] in ("list", "dict", "rec")]
        if holders and self.chance(0.4) or not names:
            if not holders:
                return self.var(depth)
            return self.store(depth, *self.pick(holders))
        name = self.pick(names)
        kind = self.visible()[name][0]
        return ("assign", ("name", name), *self.operation(kind, depth))

    def operation(self, kind, depth):
        if kind in ("int", "float", "dur") and self.chance(0.6):
            if kind == "dur":
                return self.pick(("+=", "-=")), self.ex("dur", depth)
            op = self.pick(("+=", "-=", "*=")) if kind == "int" else self.pick(("+=", "-=", "*=", "/="))
            return op, self.ex(kind, depth)
        if (kind == "str" or kind[0] == "list") and self.chance(0.5):
            return "+=", self.ex(kind, min(depth, 1))
        return "=", self.ex(kind, depth)

    def store(self, depth, name, kind):
        if kind[0] == "list":
            return ("assign", ("idx", ("name", name), ("lit", self.r.randint(-1, 2))), *self.operation(kind[1], depth))
        if kind[0] == "dict":
            key = self.pick(("a", "b", "id", "two words"))
            return ("assign", ("idx", ("name", name), ("lit", key)), *(self.operation(kind[1], depth) if self.chance(0.3)
                                                                       else ("=", self.ex(kind[1], depth))))
        key, inner = self.pick(kind[1])
        if key.isascii() and key.isidentifier():
            return ("assign", ("mem", ("name", name), key, False), *self.operation(inner, depth))
        return ("assign", ("idx", ("name", name), ("lit", key)), *self.operation(inner, depth))

    def list_change(self, depth):
        lists = [(n, t[1]) for n, (t, _) in self.visible().items() if t[0] == "list"]
        if not lists:
            return self.let(depth)
        name, kind = self.pick(lists)
        call = lambda method, *a: ("expr", ("meth", ("name", name), method, a, (), False))
        return self.weighted(
            4, lambda: call("push", self.ex(kind, depth)),
            2, lambda: call("insert", ("lit", 0), self.ex(kind, depth)),
            1, lambda: self.print(call("pop")[1]),
            1, lambda: self.print(call("remove", self.index())[1]))

    def assertion(self):
        if self.chance(0.2):
            return ("expr", self.glob("assert", self.ex("bool", 1), ("lit", "asserted")))
        return self.maybe_throw()

    def throw(self):
        return self.weighted(
            2, lambda: ("throw", ("lit", self.pick(("boom", "out of stock", "é")))),
            3, lambda: ("throw", self.glob("error", ("lit", self.pick(("Mine", "Other", "KeyError"))), self.ex("str", 0),
                                           *([self.ex("any", 1)] if self.chance(0.4) else []))),
            0.2, lambda: ("throw", self.ex("int", 0)))

    def maybe_throw(self):
        return ("expr", ("if", self.ex("bool", 1), (self.throw(),), None))

    def destructure(self, depth):
        if self.chance(0.5):
            kind = ("list", self.any_type(1))
            names, rest = [], None
            value = self.ex(kind, depth)
            if self.chance(0.6):
                value = ("list", tuple(self.ex(kind[1], 1) for _ in range(self.r.randint(1, 4))))
            wanted = len(value[1]) if value[0] == "list" and self.chance(0.9) else self.r.randint(0, 3)
            if self.chance(0.4):
                wanted, rest = max(0, wanted - self.r.randint(0, 2)), self.fresh()
            for _ in range(wanted):
                names.append(self.declare(self.fresh(), kind[1]))
            if rest:
                self.declare(rest, kind)
            return ("let", ("plist", tuple(names), rest), value)
        fields = tuple((k, self.any_type(1)) for k in self.r.sample(("a", "b", "c", "id"), self.r.randint(1, 3)))
        value = self.ex(("rec", fields), depth)
        if self.chance(0.1):
            value = self.ex(("dict", fields[0][1]), depth)
            fields = tuple((k, fields[0][1]) for k, _ in fields)
        pattern = []
        for key, kind in fields:
            if kind[0] == "list" and self.chance(0.3):
                rest = self.fresh()
                default = self.ex(kind, 0) if self.chance(0.3) else None
                pattern.append((key, ("plist", (), self.declare(rest, kind)), default))
                continue
            default = self.ex(kind, 1) if self.chance(0.4) else None
            name = self.fresh()
            pattern.append((key, name, default))
            self.declare(name, kind)
        return ("let", ("pmap", tuple(pattern)), value)

    def body(self, depth, most=3):
        return self.inside(lambda: self.statements(self.r.randint(1, most), depth))

    def if_statement(self, depth):
        condition = self.ex("bool", 2)
        then = self.body(depth)
        otherwise = self.body(depth) if self.chance(0.5) else None
        return ("expr", ("if", condition, then, otherwise))

    def for_(self, depth):
        make = self.pick((self.for_list, self.for_list, self.for_range, self.for_map, self.for_pairs, self.for_string))
        return make(self.any_type(1), depth)

    def loop_body(self, depth, *names):
        def make():
            for name, kind in names:
                self.declare(name, kind)
            return self.statements(self.r.randint(1, 3), depth)
        self.in_loop += 1
        try:
            return self.inside(make)
        finally:
            self.in_loop -= 1

    def for_list(self, kind, depth):
        over = self.ex(("list", kind), 2)
        i, x = self.fresh("i"), self.fresh("x")
        if self.chance(0.4):
            return ("for", (i, x), over, self.loop_body(depth, (i, "int"), (x, kind)))
        return ("for", (x,), over, self.loop_body(depth, (x, kind)))

    def for_range(self, _, depth):
        x = self.fresh("i")
        over = ("bin", "..", ("lit", self.r.randint(-1, 1)), ("lit", self.r.randint(0, 4)))
        return ("for", (x,), over, self.loop_body(depth, (x, "int")))

    def for_map(self, kind, depth):
        over = self.ex(("dict", kind), 2)
        if over[0] == "name":
            over = ("meth", over, "copy", (), (), False)
        k, v = self.fresh("k"), self.fresh("x")
        if self.chance(0.3):
            return ("for", (k,), over, self.loop_body(depth, (k, "str")))
        return ("for", (k, v), over, self.loop_body(depth, (k, "str"), (v, kind)))

    def for_pairs(self, kind, depth):
        a, b = self.fresh("x"), self.fresh("x")
        how = self.pick(("enumerate", "entries"))
        over = ("meth", self.ex(("list" if how == "enumerate" else "dict", kind), 2), how, (), (), False)
        return ("for", (("plist", (a, b), None),), over,
                self.loop_body(depth, (a, "int" if how == "enumerate" else "str"), (b, kind)))

    def for_string(self, _, depth):
        x = self.fresh("x")
        return ("for", (x,), self.ex("str", 2), self.loop_body(depth, (x, "str")))

    def while_(self, depth):
        """Counted, so that it ends: the counter is its own and goes up first."""
        counter = self.fresh("n")
        test = ("bin", "<", ("name", counter), ("lit", self.r.randint(1, 4)))
        if self.chance(0.4):
            test = ("bin", "and", test, self.ex("bool", 1))
        body = self.loop_body(depth)
        up = ("assign", ("name", counter), "+=", ("lit", 1))
        return ("expr", ("if", ("lit", True), (("var", counter, ("lit", 0)), ("while", test, (up,) + body)), None))

    def local_fn(self, depth):
        name = self.fresh("f")
        params = tuple(self.any_type(1) for _ in range(self.r.randint(0, 3)))
        result = self.any_type(1)
        made = self.fn(params, result, depth)
        if self.chance(0.2):
            made = self.recursive(name, made, params, result)
        self.declare(name, ("fn", params, result))
        return ("fndecl", name, made[1], made[2])

    def recursive(self, name, made, params, result):
        """Calls itself, counting its last parameter down."""
        if not params or params[-1] != "int":
            return made
        last = made[1][-1][0]
        again = ("call", ("name", name), tuple(self.leaf(p) for p in params[:-1]) +
                 (("bin", "-", ("name", last), ("lit", 1)),), ())
        guard = ("expr", ("if", ("bin", "or", ("bin", "<=", ("name", last), ("lit", 0)),
                                 ("bin", ">", ("name", last), ("lit", 12))), (("return", self.leaf(result)),), None))
        return (made[0], made[1], (guard, ("let", self.fresh(), again)) + made[2])

    def counter(self, depth):
        """Closures made in a loop: each has that turn's variable."""
        fs, x, f = self.fresh("fs"), self.fresh("x"), self.fresh("f")
        turns = self.fresh("n")
        loops, self.in_loop = self.in_loop, 0
        body = self.inside(lambda: (self.declare(turns, "int", True), self.ex("int", depth))[1])
        self.in_loop = loops
        make = ("lambda", (), ("bin", "+", ("bin", "*", ("name", x), ("lit", 10)), body))
        loop = ("for", (x,), ("bin", "..", ("lit", 0), ("lit", self.r.randint(1, 3))),
                (("var", turns, ("name", x)), ("expr", ("meth", ("name", fs), "push", (make,), (), False)),
                 ("assign", ("name", turns), "+=", ("lit", 5))))
        use = self.print(("meth", ("name", fs), "map", (("lambda", ((f, None),), ("call", ("name", f), (), ())),), (), False))
        return ("expr", ("if", ("lit", True), (("let", fs, ("list", ())), loop, use), None))

    # --- programs

    def program(self):
        """(declarations, name of the function to call)"""
        for _ in range(self.r.randint(0, 2)):
            self.top_function()
        if self.chance(0.3):
            kind = self.pick(SCALARS)
            name = f"{self.prefix}c{len(self.top)}"
            self.top.append(("const", name, self.leaf(kind)))
            self.frames[0][name] = (kind, False)
        body = self.function_body_of(self.any_type(2))
        return tuple(self.top) + (("fn", self.prefix, (), body),)

    def function_body_of(self, kind):
        body = self.inside(lambda: self.statements(self.r.randint(3, 9), 3) + (("expr", self.ex(kind, 3)),))
        return body

    def top_function(self):
        name = f"{self.prefix}f{len(self.top)}"
        params = tuple(self.any_type(1) for _ in range(self.r.randint(0, 3)))
        result = self.any_type(1)
        made = self.fn(params, result, 2)
        self.top.append(("fn", name, made[1], made[2]))
        self.frames[0][name] = (("fn", params, result), False)
