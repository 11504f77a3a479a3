"""Generators as they cross to a student: as their seeds."""

from autograder.spec import Call, Draw, Seed

LARGEST_SEED = 2**31


def seed(draw: Draw) -> Seed:
    """Return the seed of a generator."""
    return Seed(draw.integer(0, LARGEST_SEED))


def its_seed(call: Call) -> int:
    """Say which calls must give the same: those with generators of the same seed."""
    (number,) = [a.number for a in (*call.arguments, *call.keywords.values()) if type(a) is Seed]
    return number


def twice(draw: Draw, *arguments, **keywords) -> list[Call]:
    """Return calls with two seeds, each twice; None stands for the generator."""
    one, other = seed(draw), seed(draw)
    return [
        Call(tuple(each if a is None else a for a in arguments), keywords, tries)
        for each, tries in (
            (one, "a seeded generator"),
            (one, "another generator of the same seed"),
            (other, "a generator of another seed"),
            (other, "one more of that seed"),
        )
    ]
