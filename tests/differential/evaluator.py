"""Walks the tree of a program, as the contract describes it. Everything is a generator: what it yields are waits.

A node is a tuple, its first element says what it is (the README lists them). A Strand (simulator.py) goes along:
it is where scopes, spawned work and compensate blocks belong.
"""
from library import GLOBALS, METHODS, call_global, method_of
from values import (ARITHMETIC, Duration, Error, Function, Handle, Range, Throw, Unspecified, bounded, compare, contains,
                    elements, fail, index, member, negate, slice_of, store, text, type_name)

STEPS = 30000  # calls and turns of loops of one program
DEPTH = 60     # nested calls


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    def __init__(self, value):
        super().__init__()
        self.value = value


class Env:
    """Variables of one block; a fresh one each turn of a loop, so closures capture that turn's."""

    __slots__ = ("names", "outer")

    def __init__(self, outer=None, names=None):
        self.outer, self.names = outer, names if names is not None else {}

    def holder(self, name):
        env = self
        while env is not None:
            if name in env.names:
                return env.names
            env = env.outer
        raise Unspecified(f"unknown name {name}")

    def snapshot(self):
        """As it is now: later assignments do not reach the copy; lists and maps are shared."""
        return Env(self.outer and self.outer.snapshot(), dict(self.names))


SKIPPED = object()
POSTFIX = {"mem", "idx", "slice", "meth", "call"}


class Evaluator:
    def __init__(self, globals_):
        self.globals = Env(None, globals_)
        self.steps = 0
        self.printed = []
        self.seen = {}  # node and error kinds that were executed, for the mix

    def count(self, what):
        self.seen[what] = self.seen.get(what, 0) + 1

    def step(self):
        self.steps += 1
        if self.steps > STEPS:
            raise Unspecified("too long")

    # --- blocks and statements

    def block(self, statements, env, strand):
        """The value of the last expression, else null; `env` is the block's own."""
        value = None
        for statement in statements:
            tag = statement[0]
            value = None
            if tag == "expr":
                value = yield from self.ev(statement[1], env, strand)
            else:
                self.count(tag)
                value = yield from getattr(self, "do_" + tag)(statement, env, strand)
        return value

    def do_let(self, n, env, strand):
        value = yield from self.ev(n[2], env, strand)
        yield from self.bind(n[1], value, env, strand)

    do_var = do_let

    def bind(self, pattern, value, env, strand):
        if isinstance(pattern, str):
            env.names[pattern] = value
        elif pattern[0] == "plist":
            if type(value) not in (list, Range):
                fail("TypeError")
            _, names, rest = pattern
            value = elements(value)
            if len(value) < len(names) or (rest is None and len(value) > len(names)):
                fail("IndexError")
            for name, element in zip(names, value):
                yield from self.bind(name, element, env, strand)
            if rest is not None:
                env.names[rest] = list(value[len(names):])
        else:
            if type(value) is not dict:
                fail("TypeError")
            for key, name, default in pattern[1]:
                if key in value:
                    element = value[key]
                elif default is None:
                    fail("KeyError")
                else:
                    element = yield from self.ev(default, env, strand)
                yield from self.bind(name, element, env, strand)

    def do_assign(self, n, env, strand):
        _, target, op, expression = n
        before = yield from self.place(target, env, strand) if op == "=" else iter(())
        value = yield from self.ev(expression, env, strand)
        place = yield from self.place(target, env, strand)
        if op == "=" and (before[0] is not place[0] or before[1] != place[1]):
            raise Unspecified("the value moves the target")
        holder, key = place
        if target[0] == "name":
            if op != "=":
                value = ARITHMETIC[op[:-1]](holder[key], value)
            holder[key] = value
            return
        if op != "=":
            old = member(holder, key) if target[0] == "mem" else index(holder, key)
            value = ARITHMETIC[op[:-1]](old, value)
        store(holder, key, value)

    def place(self, target, env, strand):
        """Whether the place or the value comes first is open: only places whose evaluation nobody can see."""
        if target[0] != "name" and not all(silent(part) for part in target[1:] if isinstance(part, tuple)):
            raise Unspecified("what a target does")
        if target[0] == "name":
            return env.holder(target[1]), target[1]
        holder = yield from self.ev(target[1], env, strand)
        if target[0] == "mem":
            return holder, target[2]
        key = yield from self.ev(target[2], env, strand)
        return holder, key

    def do_throw(self, n, env, strand):
        value = yield from self.ev(n[1], env, strand)
        if type(value) is str:
            value = Error("Error", value)
        if type(value) is not Error:
            fail("TypeError")
        raise Throw(value)

    def do_return(self, n, env, strand):
        value = None
        if n[1] is not None:
            value = yield from self.ev(n[1], env, strand)
        raise Return(value)

    def do_break(self, n, env, strand):
        yield from ()
        raise Break()

    def do_continue(self, n, env, strand):
        yield from ()
        raise Continue()

    def do_fndecl(self, n, env, strand):
        yield from ()
        env.names[n[1]] = Function(n[1], n[2], n[3], env)

    def do_while(self, n, env, strand):
        while True:
            self.step()
            condition = yield from self.condition(n[1], env, strand)
            if not condition:
                return
            try:
                yield from self.block(n[2], Env(env), strand)
            except Break:
                return
            except Continue:
                pass

    def do_for(self, n, env, strand):
        _, names, over, body = n
        over = yield from self.ev(over, env, strand)
        turn, keys = 0, None
        if type(over) is dict:
            keys = list(over)
        elif type(over) not in (list, Range, str):
            fail("TypeError")
        while True:
            self.step()
            if keys is not None and list(over) != keys:
                raise Unspecified("a changed map that is iterated")
            if turn >= len(keys if keys is not None else elements(over)):
                return
            inner = Env(env)
            if keys is not None:
                items = (keys[turn], over[keys[turn]])
            else:
                items = (turn, elements(over)[turn])
                if len(names) == 1:
                    items = (items[1],)
            for name, item in zip(names, items):
                yield from self.bind(name, item, inner, strand)
            turn += 1
            try:
                yield from self.block(body, inner, strand)
            except Break:
                return
            except Continue:
                pass

    def condition(self, n, env, strand):
        value = yield from self.ev(n, env, strand)
        return value if type(value) is bool else fail("TypeError")

    # --- expressions

    def ev(self, n, env, strand):
        tag = n[0]
        if tag == "lit":
            return n[1]
        if tag == "name":
            names = env_names(env, n[1])
            if n[1] in names:
                return names[n[1]]
            if n[1] not in GLOBALS:
                raise Unspecified(f"unknown name {n[1]}")
            return Function(n[1], None, None, None, "builtin")
        if tag in POSTFIX:
            value = yield from self.postfix(n, env, strand)
            return None if value is SKIPPED else value
        self.count(tag if tag != "bin" else n[1])
        return (yield from getattr(self, "ev_" + tag)(n, env, strand))

    def ev_num(self, n, env, strand):
        yield from ()
        return n[2]

    def ev_raw(self, n, env, strand):
        yield from ()
        return n[1]

    def ev_dur(self, n, env, strand):
        yield from ()
        return Duration(n[2])

    def ev_paren(self, n, env, strand):
        return (yield from self.ev(n[1], env, strand))

    def ev_interp(self, n, env, strand):
        out = []
        for part in n[1]:
            if isinstance(part, str):
                out.append(part)
            else:
                value = yield from self.ev(part, env, strand)
                out.append(text(value))
        return bounded("".join(out))

    def ev_list(self, n, env, strand):
        out = []
        for item in n[1]:
            if item[0] == "spread":
                value = yield from self.ev(item[1], env, strand)
                if type(value) not in (list, Range):
                    fail("TypeError")
                out.extend(elements(value))
            else:
                value = yield from self.ev(item, env, strand)
                out.append(value)
        return bounded(out)

    def ev_map(self, n, env, strand):
        out = {}
        for entry in n[1]:
            if entry[0] == "spread":
                value = yield from self.ev(entry[1], env, strand)
                if type(value) is not dict:
                    fail("TypeError")
                out.update(value)
                continue
            if entry[0] == "key":
                key = entry[1]
            else:
                key = yield from self.ev(entry[1], env, strand)
            value = yield from self.ev(entry[2], env, strand)
            if type(key) is not str:
                fail("TypeError")
            out[key] = value
        return out

    def ev_not(self, n, env, strand):
        value = yield from self.condition(n[1], env, strand)
        return not value

    def ev_neg(self, n, env, strand):
        value = yield from self.ev(n[1], env, strand)
        return negate(value)

    def ev_bin(self, n, env, strand):
        _, op, left, right = n
        if op in ("and", "or"):
            value = yield from self.condition(left, env, strand)
            if value == (op == "or"):
                return value
            return (yield from self.condition(right, env, strand))
        a = yield from self.ev(left, env, strand)
        if op == "??" and a is not None:
            return a
        b = yield from self.ev(right, env, strand)
        if op == "??":
            return b
        if op in ARITHMETIC:
            return ARITHMETIC[op](a, b)
        if op == "in":
            return contains(a, b)
        if op == "not in":
            return not contains(a, b)
        if op == "..":
            if type(a) is not int or type(b) is not int:
                fail("TypeError")
            return Range(range(a, b))
        return compare(op, a, b)

    def ev_if(self, n, env, strand):
        _, condition, then, otherwise = n
        condition = yield from self.condition(condition, env, strand)
        if condition:
            return (yield from self.block(then, Env(env), strand))
        if otherwise is None:
            return None
        if otherwise and otherwise[0] == "if":
            return (yield from self.ev(otherwise, env, strand))
        return (yield from self.block(otherwise, Env(env), strand))

    def ev_lambda(self, n, env, strand):
        yield from ()
        return Function("", n[1], (("expr", n[2]),), env)

    def ev_fn(self, n, env, strand):
        yield from ()
        return Function("", n[1], n[2], env)

    def ev_try(self, n, env, strand):
        """`try` is a scope: what goes wrong in it is undone before a catch sees it; then catch, then finally."""
        _, body, catches, last = n
        try:
            try:
                value = yield from strand.scope(self.block(body, Env(env), strand))
            except Throw as thrown:
                value = yield from self.catch(catches, thrown, env, strand)
        except Exception:
            if last is not None:
                yield from self.block(last, Env(env), strand)
            raise
        if last is not None:
            yield from self.block(last, Env(env), strand)
        return value

    def catch(self, catches, thrown, env, strand):
        self.count(f"caught {thrown.error.kind}")
        for name, condition, body in catches:
            inner = Env(env, {name: thrown.error} if name else {})
            try:
                if condition is not None:
                    taken = yield from self.condition(condition, inner, strand)
                    if not taken:
                        continue
                value = yield from self.block(body, Env(inner), strand)
            except (Break, Continue):
                yield from strand.caught(thrown, None)
                raise
            except Throw as later:
                error = later.error
                if getattr(thrown, "cancels", False) and later is not thrown:
                    raise Unspecified("an error while a cancellation is handled") from None
                if error is not thrown.error and error.cause is None:
                    if error.kind is None or condition is not None and not taken:
                        raise Unspecified("cause of an error of a condition") from None
                    later.error = Error(error.kind, error.message, error.data, thrown.error, error.workflow_id)
                raise later
            return (yield from strand.caught(thrown, value))
        raise thrown

    # --- members, indexes, calls

    def postfix(self, n, env, strand):
        """A chain: where `?.` meets null, the rest of it is skipped."""
        tag, base = n[0], n[1]
        self.count(tag)
        if tag == "call" and base[0] == "name" and base[1] not in env_names(env, base[1]):
            positional, named = yield from self.arguments(n[2], n[3], env, strand)
            return (yield from call_global(self, strand, base[1], positional, named))
        if base[0] in POSTFIX:
            value = yield from self.postfix(base, env, strand)
            if value is SKIPPED:
                return SKIPPED
        else:
            value = yield from self.ev(base, env, strand)
        if tag == "mem":
            if n[3]:
                self.count("?.")
                if value is None or type(value) is dict and n[2] not in value:
                    return SKIPPED
            if isinstance(value, Handle):
                return strand.handle_member(value, n[2])
            return member(value, n[2])
        if tag == "idx":
            i = yield from self.ev(n[2], env, strand)
            return index(value, i)
        if tag == "slice":
            a = b = None
            if n[2] is not None:
                a = yield from self.ev(n[2], env, strand)
            if n[3] is not None:
                b = yield from self.ev(n[3], env, strand)
            return slice_of(value, a, b)
        if tag == "call":
            positional, named = yield from self.arguments(n[2], n[3], env, strand)
            return (yield from self.call(value, positional, named, strand))
        if n[5]:
            self.count("?.")
            if value is None:
                return SKIPPED
        return (yield from self.method(value, n, env, strand))

    def method(self, value, n, env, strand):
        name = n[2]
        sort = type_name(value)
        if sort == "map" and name not in METHODS["map"]:
            if n[5]:
                raise Unspecified("?. before a call of a stored function")
            function = member(value, name)
            positional, named = yield from self.arguments(n[3], n[4], env, strand)
            return (yield from self.call(function, positional, named, strand))
        positional, named = yield from self.arguments(n[3], n[4], env, strand)
        if sort == "handle":
            return strand.handle_method(value, name, positional)
        native = method_of(sort, name)
        if native is None:
            fail("TypeError")
        self.count(f".{name}")
        return (yield from native(self, strand, value, *positional, **named))

    def arguments(self, positional, named, env, strand):
        values = []
        for argument in positional:
            value = yield from self.ev(argument, env, strand)
            values.append(value)
        names = {}
        for name, argument in named:
            value = yield from self.ev(argument, env, strand)
            names[name] = value
        return values, names

    def call(self, function, positional, named=None, strand=None):
        if type(function) is not Function:
            fail("TypeError")
        if function.sort == "builtin":
            return (yield from call_global(self, strand, function.name, positional, named or {}))
        env = yield from self.enter(function, positional, named or {}, strand)
        if function.sort != "fn":
            return (yield from strand.call_durable(function, env))
        return (yield from self.run(function, env, strand))

    def run(self, function, env, strand):
        self.step()
        strand.depth += 1
        if strand.depth > DEPTH:
            raise Unspecified("deep calls")
        try:
            return (yield from self.block(function.body, env, strand))
        except Return as leaving:
            return leaving.value
        finally:
            strand.depth -= 1

    def enter(self, function, positional, named, strand):
        """Binds parameters: positional, then named, then defaults, which see earlier parameters."""
        env = Env(function.env)
        names = [p[0] for p in function.params]
        if len(positional) > len(names) or any(k not in names for k in named) \
                or any(k in names[:len(positional)] for k in named):
            fail("ArgumentError")
        for i, (name, default) in enumerate(function.params):
            if i < len(positional):
                env.names[name] = positional[i]
            elif name in named:
                env.names[name] = named[name]
            elif default is None:
                fail("ArgumentError")
            else:
                env.names[name] = yield from self.ev(default, env, strand)
        return env


def silent(n):
    return n[0] in ("name", "lit", "num") or n[0] == "neg" and silent(n[1])


def env_names(env, name):
    """The names of the innermost block that knows `name`, or nothing."""
    while env is not None:
        if name in env.names:
            return env.names
        env = env.outer
    return ()



