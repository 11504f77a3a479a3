"""What an exercise is made of: parts worth points, misconceptions, alternatives."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from autograder.checking.cases import Call
from autograder.checking.compare import Close, Comparator
from autograder.spec.draw import Draw

Function = TypeVar("Function", bound=Callable)


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
