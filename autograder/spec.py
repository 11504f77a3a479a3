"""The vocabulary in which is written what an exercise accepts.

One module of `autograder.specs` describes the exercises of one module of `solutions`; an exercise
stands there under the name of its function. An entry reads:

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
"""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from autograder import specs
from autograder.checking.cases import Call
from autograder.checking.compare import Close, Comparator
from autograder.draw import Draw

Function = TypeVar("Function", bound=Callable)


class UnknownExerciseError(LookupError):
    """No spec has an exercise of that name; the message names the nearest one."""


@dataclass(frozen=True)
class Speed:
    """A part that also asks for speed: one coarse step, and a wide margin.

    The function has to be `times` as fast as `baseline`, by default the reference. What counts is
    the time for which each keeps processors busy: the function with all that works for it, in its
    fastest call, the baseline in its own, so the calls of such a part are of one size. The baseline
    is timed when the cases are drawn, in a process of its own, while no student's code runs.
    """

    times: float
    baseline: Callable | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """A named part of an exercise, worth points if all its calls are answered rightly.

    `draw` returns the calls. What the reference answers is expected, unless `expect` says what is
    expected of a call: for a function that draws, the probabilities. A public part is drawn twice,
    once from a seed that is the same for everybody: of these calls everything is shown.
    """

    name: str
    points: float
    draw: Callable[[Draw], list[Call]]
    compare: Comparator = field(default_factory=Close)
    public: bool = False
    expect: Callable[[Call], Any] | None = None
    speed: Speed | None = None


@dataclass(frozen=True)
class Misconception:
    """A wrong implementation, and the hint for those who hold it."""

    hint: str
    function: Callable


@dataclass(eq=False)
class Exercise:
    """What one exercise accepts.

    `equivalent` names the generated mutants of the reference that no part can tell from it, each
    with the reason. `may_change` names parameters whose argument the function may change.
    `forbidden` are names, such as `softmax`, that would do the exercise in one call of a library:
    who uses one loses nothing, and the instructor is told. `seconds` is the time for one call.
    """

    identifier: str
    parts: Sequence[Part]
    equivalent: Mapping[str, str] = field(default_factory=dict)
    may_change: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    seconds: float = 2.0
    misconceptions: list[Misconception] = field(default_factory=list)
    alternatives: list[Callable] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.identifier.rpartition(".")[2]

    @property
    def points(self) -> float:
        """The points of all parts."""
        return float(sum(part.points for part in self.parts))

    @property
    def reference(self) -> Callable:
        """The function of `solutions` that the exercise asks for."""
        module, _, name = self.identifier.rpartition(".")
        return getattr(importlib.import_module(f"solutions.{module}"), name)

    def misconception(self, hint: str) -> Callable[[Function], Function]:
        """Decorate a wrong implementation with the hint for those who hold it."""

        def add(function: Function) -> Function:
            self.misconceptions.append(Misconception(hint, function))
            return function

        return add

    def alternative(self, function: Function) -> Function:
        """Decorate a right solution that is written in another way than the reference."""
        self.alternatives.append(function)
        return function


def module_names() -> list[str]:
    """Return the modules that have specs, such as `attention`."""
    return sorted(module.name for module in pkgutil.iter_modules(specs.__path__))


def exercises(module: str) -> list[Exercise]:
    """Return the exercises of one module, in the order in which they stand there."""
    found = vars(importlib.import_module(f"autograder.specs.{module}")).values()
    return [value for value in found if isinstance(value, Exercise)]


@functools.cache
def find(identifier: str) -> Exercise:
    """Return the exercise with an identifier such as `attention.causal_mask`.

    Raises:
        UnknownExerciseError: there is none.
    """
    module = identifier.rpartition(".")[0]
    if module in module_names():
        for exercise in exercises(module):
            if exercise.identifier == identifier:
                return exercise
    known = [exercise.identifier for name in module_names() for exercise in exercises(name)]
    raise UnknownExerciseError(unknown(identifier, known))


def unknown(identifier: str, known: Sequence[str]) -> str:
    """Say that an exercise is unknown, and which one may be meant."""
    near = difflib.get_close_matches(identifier, known, n=1, cutoff=0.4)
    return f"there is no exercise {identifier!r}" + (f"; do you mean {near[0]!r}?" if near else "")
