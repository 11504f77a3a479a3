"""Draws the inputs of an exercise from a seed, and works out what is expected of them."""

import contextlib
import functools
import hashlib
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from autograder.checking.answering import call_function, preserved_generators
from autograder.checking.cases import (
    Answer,
    Call,
    Case,
    ExerciseCases,
    Mistake,
    Oracle,
    PartCases,
    Raised,
    Returned,
    ask,
    ask_next,
    later,
)
from autograder.spec.draw import Draw
from autograder.spec.exercise import Exercise, Part

PUBLIC_SEED = "public"  # of public parts everywhere, and of all parts in a student's notebook


def draw_cases(exercise: Exercise, seed: str = PUBLIC_SEED) -> ExerciseCases:
    """Return the cases of an exercise: inputs, the reference's answers, the misconceptions'.

    `seed` is any text. The grader makes it of the course's secret, the student and the exercise,
    so that nobody knows the inputs beforehand and a regrade repeats them. Public parts have, before
    those, the same inputs for everybody. What a misconception answers is worked out when somebody
    looks at it.
    """
    with _as_at_the_start():
        parts = tuple(_draw_part(exercise, part, seed) for part in exercise.parts)
    parameters = tuple(inspect.signature(exercise.reference).parameters)
    return ExerciseCases(
        exercise.identifier, parameters, parts, tuple(exercise.may_change), exercise.seconds
    )


def _draw_part(exercise: Exercise, part: Part, seed: str) -> PartCases:
    drafts = [_public_draft(exercise, part)] if part.public else []
    shown = len(drafts[0].calls) if drafts else 0
    if not drafts or seed != PUBLIC_SEED:
        # nobody passes a public part by having copied its answers
        drafts.append(_Draft(exercise, part, seed))
    calls = [
        *drafts[0].calls,
        *(later(call, shown) for draft in drafts[1:] for call in draft.calls),
    ]
    expected = [answer for draft in drafts for answer in draft.expected]
    allowed = _seconds_allowed(exercise, part, calls)
    mistakes = tuple(
        Mistake(misconception.hint, _Answers(misconception.function, drafts))
        for misconception in exercise.misconceptions
    )
    cases = tuple(Case(*fields) for fields in zip(calls, expected, allowed, strict=True))
    return PartCases(part.name, part.points, part.compare, cases, mistakes, shown)


class _Draft:
    """The calls that one seed gives for a part, and what functions of the project answer."""

    def __init__(self, exercise: Exercise, part: Part, seed: str) -> None:
        """Draw the calls."""
        self.calls = _calls(exercise, part, seed)
        self.known: dict[Callable, list[Answer]] = {}
        if part.expect is None:
            self.expected = ask(self.calls, _oracle(exercise.reference))
        else:
            self.expected = [Returned(part.expect(call)) for call in self.calls]

    def answer(self, function: Callable, index: int) -> Answer:
        """Return what a function answers to one call; it is asked once."""
        known = self.known.setdefault(function, [])
        while len(known) <= index:
            with _as_at_the_start():
                known.append(ask_next(self.calls[len(known)], known, _oracle(function)))
        return known[index]


@functools.cache
def _public_draft(exercise: Exercise, part: Part) -> _Draft:
    """Return the calls that everybody gets: one draft for a whole class."""
    return _Draft(exercise, part, PUBLIC_SEED)


class _Answers(Sequence[Answer]):
    """What a misconception answers, each worked out when first looked at: few are."""

    def __init__(self, function: Callable, drafts: list[_Draft]) -> None:
        """Work out nothing yet."""
        self.function = function
        self.places = [(draft, index) for draft in drafts for index in range(len(draft.calls))]

    def __getitem__(self, place: int) -> Answer:
        """Return the answer to one call."""
        draft, index = self.places[place]
        return draft.answer(self.function, index)

    def __len__(self) -> int:
        """Return how many calls there are."""
        return len(self.places)


def _calls(exercise: Exercise, part: Part, seed: str) -> list[Call]:
    text = "\0".join((seed, exercise.identifier, part.name))
    digest = hashlib.sha256(text.encode()).digest()
    calls = part.draw(Draw(int.from_bytes(digest[:7], "big")))
    # a function can see what it was seeded with, which must not tell it what will be drawn next
    first = int.from_bytes(hashlib.sha256(digest).digest()[:4], "big")
    return [replace(call, seed=(first + index) % 2**32) for index, call in enumerate(calls)]


def _oracle(function: Callable) -> Oracle:
    def oracle(call: Call) -> Answer:
        answer = call_function(function, call)
        # the line is of this project, not of a student
        return replace(answer, line="") if isinstance(answer, Raised) else answer

    return oracle


def _seconds_allowed(exercise: Exercise, part: Part, calls: list[Call]) -> list[float | None]:
    if part.speed is None:
        return [None] * len(calls)
    baseline = part.speed.baseline or exercise.reference
    # of the baseline, too, the fastest call counts: none that was slowed down buys anybody time
    fastest = min(_seconds(baseline, call) for call in calls)
    return [fastest / part.speed.times] * len(calls)


def _seconds(function: Callable, call: Call) -> float:
    """Return how long a call keeps the processor busy, however long others keep it waiting."""
    start = time.thread_time()
    call_function(function, call)
    return time.thread_time() - start


@contextlib.contextmanager
def _as_at_the_start() -> Iterator[None]:
    """Keep what is expected free of the default dtype that a notebook may have set.

    And keep its random generators as they are.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with preserved_generators():
            yield
    finally:
        torch.set_default_dtype(before)
