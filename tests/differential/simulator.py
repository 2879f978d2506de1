"""What a strand offers to the evaluator."""
from values import Unspecified


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
