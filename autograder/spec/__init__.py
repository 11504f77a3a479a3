"""The vocabulary in which is written what an exercise accepts.

`autograder/specs/attention/causal_mask.py` describes the exercise `attention.causal_mask`, whose
reference is the function of that name in `solutions`. It reads:

    from autograder.spec import Call, Draw, Exercise, Part, Same

    def one_position(draw: Draw) -> list[Call]: ...

    causal_mask = Exercise(
        "attention.causal_mask",
        parts=[
            Part("one position", 1, one_position, Same(), public=True),
            Part("any length", 1, any_length, Same()),
        ],
    )

    @causal_mask.misconception("a position also sees itself: the diagonal is True")
    def without_the_diagonal(length): ...

    @causal_mask.alternative
    def by_comparison(length): ...

An alternative is a right solution written another way; a test holds that it earns full points. A
misconception is a wrong one that students hold, with the hint it earns: a test holds that it loses
points, and a student whose outputs on a part are the misconception's reads the hint.

Everything that a spec says it in is named here; `autograder.spec.drawn_cases` makes cases of what
was said, and `autograder.spec.mutants` wrong functions, to test it.
"""

from autograder.checking.arrangements import RandomInterval, RandomSplit, Shuffled
from autograder.checking.cases import Call, Earlier
from autograder.checking.compare import Close, Same
from autograder.checking.sampling import Outcome, Outcomes, Repeatable, chances
from autograder.checking.values import Seed
from autograder.spec.draw import Draw
from autograder.spec.exercise import Exercise, Part, Speed

__all__ = [
    "Call",
    "Close",
    "Draw",
    "Earlier",
    "Exercise",
    "Outcome",
    "Outcomes",
    "Part",
    "RandomInterval",
    "RandomSplit",
    "Repeatable",
    "Same",
    "Seed",
    "Shuffled",
    "Speed",
    "chances",
]
