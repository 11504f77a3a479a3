"""Generators as they cross to a student: as their seeds."""

from autograder.spec import Draw, Seed


def seed(draw: Draw) -> Seed:
    """Return the seed of a generator."""
    return Seed(draw.integer(0, 2**31 - 2))
