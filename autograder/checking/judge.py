"""Judges a function by its answers to an exercise's cases.

`judge` is one pure function. A notebook and the grader call the same one and differ in where the
answers come from: this process, or a sandbox.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.checking.cases import (
    Answer,
    Call,
    Case,
    Died,
    ExerciseCases,
    Mistake,
    Oracle,
    PartCases,
    Raised,
    Returned,
    TimedOut,
    Unusable,
    ask,
    ask_next,
    filled,
)
from autograder.checking.compare import CallByCall
from autograder.checking.describe import describe_call, describe_value
from autograder.checking.values import ValueFrameError, encode


@dataclass(frozen=True)
class PartResult:
    """What came of one part.

    `tried` says in words what the call was that is reported; `call`, `found` and `expected` show it
    in full and are empty unless the call is public. `message` says what is wrong, `line` which line
    of the student's raised the exception, and `hint` which misconception gives the same outputs.
    """

    name: str
    points: float
    passed: bool
    tried: str = ""
    message: str = ""
    line: str = ""
    hint: str = ""
    call: str = ""
    found: str = ""
    expected: str = ""
    written: bool = True

    @property
    def earned(self) -> float:
        """The points, if the part is passed."""
        return self.points if self.passed else 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """What came of an exercise; `note` is set where something concerns all of it."""

    identifier: str
    parts: tuple[PartResult, ...]
    note: str = ""

    @property
    def points(self) -> float:
        """The points earned, from 0 to `maximum`."""
        return float(sum(part.earned for part in self.parts))

    @property
    def maximum(self) -> float:
        """The points of all parts."""
        return float(sum(part.points for part in self.parts))

    @property
    def passed(self) -> bool:
        """Whether every part is passed."""
        return bool(self.parts) and all(part.passed for part in self.parts)

    @property
    def written(self) -> bool:
        """Whether the function is more than its stub."""
        return not self.parts or any(part.written for part in self.parts)

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints of all parts, each once."""
        return tuple(dict.fromkeys(part.hint for part in self.parts if part.hint))

    def to_plain(self) -> dict[str, Any]:
        """Return the result as what JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "ExerciseResult":
        """Return the result that `to_plain` gave."""
        parts = tuple(PartResult(**part) for part in plain["parts"])
        return cls(plain["identifier"], parts, plain["note"])


def judge(cases: ExerciseCases, oracle: Oracle) -> ExerciseResult:
    """Put every call of the cases to the oracle, and judge its answers.

    The oracle answers for the student's function and may not raise. It is told nothing but
    arguments.
    """
    answers = [ask([case.call for case in part.cases], oracle) for part in cases.parts]
    found = [
        _first_failure(part, given, cases) for part, given in zip(cases.parts, answers, strict=True)
    ]
    written = [not _is_stub(given) for given in answers]
    wrong = [failure is not None and any(written) for failure in found]
    hints = _hints(cases, answers, wrong)
    parts = tuple(
        _result(part, given, failure, hint, cases.parameters)
        for part, given, failure, hint in zip(cases.parts, answers, found, hints, strict=True)
    )
    note = "" if any(written) else "not written yet"
    return ExerciseResult(cases.identifier, parts, note)


def passes(cases: ExerciseCases, oracle: Oracle) -> bool:
    """Say whether every part is passed, as `judge` does, without asking on after a wrong answer."""
    return all(_passes(part, cases, oracle) for part in cases.parts)


def unanswered(cases: ExerciseCases, note: str) -> ExerciseResult:
    """Return the result of a function that could not even be called, with the reason as note."""
    parts = tuple(PartResult(part.name, part.points, False) for part in cases.parts)
    return ExerciseResult(cases.identifier, parts, note)


@dataclass(frozen=True)
class _Failure:
    """The first case of a part that failed."""

    index: int
    message: str
    numbers: str = ""
    line: str = ""


def _first_failure(
    part: PartCases, answers: Sequence[Answer], cases: ExerciseCases
) -> _Failure | None:
    for index, (case, answer) in enumerate(zip(part.cases, answers, strict=True)):
        failure = _not_returned(index, case.expected, answer)
        if failure is None and isinstance(answer, Returned):
            changed = _changed(filled(case.call, answers), answer, cases)
            if changed:
                message = f"it changes its argument {changed} in place: work on a copy"
                failure = _Failure(index, message)
        if failure is not None:
            # what an earlier call got wrong is the better thing to report
            earlier = _difference(part, part.cases[:index], answers[:index])
            return earlier or failure
    return _difference(part, part.cases, answers) or _too_slow(part.cases, answers)


def _passes(part: PartCases, cases: ExerciseCases, oracle: Oracle) -> bool:
    answers: list[Answer] = []
    for case in part.cases:
        answers.append(ask_next(case.call, answers, oracle))
        if _is_wrong(part, case, answers, cases):
            return False
    return _first_failure(part, answers, cases) is None


def _is_wrong(part: PartCases, case: Case, answers: Sequence[Answer], cases: ExerciseCases) -> bool:
    """Say whether the last answer is wrong, whatever the others are."""
    answer = answers[-1]
    if _not_returned(0, case.expected, answer):
        return True
    if isinstance(answer, Returned) and _changed(filled(case.call, answers), answer, cases):
        return True
    each = isinstance(part.comparator, CallByCall)
    return each and _difference(part, [case], [answer]) is not None


def _not_returned(index: int, expected: Answer, answer: Answer) -> _Failure | None:
    if isinstance(expected, Raised):
        if isinstance(answer, Raised) and answer.type == expected.type:
            return None
        if isinstance(answer, Returned):
            return _Failure(index, f"it should raise a {expected.type} here")
    if isinstance(answer, Returned):
        return None
    if isinstance(answer, Raised):
        if answer.type == "NotImplementedError":
            return _Failure(index, "not written yet")
        message = f"{answer.type}: {answer.message}" if answer.message else answer.type
        return _Failure(index, message, line=answer.line)
    if isinstance(answer, TimedOut):
        message = f"no answer after {answer.seconds:g} s: does a loop ever end?"
        return _Failure(index, message)
    if isinstance(answer, Unusable):
        return _Failure(index, f"what it returned is {answer.reason}")
    assert isinstance(answer, Died)
    return _Failure(index, answer.cause)


def _difference(
    part: PartCases, cases: Sequence[Case], answers: Sequence[Answer]
) -> _Failure | None:
    pairs = [
        (index, case.expected.value, answer.value)
        for index, (case, answer) in enumerate(zip(cases, answers, strict=True))
        if isinstance(case.expected, Returned) and isinstance(answer, Returned)
    ]
    if not pairs:
        return None
    indices, expected, found = zip(*pairs, strict=True)
    first = part.comparator.first_difference(expected, found)
    if first is None:
        return None
    return _Failure(indices[first[0]], first[1].message, first[1].numbers)


def _too_slow(cases: Sequence[Case], answers: Sequence[Answer]) -> _Failure | None:
    """Say so if every timed call was at work too long: the best of them counts."""
    timed = [
        (answer.seconds / case.seconds_allowed, index)
        for index, (case, answer) in enumerate(zip(cases, answers, strict=True))
        if case.seconds_allowed is not None and isinstance(answer, Returned)
    ]
    share, index = min(timed, default=(0.0, 0))
    if share <= 1:
        return None
    seconds, allowed = answers[index].seconds, cases[index].seconds_allowed
    message = f"right, but too slow: {seconds:.3g} s, and {allowed:.3g} s is allowed"
    return _Failure(index, message)


def _changed(call: Call, answer: Returned, cases: ExerciseCases) -> str:
    """Name the first argument that was changed and may not be."""
    if answer.arguments_after is None:
        return ""
    after, keywords_after = answer.arguments_after
    if len(after) != len(call.arguments) or keywords_after.keys() != call.keywords.keys():
        return "list"
    pairs = [
        *zip(cases.parameters, call.arguments, after, strict=False),
        *((name, value, keywords_after[name]) for name, value in call.keywords.items()),
    ]
    for name, before, now in pairs:
        if name not in cases.may_change and not _identical(before, now):
            return name
    return ""


def _identical(one: Any, other: Any) -> bool:
    try:
        return encode(one) == encode(other)
    except ValueFrameError:
        return one is other


def _hints(
    cases: ExerciseCases, answers: Sequence[Sequence[Answer]], failed: Sequence[bool]
) -> list[str]:
    """Find for each failed part the misconception with the same outputs.

    Where several fit a part, the one that fits most of the parts is the one the student holds.
    Misconceptions are looked at as little as can be: what they answer is worked out only then.
    """

    @functools.cache
    def fits(number: int, index: int) -> bool:
        part = cases.parts[number]
        # a stumble over an answer may cost a hint, and nothing else
        with contextlib.suppress(Exception):
            return _made(part.mistakes[index], answers[number], part, cases)
        return False

    def agreement(index: int) -> int:
        # the misconceptions stand in the same order in every part
        return sum(fits(number, index) for number in range(len(cases.parts)))

    hints = []
    for number, (part, wrong) in enumerate(zip(cases.parts, failed, strict=True)):
        indices = range(len(part.mistakes)) if wrong else ()
        candidates = [index for index in indices if fits(number, index)]
        if len(candidates) > 1:
            candidates.sort(key=agreement, reverse=True)
        hints.append(part.mistakes[candidates[0]].hint if candidates else "")
    return hints


def _made(
    mistake: Mistake, answers: Sequence[Answer], part: PartCases, cases: ExerciseCases
) -> bool:
    """Say whether the answers of one part are those of a misconception."""
    returned: list[tuple[Any, Any]] = []
    each = isinstance(part.comparator, CallByCall)  # then the first difference tells
    for case, wrong, answer in zip(part.cases, mistake.answers, answers, strict=True):
        if isinstance(wrong, Returned) and isinstance(answer, Returned):
            before = filled(case.call, mistake.answers), filled(case.call, answers)
            if _changed(before[0], wrong, cases) != _changed(before[1], answer, cases):
                return False
            returned.append((wrong.value, answer.value))
            if each and not part.comparator.alike([wrong.value], [answer.value]):
                return False
        elif isinstance(wrong, Raised) and isinstance(answer, Raised):
            if (wrong.type, wrong.message) != (answer.type, answer.message):
                return False
        elif type(wrong) is not type(answer):
            return False
    if each or not returned:
        return True
    wrongs, found = zip(*returned, strict=True)
    return part.comparator.alike(wrongs, found)


def _result(
    part: PartCases,
    answers: Sequence[Answer],
    failure: _Failure | None,
    hint: str,
    parameters: Sequence[str],
) -> PartResult:
    """Report the first case that failed, or the first of all."""
    index = failure.index if failure else 0
    case, answer = part.cases[index], answers[index]
    call = found = expected = ""
    public = index < part.shown
    if public:
        call = describe_call(case.call, parameters)
        found = describe_value(answer.value) if isinstance(answer, Returned) else ""
        expected = _describe_expected(case.expected)
    message = failure.message if failure else ""
    if failure and public and failure.numbers:
        message += f" ({failure.numbers})"
    return PartResult(
        name=part.name,
        points=part.points,
        passed=failure is None,
        tried=case.call.tries if failure else _all_tried(part),
        message=message,
        line=failure.line if failure else "",
        hint=hint,
        call=call,
        found=found,
        expected=expected,
        written=not _is_stub(answers),
    )


def _is_stub(answers: Sequence[Answer]) -> bool:
    """Say whether these are answers of a function that is not written yet."""
    return isinstance(answers[0], Raised) and answers[0].type == "NotImplementedError"


def _all_tried(part: PartCases) -> str:
    more = len(part.cases) - 1
    return part.cases[0].call.tries + (f", and {more} more" if more else "")


def _describe_expected(expected: Answer) -> str:
    if isinstance(expected, Raised):
        return f"a {expected.type}"
    assert isinstance(expected, Returned)
    return describe_value(expected.value)
