"""Calls, answers, and the cases by which an exercise is judged.

A case is a call with the answer expected of it. The cases of an exercise hold everything that
judging needs, hints included, so they can be written to a file for a class that has neither
the reference solutions nor the specs.
"""

import dataclasses
import functools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from autograder.checking import values
from autograder.checking.arrangements import RandomInterval, RandomSplit, Shuffled
from autograder.checking.compare import Average, Close, Comparator, Frequencies, Same
from autograder.checking.sampling import Outcomes, Repeatable


@dataclass(frozen=True)
class Earlier:
    """Stands in a call for what the function under test returned in an earlier call of the part.

    `call` counts from 0; `path` leads into the value, `(1,)` being its second item.
    """

    call: int
    path: tuple[int | str, ...] = ()


@dataclass(frozen=True, eq=False)
class Call:
    """Arguments for one call, and in words what the call tries.

    `seed` is what the global random generators are seeded with before the call.
    """

    arguments: tuple = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    tries: str = ""
    seed: int = 0

    @property
    def waits(self) -> bool:
        """Whether it waits for what an earlier call returned."""
        values = (*self.arguments, *self.keywords.values())
        return any(isinstance(value, Earlier) for value in values)

    @functools.cached_property
    def encoded(self) -> bytes:
        """The call as bytes, made once: the function under test never sees the call itself."""
        return encode_call(self)


@dataclass(frozen=True, eq=False)
class Returned:
    """The function returned `value`.

    `arguments_after` is `(arguments, keywords)` as the function left them, or None where it did not
    change them. `seconds` is how long it kept processors busy: other programs cost it nothing.
    """

    value: Any
    arguments_after: tuple[tuple, dict[str, Any]] | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Raised:
    """The function raised an exception; `line` is the student's own line, where it is known."""

    type: str
    message: str = ""
    line: str = ""


@dataclass(frozen=True)
class TimedOut:
    """The function had not returned after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Died:
    """The process in which the function ran is gone."""

    cause: str


@dataclass(frozen=True)
class Unusable:
    """The function returned what is no plain value, say a tensor of an unknown kind."""

    reason: str


Answer = Returned | Raised | TimedOut | Died | Unusable
Oracle = Callable[[Call], Answer]


@dataclass(frozen=True, eq=False)
class Case:
    """A call, the answer expected of it and, in a timed part, how long it may be at work."""

    call: Call
    expected: Answer
    seconds_allowed: float | None = None


@dataclass(frozen=True, eq=False)
class Mistake:
    """What a known misconception answers to the calls of one part, and the hint it earns.

    The answers may be worked out as late as when somebody looks at them.
    """

    hint: str
    answers: Sequence[Answer]


@dataclass(frozen=True, eq=False)
class PartCases:
    """One part of an exercise: passed, and its points earned, when every case is.

    The first `shown` cases are public: reports show their arguments, answers and expected answers.
    """

    name: str
    points: float
    comparator: Comparator
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...] = ()
    shown: int = 0


@dataclass(frozen=True, eq=False)
class ExerciseCases:
    """Everything by which an exercise is judged.

    `parameters` are the names of the function's parameters, `may_change` of those whose argument it
    may change; `seconds` is how long one call may take.
    """

    identifier: str
    parameters: tuple[str, ...]
    parts: tuple[PartCases, ...]
    may_change: tuple[str, ...] = ()
    seconds: float = 2.0

    @property
    def function(self) -> str:
        """The name of the function."""
        return self.identifier.rpartition(".")[2]

    @property
    def maximum(self) -> float:
        """The points of all parts."""
        return float(sum(part.points for part in self.parts))


def ask(calls: Sequence[Call], oracle: Oracle) -> list[Answer]:
    """Return an oracle's answers to the calls of one part, in order."""
    answers: list[Answer] = []
    for call in calls:
        answers.append(ask_next(call, answers, oracle))
    return answers


def ask_next(call: Call, answers: Sequence[Answer], oracle: Oracle) -> Answer:
    """Return an oracle's answer to a call, after the answers to all earlier ones of its part.

    A call that waits for what an earlier one returned gets it filled in. After an endless loop or a
    crash the rest of the part is not tried: it gets the same answer.
    """
    if answers and isinstance(answers[-1], TimedOut | Died):
        return answers[-1]
    try:
        ready = filled(call, answers)
    except LookupError:
        return Raised("LookupError", "an earlier call did not return what this needs")
    return oracle(ready)


def filled(call: Call, answers: Sequence[Answer]) -> Call:
    """Return the call with what earlier calls returned in the place of each `Earlier`.

    Raises:
        LookupError: an earlier call did not return it.
    """

    def fill(value: Any) -> Any:
        if not isinstance(value, Earlier):
            return value
        answer = answers[value.call]
        if not isinstance(answer, Returned):
            raise LookupError
        found = answer.value
        for step in value.path:
            if type(found) not in (list, tuple, dict):
                raise LookupError
            found = found[step]
        return found

    if not call.waits:
        return call
    return dataclasses.replace(
        call,
        arguments=tuple(fill(value) for value in call.arguments),
        keywords={name: fill(value) for name, value in call.keywords.items()},
    )


def later(call: Call, count: int) -> Call:
    """Return the call as it reads when `count` other calls are put before its part."""

    def shift(value: Any) -> Any:
        return (
            dataclasses.replace(value, call=value.call + count)
            if isinstance(value, Earlier)
            else value
        )

    if not call.waits:
        return call
    return dataclasses.replace(
        call,
        arguments=tuple(shift(value) for value in call.arguments),
        keywords={name: shift(value) for name, value in call.keywords.items()},
    )


def encode_call(call: Call) -> bytes:
    """Return the call as bytes, without the words: the function under test gets no wind of them."""
    return values.encode((call.arguments, call.keywords, call.seed), values.CASES_LIMITS)


def decode_call(data: bytes) -> Call:
    """Return the call that `encode_call` made into bytes."""
    arguments, keywords, seed = values.decode(data, values.CASES_LIMITS)
    return Call(arguments, keywords, seed=seed)


def encode_answer(answer: Answer) -> bytes:
    """Return the answer as bytes.

    Raises:
        ValueFrameError: the answer holds what may not cross.
    """
    return values.encode(_answer_to_plain(answer))


def decode_answer(data: bytes) -> Answer:
    """Return the answer that came as bytes from a process that is not trusted.

    Raises:
        ValueFrameError: the bytes are no answer.
    """
    return _answer_from(values.decode(data))


def write_cases(path: Path, exercises: Sequence[ExerciseCases]) -> None:
    """Write the cases of several exercises, of one module as a rule, into one file."""
    plain = {cases.identifier: _to_plain(cases) for cases in exercises}
    path.write_bytes(zlib.compress(values.encode(plain, values.CASES_LIMITS)))


def read_cases(path: Path) -> dict[str, ExerciseCases]:
    """Return the cases in a file, by the identifier of their exercise.

    Raises:
        ValueFrameError: the file is damaged, or no file of cases.
        OSError: it cannot be read.
    """
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(path.read_bytes(), values.CASES_LIMITS.size)
        plain = values.decode(data, values.CASES_LIMITS)
        return {identifier: _cases_from(fields) for identifier, fields in plain.items()}
    except (zlib.error, KeyError, TypeError, AttributeError, ValueError) as error:
        raise values.ValueFrameError(f"{path} is damaged: {error}") from None


COMPARATORS = {
    kind.__name__: kind
    for kind in (
        *(Close, Same, Frequencies, Average),
        *(Outcomes, Repeatable, Shuffled, RandomSplit, RandomInterval),
    )
}
ANSWERS = {kind.__name__: kind for kind in (Returned, Raised, TimedOut, Died, Unusable)}
ANSWER_FIELDS = {
    name: {field.name: field.type for field in dataclasses.fields(kind)}
    for name, kind in ANSWERS.items()
}


class _Tag:
    """Keys that tell dataclasses apart in the plain form."""

    COMPARATOR: ClassVar[str] = "comparator"
    EARLIER: ClassVar[str] = "earlier"


def _to_plain(thing: Any) -> Any:
    """Return a dataclass of this module as dictionaries and tuples."""
    if isinstance(thing, Call):
        return {
            "arguments": tuple(_argument_to_plain(value) for value in thing.arguments),
            "keywords": {k: _argument_to_plain(value) for k, value in thing.keywords.items()},
            "tries": thing.tries,
            "seed": thing.seed,
        }
    if isinstance(thing, Answer):
        return _answer_to_plain(thing)
    fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
    if type(thing).__name__ in COMPARATORS:
        return {_Tag.COMPARATOR: type(thing).__name__, **fields}
    return {name: _field_to_plain(value) for name, value in fields.items()}


def _field_to_plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_field_to_plain(item) for item in value)
    return _to_plain(value) if dataclasses.is_dataclass(value) else value


def _argument_to_plain(value: Any) -> Any:
    # wrapped, since an argument may itself be a dictionary
    if isinstance(value, Earlier):
        return {_Tag.EARLIER: True, "call": value.call, "path": value.path}
    return {"value": value}


def _argument_from(fields: dict) -> Any:
    if _Tag.EARLIER in fields:
        return Earlier(fields["call"], fields["path"])
    return fields["value"]


def _call_from(fields: dict) -> Call:
    return Call(
        tuple(_argument_from(value) for value in fields["arguments"]),
        {name: _argument_from(value) for name, value in fields["keywords"].items()},
        fields["tries"],
        fields["seed"],
    )


def _answer_to_plain(answer: Answer) -> tuple:
    """Return an answer as its kind and its fields, in order."""
    kind = type(answer).__name__
    return kind, *(getattr(answer, name) for name in ANSWER_FIELDS[kind])


def _answer_from(plain: Any) -> Answer:
    if type(plain) is not tuple or not plain or type(plain[0]) is not str:
        raise values.ValueFrameError("not an answer")
    name, *given = plain
    if name not in ANSWERS or len(given) != len(ANSWER_FIELDS[name]):
        raise values.ValueFrameError("not an answer of a known kind")
    for (field_name, kind), value in zip(ANSWER_FIELDS[name].items(), given, strict=True):
        if kind is str and type(value) is not str:
            raise values.ValueFrameError(f"{field_name} of an answer is no text")
        if kind is float and type(value) not in (float, int):
            raise values.ValueFrameError(f"{field_name} of an answer is no number")
        if field_name == "arguments_after" and not (value is None or _are_arguments(value)):
            raise values.ValueFrameError("arguments_after of an answer are no arguments")
    return ANSWERS[name](*given)


def _are_arguments(plain: Any) -> bool:
    return (
        type(plain) is tuple
        and len(plain) == 2
        and type(plain[0]) is tuple
        and type(plain[1]) is dict
    )


def _comparator_from(fields: dict) -> Comparator:
    given = {name: value for name, value in fields.items() if name != _Tag.COMPARATOR}
    return COMPARATORS[fields[_Tag.COMPARATOR]](**given)


def _part_from(fields: dict) -> PartCases:
    cases = tuple(
        Case(_call_from(case["call"]), _answer_from(case["expected"]), case["seconds_allowed"])
        for case in fields["cases"]
    )
    mistakes = tuple(
        Mistake(mistake["hint"], tuple(_answer_from(answer) for answer in mistake["answers"]))
        for mistake in fields["mistakes"]
    )
    comparator = _comparator_from(fields["comparator"])
    return PartCases(**{**fields, "cases": cases, "mistakes": mistakes, "comparator": comparator})


def _cases_from(fields: dict) -> ExerciseCases:
    parts = tuple(_part_from(part) for part in fields["parts"])
    return ExerciseCases(**{**fields, "parts": parts})
