"""Programs that wait: strands, children, gather, wait_any, race, batch, compensate, cancellation."""
from statements import Programs

VALUES = ("int", "int", "str", ("list", "int"))


class WaitingPrograms(Programs):
    """Functions of ordinary programs stay small here; the statements are those that wait."""

    def statement(self, depth):
        if self.shielded or self.chance(0.25):
            return super().statement(min(depth, 1))
        make = [4, lambda: self.sleep(),
                4, lambda: self.spawned(depth),
                4, lambda: self.gathered(depth),
                2, lambda: self.waited(depth),
                2, lambda: self.streamed(depth),
                2, lambda: self.raced(depth),
                2, lambda: self.batched(depth),
                3, lambda: self.compensated(),
                2, lambda: self.cancelled(),
                2, lambda: self.note()]
        if depth > 0 and self.nesting < 5:
            make += [4, lambda: self.scoped(depth - 1), 1, lambda: super(WaitingPrograms, self).if_statement(depth - 1),
                     1, lambda: self.looped(depth - 1)]
        return self.weighted(*make)

    shielded = 0  # inside a compensate block: nothing is spawned or registered there

    # --- small things

    def duration(self):
        ms = self.r.randint(1, 2000)
        return ("dur", f"{ms}ms", ms)

    def sleep(self):
        return ("expr", self.glob("sleep", self.duration()))

    def note(self):
        self.notes += 1
        return self.print(("lit", f"note {self.notes}"))

    notes = 0

    def handles(self, kind=None):
        return [(n, t[1]) for n, (t, _) in self.visible().items() if t[0] == "handle" and kind in (None, t[1])]

    def strand_body(self, kind, depth):
        def make():
            body = self.statements(self.r.randint(0, 3), min(depth, 1))
            if self.chance(0.6):
                body = (self.sleep(),) + body
            if self.chance(0.2):
                body += (self.maybe_throw() if self.chance(0.5) else self.throw(),)
            return body + (("expr", self.ex(kind, 1)),)
        loops, self.in_loop = self.in_loop, 0
        made = self.inside(make)
        self.in_loop = loops
        return made

    def spawn(self, kind, depth):
        """An expression that gives a handle."""
        makers = [(n, t) for n, (t, _) in self.visible().items() if t[0] == "work" and t[2] == kind]
        if makers and self.chance(0.6):
            name, t = self.pick(makers)
            return ("spawn", ("call", ("name", name), tuple(self.ex(p, 1) for p in t[1]), ()))
        return ("spawnb", self.strand_body(kind, depth - 1))

    def several(self, kind, depth):
        """Handles of one kind: a list literal, or the map of one."""
        known = self.handles(kind)
        if self.chance(0.3):
            x = self.fresh("x")
            loops, self.in_loop = self.in_loop, 0
            body = self.inside(lambda: (self.declare(x, "int"), ("spawnb", (
                ("expr", self.glob("sleep", ("bin", "*", ("bin", "+", ("name", x), ("lit", 1)), self.duration()))),
                *self.statements(self.r.randint(0, 1), 0), ("expr", self.ex(kind, 1)))))[1])
            self.in_loop = loops
            return ("meth", ("paren", ("bin", "..", ("lit", 0), ("lit", self.r.randint(1, 4)))), "map",
                    (("lambda", ((x, None),), body),), (), False)
        items = tuple(("name", self.pick(known)[0]) if known and self.chance(0.4) else self.spawn(kind, depth)
                      for _ in range(self.r.randint(1, 3)))
        return ("list", items)

    # --- statements

    def spawned(self, depth):
        kind = self.pick(VALUES)
        made = self.spawn(kind, depth)
        return ("let", self.declare(self.fresh("h"), ("handle", kind)), made)

    def ok_of(self, gathered, many):
        """What is shown of outcomes: whether they were ok."""
        if not many:
            return ("mem", gathered, "ok", False)
        return ("meth", gathered, "map", (("lambda", (("o", None),), ("mem", ("name", "o"), "ok", False)),), (), False)

    def gathered(self, depth):
        kind = self.pick(VALUES)
        known = self.handles()
        timeout = self.duration() if self.chance(0.2) else None
        if known and self.chance(0.5):
            name, kind = self.pick(known)
            if self.chance(0.4):
                return self.attempt(self.print(self.ok_of(("paren", ("gather", "settled", ("name", name), timeout)), False)))
            return self.attempt(("let", self.fresh(), ("gather", "", ("name", name), timeout)), name)
        what = self.several(kind, depth)
        if self.chance(0.3):
            return self.attempt(self.print(self.ok_of(("paren", ("gather", "settled", what, timeout)), True)))
        return self.attempt(self.print(("gather", "", what, timeout)), outcomes=True)

    def attempt(self, statement, name=None, outcomes=False):
        """Mostly caught, so that the program goes on."""
        if statement[0] == "let" and self.chance(0.3):
            self.declare(statement[1], self.visible()[name][0][1])
            return statement
        if statement[0] == "let":
            statement = self.print(statement[2])
        if self.chance(0.3):
            return statement
        e = self.fresh("e")
        shown = [self.print(("lit", "caught"), ("mem", ("name", e), "kind", False))]
        if outcomes and self.chance(0.5):
            test = ("bin", "!=", ("mem", ("name", e), "kind", False), ("lit", "Cancelled"))
            data = ("mem", ("mem", ("name", e), "data", False), "outcomes", True)
            shown.append(("expr", ("if", ("bin", "!=", data, ("lit", None)),
                                   (self.print(self.ok_of(data, True)),), None)))
            del test
        return ("expr", ("try", (statement,), ((e, None, tuple(shown)),), None))

    def waited(self, depth):
        kind = self.pick(VALUES)
        timeout = self.duration() if self.chance(0.3) else None
        name = self.fresh("h")
        first = ("let", name, ("waitany", self.several(kind, depth), timeout))
        result = self.print(("gather", "", ("name", name), None))
        if timeout:
            result = ("expr", ("if", ("bin", "!=", ("name", name), ("lit", None)), (result,),
                               (self.print(("lit", "late")),)))
        e = self.fresh("e")
        return ("expr", ("try", (first, result), ((e, None, (self.print(("mem", ("name", e), "kind", False)),)),), None))

    def streamed(self, depth):
        kind = self.pick(VALUES)
        name = self.fresh("h")
        body = (self.print(self.ok_of(("paren", ("gather", "settled", ("name", name), None)), False)),)
        if self.chance(0.3):
            body += (("expr", ("if", self.ex("bool", 1), (("break",),), None)),)
        return ("forwait", name, self.several(kind, depth), body)

    def raced(self, depth):
        timeout = self.duration() if self.chance(0.2) else None
        return self.attempt(self.print(("race", "success" if self.chance(0.4) else "", self.several(self.pick(VALUES), depth),
                                        timeout)))

    def batched(self, depth):
        kind = self.pick(VALUES)
        x, i = self.fresh("x"), self.fresh("i") if self.chance(0.3) else None

        def make():
            self.declare(x, "int")
            if i:
                self.declare(i, "int")
            sleep = self.glob("sleep", ("bin", "*", ("paren", ("bin", "+", ("name", x), ("lit", self.r.randint(1, 7)))),
                                        self.duration()))
            return (("expr", sleep),) + self.strand_body(kind, depth - 1)
        loops, self.in_loop = self.in_loop, 0
        body = self.inside(make)
        self.in_loop = loops
        way = self.pick(("size", "limit"))
        pause = self.duration() if way == "size" and self.chance(0.4) else None
        items = ("bin", "..", ("lit", 0), ("lit", self.r.randint(0, 6)))
        if self.chance(0.4):
            items = ("list", tuple(("lit", n) for n in self.r.sample(range(20), self.r.randint(1, 5))))
        many = ("lit", self.r.randint(1, 4))
        if self.chance(0.4):
            return self.attempt(self.print(self.ok_of(("paren", ("batch", "settled", (x, i), items, way, many, pause, body)),
                                                      True)))
        return self.attempt(self.print(("paren", ("batch", "", (x, i), items, way, many, pause, body))))

    def compensated(self):
        self.shielded += 1
        outer, self.in_loop = self.in_loop, 0
        body = (self.note(),)
        if self.chance(0.3):
            body += (self.sleep(), self.note())
        if self.chance(0.3):
            names = self.names_of("int") + self.names_of("str")
            if names:
                body += (self.print(("name", self.pick(names))),)
        if self.chance(0.08):
            body += (self.throw(),)
        self.shielded -= 1
        self.in_loop = outer
        return ("compensate", body)

    def cancelled(self):
        known = self.handles()
        if not known:
            return self.sleep()
        return ("expr", ("meth", ("name", self.pick(known)[0]), "cancel", (), (), False))

    def scoped(self, depth):
        """A try with work and blocks in it, that often fails."""
        def make():
            body = self.statements(self.r.randint(1, 4), depth)
            return body + ((self.throw(),) if self.chance(0.4) else ())
        body = self.inside(make)
        e = self.fresh("e")
        handler = (self.print(("lit", "caught"), ("mem", ("name", e), "kind", False)),)
        if self.chance(0.3):
            handler += (self.sleep(), self.note())
        if self.chance(0.1):
            handler += (("throw", ("name", e)),)
        last = None
        if self.chance(0.3):
            last = (self.note(),) + ((self.sleep(), self.note()) if self.chance(0.4) else ())
        if last and self.chance(0.2):
            return ("expr", ("try", body, (), last))
        return ("expr", ("try", body, ((e, None, handler),), last))

    def looped(self, depth):
        x = self.fresh("x")
        return ("for", (x,), ("bin", "..", ("lit", 0), ("lit", self.r.randint(1, 3))), self.loop_body(depth, (x, "int")))

    # --- programs

    def program(self):
        for sort in ("fn", "workflow"):
            for _ in range(self.r.randint(0, 2)):
                self.worker(sort)
        body = self.inside(lambda: self.statements(self.r.randint(3, 7), 2) + (("expr", self.ex(self.pick(VALUES), 1)),))
        return tuple(self.top) + (("workflow", self.prefix, (), body),)

    def worker(self, sort):
        """A function or a child workflow. What a child prints has no order with what others print: it does not."""
        name = f"{self.prefix}{'f' if sort == 'fn' else 'W'}{len(self.top)}"
        params = tuple(self.pick(VALUES) for _ in range(self.r.randint(0, 2)))
        result = self.pick(VALUES)
        frames, self.frames = self.frames, [{n: t for n, t in self.frames[0].items()}]

        def make():
            names = tuple((self.declare(self.fresh("p"), p), None) for p in params)
            body = (self.sleep(),) + self.strand_body(result, 1)
            return names, body
        names, body = self.inside(make)
        self.frames = frames
        self.top.append((sort, name, names, body))
        self.frames[0][name] = (("work", params, result), False)
