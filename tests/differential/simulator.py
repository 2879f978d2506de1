"""Runs, strands, scopes and time, as sections 6 and 7 of the contract describe them: a discrete-event simulator.

A strand is a Python generator; it yields where it waits and is resumed by its run. Every run works through what is
ready, in the order in which it became so; then what came from outside it; when all runs wait, time goes on to the next
timer. Where two runs could tell one a thing at the same moment, the order is open: Unspecified.
"""
import heapq

from evaluator import Break, Continue, Env, Return
from values import Duration, Error, Function, Handle, Range, Throw, Unspecified, elements, fail

TURNS = 3000  # resumptions of strands of one program


class Scope:
    """Holds open work and blocks: (place in the journal, owner handles, what to run)."""

    def __init__(self):
        self.open, self.blocks = [], []

    def move_to(self, outer, owner=None):
        for handle in self.open:
            handle.scope = outer
        outer.open += self.open
        outer.blocks += [(place, owners + ([owner] if owner else []), work) for place, owners, work in self.blocks]
        self.open, self.blocks = [], []


class Wait:
    def __init__(self, strand):
        self.strand, self.done = strand, False

    def finish(self, *_):
        if not self.done:
            self.done = True
            if self.strand.waiting is self:
                self.strand.waiting = None
                self.strand.run.ready.append((self.strand, None))


class Work(Handle):
    """A handle with who waits for it."""

    __slots__ = ("waiters", "scope", "run")

    def __init__(self, sort, work, run, scope):
        super().__init__(sort, work)
        self.run, self.scope, self.waiters = run, scope, []
        if scope is not None:
            scope.open.append(self)
            run.handles.append(self)

    @property
    def failed(self):
        return self.outcome is not None and self.outcome[0] == "error"

    def end(self, *outcome):
        self.outcome, self.order = outcome, self.run.tick()
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            waiter(self)

    def cancel(self):
        self.taken = True
        if self.outcome is not None or self.cancel_asked == "shut":
            return
        if self.sort == "strand":
            self.work.cancel()
        elif self.sort == "child":
            self.cancel_asked = True
            if not self.work.begun:
                raise Unspecified("a child that is cancelled before it began")
            self.work.post(self.work.cancel, quiet=True)
        elif self.sort == "activity":
            raise Unspecified("a cancelled activity")

    def described(self):
        ok = self.outcome[0] == "ok"
        return {"ok": ok, "value" if ok else "error": self.outcome[1], "id": None if self.sort == "strand" else Error(None)}


class World:
    def __init__(self, evaluator):
        self.evaluator = evaluator
        self.now = self.count = 0
        self.runs, self.timers = [], []

    def at(self, time, run, what):
        self.count += 1
        heapq.heappush(self.timers, (time, self.count, run, what))

    def finish(self, root):
        for _ in range(TURNS):
            if root.over and not any(run.ready or run.inbox for run in self.runs):
                return root.outcome
            run = next((run for run in self.runs if run.ready), None)
            if run is not None:
                run.burst()
                continue
            run = next((run for run in self.runs if run.inbox), None)
            if run is not None:
                run.inbox.pop(0)[0]()
                continue
            while self.timers and self.timers[0][3].done:
                heapq.heappop(self.timers)
            if not self.timers:
                raise Unspecified("strands that wait for each other")
            time, _, run, what = heapq.heappop(self.timers)
            if any(t == time and not w.done for t, _, _, w in self.timers):
                raise Unspecified("two timers at one moment")
            self.now = time
            what.finish()
        raise Unspecified("too many turns")


class Run:
    """One run: its strands, and what it keeps after its end for `wf undo` or its parent."""

    def __init__(self, world, function, env, ended):
        self.world, self.ended = world, ended
        self.ready, self.inbox, self.handles = [], [], []
        self.places = 0
        self.begun, self.over, self.outcome = False, False, None
        self.children = {}
        world.runs.append(self)
        self.scope = Scope()
        self.main = Strand(self, None, self.body(function, env))
        self.main.scopes = [self.scope]
        self.ready.append((self.main, None))

    def tick(self):
        self.places += 1
        return self.places

    def burst(self):
        self.begun = True
        while self.ready:
            strand, thrown = self.ready.pop(0)
            strand.resume(thrown)

    def post(self, what, quiet):
        """Something from outside. Two at one moment have no order, unless nobody can tell."""
        self.inbox.append((what, quiet))
        if len(self.inbox) > 1 and not all(quiet for _, quiet in self.inbox):
            raise Unspecified("two things at one moment")

    def cancel(self):
        if not self.over:
            self.main.cancel()

    def body(self, function, env):
        """The main strand, from beginning to end."""
        strand, evaluator = self.main, self.world.evaluator
        try:
            try:
                value = yield from evaluator.run(function, env, strand)
            except Return as leaving:
                value = leaving.value
            while any(h.outcome is None and h.sort != "timer" for h in self.scope.open):
                yield from strand.all_of(self.scope.open)
            lost = sorted((h for h in self.handles if h.failed and not h.taken), key=lambda h: h.order)
            if lost:
                raise Throw(with_outcomes(lost[0].outcome[1], [h.described() for h in lost]))
            self.close("ok", deep_copy(value))
        except Throw as thrown:
            try:
                yield from strand.undo(self.scope, thrown)
            except Throw as later:
                thrown = later
            self.close("error", thrown.error)

    def close(self, *outcome):
        self.over, self.outcome = True, outcome
        if self.ended is not None:
            self.ended(*outcome)

    def undo_after_end(self, ended):
        """Runs the blocks that it ended with, because its parent failed later."""
        strand = Strand(self, None, None)

        def work():
            try:
                yield from strand.undo(self.scope, Throw(Error("Cancelled")))
            except Throw as thrown:
                if thrown.error.kind == "CompensationFailed":
                    return ended("error", thrown.error)
            ended("ok", None)
        strand.scopes = [self.scope]
        strand.work = work()
        self.ready.append((strand, None))

    def has_blocks(self):
        return bool(self.scope.blocks)


class Strand:
    def __init__(self, run, handle, work):
        self.run, self.handle, self.work = run, handle, work
        self.scopes, self.waiting = [], None
        self.begun = self.ended = False
        self.shield = self.depth = self.cancels = 0

    @property
    def evaluator(self):
        return self.run.world.evaluator

    # --- running

    def resume(self, thrown):
        if self.ended:
            return
        self.begun = True
        try:
            if thrown is None:
                next(self.work)
            else:
                self.work.throw(thrown)
        except StopIteration:
            self.ended = True

    def wait(self, wait):
        if not wait.done:
            self.waiting = wait
            self.evaluator.count("waited")
            yield

    def whole(self, body):
        """A spawned strand from beginning to end: its scope, then its outcome."""
        scope = Scope()
        self.scopes = [scope]
        try:
            try:
                value = yield from body
            except Return as leaving:
                value = leaving.value
            scope.move_to(self.handle.scope, self.handle)
            self.handle.end("ok", value)
        except Throw as thrown:
            try:
                yield from self.undo(scope, thrown)
            except Throw as later:
                thrown = later
            self.handle.end("error", thrown.error)

    def cancel(self):
        if self.shield:
            raise Unspecified("cancelled while it undoes")
        self.cancels += 1
        if not self.begun:
            self.ended = True
            self.run.ready = [r for r in self.run.ready if r[0] is not self]
            return self.handle.end("error", Error("Cancelled"))
        if self.waiting is None:
            raise Unspecified("cancelled while it could run")
        self.evaluator.count("cancelled")
        self.waiting.done = True
        self.waiting = None
        thrown = Throw(Error("Cancelled"))
        thrown.cancels = True
        self.run.ready.append((self, thrown))

    # --- scopes

    def scope(self, block):
        scope = Scope()
        self.scopes.append(scope)
        try:
            value = yield from block
        except Throw as thrown:
            try:
                yield from self.undo(scope, thrown)
            finally:
                self.scopes.pop()
            raise thrown
        except (Return, Break, Continue):
            self.scopes.pop()
            scope.move_to(self.scopes[-1])
            raise
        self.scopes.pop()
        scope.move_to(self.scopes[-1])
        return value

    def caught(self, thrown, value):
        """At the end of a catch that took a cancellation it goes on outwards."""
        yield from ()
        if getattr(thrown, "cancels", False):
            raise thrown
        return value

    def undo(self, scope, thrown):
        """Cancels and awaits what is open, then runs the blocks, the last place first; throws where one failed."""
        self.shield += 1
        try:
            left = [h for h in scope.open if h.outcome is None and h.sort != "timer"]
            for handle in left:
                handle.cancel()
            yield from self.all_of(left)
            failures = []
            if scope.blocks and self.run.ready:
                raise Unspecified("whether undoing lets others run that could")
            while scope.blocks:
                block = max(scope.blocks, key=lambda b: b[0])
                scope.blocks.remove(block)
                failures += yield from self.undo_one(block[2])
            if failures:
                if getattr(thrown, "cancels", False):
                    raise Unspecified("a failing block of what is cancelled")
                raise Throw(Error("CompensationFailed", None, {"failures": failures}, thrown.error))
        finally:
            self.shield -= 1

    def undo_one(self, work):
        """A block, or a child that had ended well; gives the errors."""
        self.evaluator.count("undid")
        if isinstance(work, Work):
            done = Work("undo", None, self.run, None)
            child = work.work
            child.undo_after_end(lambda *outcome: self.run.post(lambda: done.end(*outcome), quiet=False))
            yield from self.all_of([done])
            return [child_failed(work.id, done.outcome[1])] if done.failed else []
        statements, env = work
        scope = Scope()
        self.scopes.append(scope)
        try:
            yield from self.evaluator.block(statements, Env(env), self)
            yield from self.all_of(scope.open)
        except Return:
            yield from self.all_of(scope.open)
        except Throw as thrown:
            yield from self.undo(scope, thrown)
            return [thrown.error]
        finally:
            self.scopes.pop()
        return []

    def register(self, statements, env):
        self.scopes[-1].blocks.append((self.run.tick(), [], (statements, env.snapshot())))

    # --- starting work

    def spawn(self, body):
        """`body` is a function of the new strand that gives its generator."""
        handle = Work("strand", None, self.run, self.scopes[-1])
        strand = Strand(self.run, handle, None)
        strand.work = strand.whole(body(strand))
        handle.work = strand
        self.run.ready.append((strand, None))
        return handle

    def spawn_child(self, function, env, name=None):
        run = self.run
        handle = Work("child", None, run, self.scopes[-1])
        handle.id = name
        env.names = {k: deep_copy(v) for k, v in env.names.items()}

        def ended(*outcome):
            run.post(lambda: received(*outcome), quiet=outcome[0] == "error" and bool(handle.cancel_asked))

        def received(kind, value):
            if kind == "ok" and handle.work.has_blocks():
                handle.scope.blocks.append((run.tick(), [], handle))
            handle.end(kind, value if kind == "ok" else child_failed(handle.id, value))
        handle.work = Run(run.world, function, env, ended)
        return handle

    def call_durable(self, function, env):
        handle = self.spawn_child(function, env)
        return (yield from self.gather(handle))

    def call_waiting(self, name, positional, named):
        if name == "sleep":
            wait = Wait(self)
            self.timer(positional[0], wait)
            yield from self.wait(wait)
            return None
        if name == "timer":
            handle = Work("timer", None, self.run, self.scopes[-1])
            wait = Wait(self)
            wait.finish = lambda: handle.end("ok", None)
            self.timer(positional[0], wait)
            return handle
        raise Unspecified(f"unknown function {name}")

    def timer(self, duration, wait):
        if type(duration) is not Duration:
            fail("TypeError")
        if duration.ms <= 0:
            raise Unspecified("a timer that is due at once")
        self.run.world.at(self.run.world.now + duration.ms, self.run, wait)

    # --- handles

    def handle_method(self, handle, name, _):
        if name != "cancel":
            raise Unspecified("other methods of handles")
        if self.handle is handle:
            raise Unspecified("a strand that cancels itself")
        handle.cancel()

    def handle_member(self, handle, name):
        if name == "done":
            return handle.outcome is not None
        raise Unspecified("members of handles")

    def all_of(self, handles):
        """Waits until all have ended."""
        left = [h for h in handles if h.outcome is None and h.sort != "timer" or h.outcome is None and h.scope is None]
        if left:
            wait, count = Wait(self), len(left)

            def ended(_):
                nonlocal count
                count -= 1
                if count == 0:
                    wait.finish()
            for handle in left:
                handle.waiters.append(ended)
            yield from self.wait(wait)

    def gather(self, what, settled=False, timeout=None):
        handles = handles_in(what)
        due = self.run.world.now + timeout.ms if timeout is not None else None
        if any(h.outcome is None for h in handles) and (settled or not any(h.failed for h in handles)):
            yield from self.until(what, handles, timeout, lambda h: h.failed and not settled)
        for handle in handles:  # a gather that is cancelled itself takes nothing
            handle.taken = True
        if not settled:
            failed = [h for h in handles if h.failed]
            if failed:
                first = min(failed, key=lambda h: h.order)
                yield from self.stop(handles)
                if due is not None and self.run.world.now >= due:
                    raise Unspecified("a time-out while a failed gather waits for the others")
                error = first.outcome[1]
                raise Throw(error if isinstance(what, Handle) else
                            with_outcomes(error, shaped(what, lambda h: h.described())))
        return shaped(what, (lambda h: h.described()) if settled else (lambda h: h.outcome[1]))

    def until(self, what, handles, timeout, enough):
        """Until all have ended or `enough` of one is true; in time-out cancels what is left and throws."""
        wait = Wait(self)
        left = [h for h in dict.fromkeys(handles) if h.outcome is None]
        count = len(left)

        def ended(handle):
            nonlocal count
            count -= 1
            if count == 0 or enough(handle):
                if count:
                    self.none_could_run(handles)
                wait.finish()
        for handle in left:
            handle.waiters.append(ended)
        late = self.alarm(timeout, wait)
        yield from self.wait(wait)
        if late():
            for handle in handles:
                handle.taken = True
            yield from self.stop(handles)
            raise Throw(late_error(what))

    def none_could_run(self, handles):
        """Whether the others are cancelled as the first ends, or as the waiting strand goes on, is open."""
        if self.run.ready and any(h.outcome is None for h in handles):
            raise Unspecified("one that could run when all was decided")

    def alarm(self, timeout, wait):
        """Ends `wait` after the time-out; gives whether it did."""
        if timeout is None:
            return lambda: False
        rang = []
        bell = Wait(self)

        def ring():
            if not wait.done:
                rang.append(True)
                wait.finish()
        bell.finish = ring
        self.timer(timeout, bell)
        return lambda: bool(rang)

    def stop(self, handles):
        """Cancels what has not ended and waits for it."""
        self.shield += 1
        try:
            left = [h for h in dict.fromkeys(handles) if h.outcome is None and h.sort != "timer"]
            for handle in left:
                handle.cancel()
            yield from self.all_of(left)
        finally:
            self.shield -= 1

    def first_of(self, handles, timeout=None, accept=lambda h: True):
        """The first to finish in the journal, or None in time-out."""
        handles = list(dict.fromkeys(handles))
        done = [h for h in handles if h.outcome is not None and accept(h)]
        if done:
            return min(done, key=lambda h: h.order)
        left = [h for h in handles if h.outcome is None]
        if not left:
            return None
        wait, count, found = Wait(self), len(left), []

        def ended(handle):
            nonlocal count
            count -= 1
            if not found and (accept(handle) or count == 0):
                found.append(handle)
                wait.finish()
        for handle in left:
            handle.waiters.append(ended)
        self.alarm(timeout, wait)
        yield from self.wait(wait)
        return found[0] if found and accept(found[0]) else None

    def race(self, what, success, timeout):
        handles = list(dict.fromkeys(handles_in(what)))
        if not handles:
            fail("ArgumentError")

        def accept(handle):
            if success and handle.failed:
                return False
            self.none_could_run(handles)
            return True
        if any(h.outcome is not None for h in handles):
            raise Unspecified("whether a race that is decided already waits")
        try:
            winner = yield from self.first_of(handles, timeout, accept)
        except Throw:
            if any(h.failed for h in handles):
                raise Unspecified("whether a race that is cancelled took the failures that it saw") from None
            raise
        for handle in handles:
            handle.taken = True
        if winner is None and any(h.outcome is None for h in handles):
            yield from self.stop(handles)
            yield from self.undo_losers(handles)
            raise Throw(late_error(what))
        if any(h.failed and h.outcome[1].kind == "CompensationFailed" for h in handles):
            raise Unspecified("a race in which undoing failed")
        yield from self.stop(handles)
        yield from self.undo_losers([h for h in handles if h is not winner])
        if winner is None:
            first = min(handles, key=lambda h: h.order)
            raise Throw(with_outcomes(first.outcome[1], shaped(what, lambda h: h.described())))
        if winner.failed:
            raise Throw(winner.outcome[1] if isinstance(what, Handle) else Error(winner.outcome[1].kind,
                        winner.outcome[1].message, OPEN, winner.outcome[1].cause))
        return winner.outcome[1]

    def undo_losers(self, losers):
        self.shield += 1
        try:
            mine = [b for scope in self.scopes for b in scope.blocks
                    if any(h in losers for h in b[1]) or isinstance(b[2], Work) and b[2] in losers]
            for block in sorted(mine, key=lambda b: -b[0]):
                for scope in self.scopes:
                    if block in scope.blocks:
                        scope.blocks.remove(block)
                failures = yield from self.undo_one(block[2])
                if failures:
                    raise Unspecified("a loser whose undoing fails")
        finally:
            self.shield -= 1


OPEN = {"open": Error(None)}


def handles_in(what):
    """The handles of what stands behind gather, race or wait_any."""
    if isinstance(what, Handle):
        return [what]
    if type(what) is dict:
        handles = list(what.values())
    elif type(what) in (list, Range):
        handles = list(elements(what))
    else:
        return fail("TypeError")
    return handles if all(isinstance(h, Handle) for h in handles) else fail("TypeError")


def shaped(what, make):
    if isinstance(what, Handle):
        return make(what)
    return {k: make(h) for k, h in what.items()} if type(what) is dict else [make(h) for h in what]


def late_error(what):
    """A time-out that waited for several says what each came to (the guide has chosen that)."""
    error = Error("Timeout")
    return error if isinstance(what, Handle) else with_outcomes(error, shaped(what, lambda h: h.described()))


def with_outcomes(error, outcomes):
    data = dict(error.data) if type(error.data) is dict else {} if error.data is None else {"value": error.data}
    data["outcomes"] = outcomes
    return Error(error.kind, error.message, data, error.cause, error.workflow_id)


def child_failed(name, error):
    return Error("ChildFailed", error.message, OPEN, error, name)


def deep_copy(x):
    if type(x) is list:
        return [deep_copy(e) for e in x]
    if type(x) is dict:
        return {k: deep_copy(v) for k, v in x.items()}
    if isinstance(x, (Function, Handle)):
        return fail("TypeError")
    return x


class Lone:
    """The only strand of a program that never waits."""

    depth = 0

    @staticmethod
    def scope(block):
        return (yield from block)

    @staticmethod
    def caught(thrown, value):
        yield from ()
        return value

    @staticmethod
    def call_waiting(name, positional, named):
        yield from ()
        raise Unspecified(f"unknown function {name}")

    @staticmethod
    def drive(work):
        try:
            next(work)
        except StopIteration as end:
            return end.value
        raise AssertionError("a program without waits waited")
