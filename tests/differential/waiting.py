"""The evaluator's part for spawn, gather, wait_any, race, batch and compensate; what they do is the strand's."""
from evaluator import Break, Continue, Env, Evaluator
from simulator import Wait, handles_in, with_outcomes
from values import Duration, Function, Range, Throw, Unspecified, elements, fail


class WaitingEvaluator(Evaluator):
    def ev_spawnb(self, n, env, strand):
        yield from ()
        return strand.spawn(lambda new: self.block(n[1], Env(env), new))

    def ev_spawn(self, n, env, strand):
        """spawn f(arguments): the arguments are evaluated at once."""
        call = n[1]
        function = yield from self.ev(call[1], env, strand)
        if type(function) is not Function or function.sort == "builtin":
            raise Unspecified("spawn of something else")
        positional, named = yield from self.arguments(call[2], call[3], env, strand)
        inner = yield from self.enter(function, positional, named, strand)
        if function.sort == "fn":
            return strand.spawn(lambda new: self.run(function, inner, new))
        return strand.spawn_child(function, inner)

    def timeout(self, n, env, strand):
        if n is None:
            return None
        value = yield from self.ev(n, env, strand)
        return value if type(value) is Duration else fail("TypeError")

    def ev_gather(self, n, env, strand):
        what = yield from self.ev(n[2], env, strand)
        timeout = yield from self.timeout(n[3], env, strand)
        return (yield from strand.gather(what, n[1] == "settled", timeout))

    def ev_waitany(self, n, env, strand):
        what = yield from self.ev(n[1], env, strand)
        timeout = yield from self.timeout(n[2], env, strand)
        handles = handles_in(what)
        if not handles:
            fail("ArgumentError")
        return (yield from strand.first_of(handles, timeout))

    def ev_race(self, n, env, strand):
        what = yield from self.ev(n[2], env, strand)
        timeout = yield from self.timeout(n[3], env, strand)
        return (yield from strand.race(what, n[1] == "success", timeout))

    def do_forwait(self, n, env, strand):
        what, given = (yield from self.ev(n[2], env, strand)), []
        while True:
            self.step()
            left = [h for h in handles_in(what) if h not in given]
            if not left:
                return
            handle = yield from strand.first_of(left)
            given.append(handle)
            inner = Env(env, {n[1]: handle})
            try:
                yield from self.block(n[3], inner, strand)
            except Break:
                return
            except Continue:
                pass

    def do_compensate(self, n, env, strand):
        yield from ()
        strand.register(n[1], env)

    def ev_batch(self, n, env, strand):
        """("batch", mode, (item, index or None), items, "size" or "limit", how many, pause, block)"""
        _, mode, names, items, way, many, pause, body = n
        items = yield from self.ev(items, env, strand)
        if type(items) is dict:
            items = list(items)
        elif type(items) not in (list, Range):
            fail("TypeError")
        items = list(elements(items))
        many = yield from self.ev(many, env, strand)
        if type(many) is not int:
            fail("TypeError")
        if many < 1:
            fail("ArgumentError")
        pause = yield from self.timeout(pause, env, strand)
        if not items:
            return []
        return (yield from Batch(self, strand, env, names, items, body).run(mode == "settled", way == "size", many, pause))


class Batch:
    def __init__(self, evaluator, strand, env, names, items, body):
        self.evaluator, self.strand, self.env, self.names = evaluator, strand, env, names
        self.items, self.body = items, body
        self.turns, self.wait, self.stopped, self.waves = [], None, False, None

    def start(self):
        item = len(self.turns)
        names = {self.names[0]: self.items[item]}
        if self.names[1]:
            names[self.names[1]] = item
        handle = self.strand.spawn(lambda new: self.evaluator.block(self.body, Env(self.env, names), new))
        handle.taken = True
        handle.waiters.append(self.ended)
        self.turns.append(handle)

    def in_flight(self):
        return [h for h in self.turns if h.outcome is None]

    def ended(self, handle):
        if handle.failed and not self.settled:
            self.stopped = True
        if not self.stopped and not self.in_waves and len(self.turns) < len(self.items):
            self.start()
        if self.stopped and not self.stopping or not self.in_flight():
            self.wait.finish()

    def run(self, *how):
        try:
            return (yield from self.all_turns(*how))
        except Throw:  # cancelled while it waits: no turn begins any more
            self.stopped = True
            raise

    def all_turns(self, settled, in_waves, many, pause):
        self.settled, self.in_waves, self.stopping = settled, in_waves, False
        while len(self.turns) < len(self.items) and not self.stopped:
            if self.turns and pause is not None:
                try:
                    yield from self.strand.call_waiting("sleep", [pause], {})
                except Throw:
                    raise Unspecified("whether a batch that is cancelled in a pause lets others run") from None
            for _ in range(min(many, len(self.items) - len(self.turns))):
                self.start()
            self.wait = Wait(self.strand)
            yield from self.strand.wait(self.wait)
        if not self.stopped:
            return [h.described() if settled else h.outcome[1] for h in self.turns]
        first = min((h for h in self.turns if h.failed), key=lambda h: h.order)
        self.stopping = True
        self.wait = Wait(self.strand)
        yield from self.strand.stop(self.turns)
        skipped = [{"ok": False, "skipped": True} for _ in range(len(self.items) - len(self.turns))]
        raise Throw(with_outcomes(first.outcome[1], [h.described() for h in self.turns] + skipped))


