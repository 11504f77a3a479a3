"""How long `check` keeps a student waiting, beside its budget of one second.

Each exercise on attention is checked as it comes in practice: with the reference, where all parts
pass, and with each known misconception, where the hints have to be worked out too. The reports are
rendered and thrown away. Exercises whose parts are timed take longer by design and are left out.
The first check of an exercise counts as well: nothing is kept from one check to the next.
"""

import contextlib
import io
import time
from collections.abc import Callable

from autograder.checking import check
from autograder.spec import Exercise
from autograder.specs import exercises
from benchmarks.timing import report

BUDGET = 1.0  # seconds
GOAL = 1.0


def seconds_to_check(exercise: Exercise, function: Callable) -> float:
    """Return how long one check takes, its report included."""
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        check(exercise.identifier, function)
        return time.perf_counter() - began


def main() -> None:
    """Print each exercise's times and end in the ratio of the budget to the slowest check."""
    slowest = 0.0
    for exercise in exercises("attention"):
        right = seconds_to_check(exercise, exercise.reference)
        wrong = [seconds_to_check(exercise, m.function) for m in exercise.misconceptions]
        slowest = max(slowest, right, *wrong)
        print(f"{exercise.name:30} right {right:6.3f} s   slowest wrong {max(wrong):6.3f} s")
    report("check", BUDGET / slowest, GOAL)


if __name__ == "__main__":
    main()
