"""Comparators for functions that draw an order, a split or an interval.

Much of what they return is free: any order may come, and rows of a table may stand anywhere. What
is not free is held in every call; the rest has to be as likely as it should be in all calls
together (5 sigma, by `unlikely` or, for the mean of numbers, by `Average`).
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from autograder.checking.compare import Average, Difference, structure_difference, unlikely
from autograder.checking.values import encode

SHORT = 5  # of so few items every order is counted
MIDDLE = 10  # of more, it is counted how far they went
BLOCKS = 4
MOST_SPLITS = 130


@dataclass(frozen=True)
class Shuffled:
    """Strings are returned in a random order, all orders being equally likely.

    Expected of each call are the strings it was given. The same ones must come back, each as often.
    Calls with the same strings count together: of up to five strings each order; of more than ten,
    which have to be given sorted and distinct, how many went from one quarter of the list to
    another, and how many moved on by up to a quarter, a half, ... of it, from the end around to the
    start. The first number is hypergeometric, so Chernoff's bound applies (Hoeffding 1963, section
    6); the second has the variance of the binomial, times n / (n - 1).
    """

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call with other strings, or else any order too frequent or too rare."""
        for index, (right, value) in enumerate(zip(expected, found, strict=True)):
            if not _strings(value):
                form = structure_difference(list(right), value)
                return index, form or Difference("a list of strings is expected")
            if Counter(value) != Counter(right):
                return index, _other_strings(right, value)
        for right in dict.fromkeys(tuple(right) for right in expected):
            calls = [i for i, other in enumerate(expected) if tuple(other) == right]
            difference = self._unlikely(right, [found[i] for i in calls])
            if difference is not None:
                return calls[0], difference
        return None

    def _unlikely(self, right: tuple[str, ...], found: Sequence[Any]) -> Difference | None:
        if len(right) <= SHORT:
            orders = math.factorial(len(right))
            for count in Counter(right).values():
                orders //= math.factorial(count)
            counts = Counter(tuple(value) for value in found)
            if any(unlikely(count, len(found), 1 / orders) for count in counts.values()):
                return _too("often", len(found), "one order")
            if len(counts) < orders and unlikely(0, len(found), 1 / orders):
                return _too("rarely", len(found), "one order")
            return None
        if len(right) <= MIDDLE:
            return None  # too many orders to count, and too few strings for quarters
        length = len(right)
        sizes = Counter(place * BLOCKS // length for place in range(length))
        moves = Counter(move for value in found for move in _moves(value))
        for (start, end), count in moves.items():
            total = length if start is None else sizes[start]
            if unlikely(count, total * len(found), sizes[end] / length):
                often = "often" if count / (total * len(found)) > sizes[end] / length else "rarely"
                what = f"a move from quarter {start} of the list to quarter {end}"
                if start is None:
                    what = f"a move onward by {end} to {end + 1} quarters of the list"
                return _too(often, len(found), what)
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same distribution (5 sigma)."""
        if not all(_strings(value) for value in (*one, *other)):
            return False
        if any(len(left) != len(right) for left, right in zip(one, other, strict=True)):
            return False
        return all(
            _same_frequencies(
                [self._features(value) for value in one if len(value) == length],
                [self._features(value) for value in other if len(value) == length],
            )
            for length in {len(value) for value in one}
        )

    def _features(self, value: Sequence[str]) -> Sequence[Hashable]:
        order = _moves(value) if len(value) > MIDDLE else [tuple(value)]
        return [*order, ("which", *sorted(value))]


@dataclass(frozen=True)
class RandomSplit:
    """Rows are dealt out to two tables at random, all splits being equally likely.

    Expected of each call are two tensors of rows, all different: the first table with as many rows
    as the first part has to get, the second with the others. Which rows stand where, and in which
    order, is free. Calls with the same tensors count together: where few splits are possible each
    of them, otherwise how often each row was in the first table.
    """

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call that is no split, or else any split too frequent or too rare."""
        for index, (right, value) in enumerate(zip(expected, found, strict=True)):
            difference = structure_difference(tuple(right), value) or _not_the_rows(right, value)
            if difference is not None:
                return index, difference
        groups: dict[bytes, list[int]] = {}
        for index, right in enumerate(expected):
            groups.setdefault(encode(tuple(right)), []).append(index)
        for calls in groups.values():
            difference = self._unlikely(expected[calls[0]], [found[i] for i in calls])
            if difference is not None:
                return calls[0], difference
        return None

    def _unlikely(self, right: Sequence[torch.Tensor], found: Sequence[Any]) -> Difference | None:
        chosen, others = map(len, right)
        splits = math.comb(chosen + others, chosen)
        counts: Counter[Hashable] = Counter()
        if splits <= MOST_SPLITS:
            counts.update(frozenset(_rows(value[0])) for value in found)
            outcomes, probability, what = splits, 1 / splits, "one split"
        else:
            counts.update(row for value in found for row in _rows(value[0]))
            outcomes, what = chosen + others, "one row in the first table"
            probability = chosen / outcomes
        for count in counts.values():
            if unlikely(count, len(found), probability):
                often = "often" if count / len(found) > probability else "rarely"
                return _too(often, len(found), what)
        if len(counts) < outcomes and unlikely(0, len(found), probability):
            return _too("rarely", len(found), what)
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same distribution (5 sigma)."""
        if not all(_two_tables(value) for value in (*one, *other)):
            return False
        return _same_frequencies(
            [list(self._features(value)) for value in one],
            [list(self._features(value)) for value in other],
        )

    def _features(self, value: Any) -> Iterator[Hashable]:
        if any(table.ndim != 2 for table in value):
            yield tuple(value[0].shape), tuple(value[1].shape)
            return
        first, second = map(_rows, value)
        yield tuple(value[0].shape), tuple(value[1].shape)
        yield frozenset(first)
        yield "a row twice", len(set(first + second)) < len(first + second)
        for number, rows in enumerate((first, second)):
            for row in set(rows):
                yield number, row


@dataclass(frozen=True)
class RandomInterval:
    """The two ends of an interval that is drawn have the means that they should have.

    Expected of each call are two pairs: mean and standard deviation of the lower end, then of the
    upper. Calls with the same ones count together, and each end is judged as by `Average`. An end
    without deviation may be off by rounding.
    """

    rounding: ClassVar[float] = 1e-4

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call that returns no interval, or else a wrong mean."""
        for index, (right, value) in enumerate(zip(expected, found, strict=True)):
            difference = structure_difference((0.0, 0.0), value)
            if difference is not None:
                return index, difference
            low, high = map(float, value)
            if not low <= high:
                return index, Difference("the lower end is not below the upper")
            for name, end, (mean, deviation) in zip(_ENDS, (low, high), right, strict=True):
                if deviation == 0 and abs(end - mean) > self.rounding * abs(mean):
                    return index, Difference(f"the {name} end is wrong", f"{end} instead of {mean}")
        laws = [tuple(tuple(map(float, pair)) for pair in right) for right in expected]
        for law in dict.fromkeys(laws):
            calls = [i for i, other in enumerate(laws) if other == law]
            for end, moments in enumerate(law):
                values = [float(found[i][end]) for i in calls]
                wrong = Average().first_difference([moments] * len(values), values)
                if wrong is not None and moments[1] > 0:
                    message = f"{_ENDS[end]} end: {wrong[1].message}"
                    return calls[0], Difference(message, wrong[1].numbers)
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same mean of both ends (5 sigma)."""
        if any(structure_difference((0.0, 0.0), value) for value in (*one, *other)):
            return False
        return all(
            Average().alike([float(v[end]) for v in one], [float(v[end]) for v in other])
            for end in range(len(_ENDS))
        )


_ENDS = ("lower", "upper")


def _strings(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(type(item) is str for item in value)


def _other_strings(right: Sequence[str], value: Sequence[str]) -> Difference:
    if len(value) != len(right):
        return Difference(f"{len(value)} strings instead of {len(right)}")
    return Difference("not the same strings, each as often as before")


def _moves(value: Sequence[str]) -> list[tuple[int | None, int]]:
    """Return for each string the quarter from which it came, and to which.

    With None in front follows how many quarters of the list it moved on, around the end.
    """
    length = len(value)
    came_from = {item: place for place, item in enumerate(sorted(value))}
    moves: list[tuple[int | None, int]] = []
    for place, item in enumerate(value):
        start = came_from[item]
        moves.append((start * BLOCKS // length, place * BLOCKS // length))
        moves.append((None, (place - start) % length * BLOCKS // length))
    return moves


def _rows(table: torch.Tensor) -> list[tuple[int, ...]]:
    return list(map(tuple, table.tolist()))


def _two_tables(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(table, torch.Tensor) for table in value)
    )


def _not_the_rows(
    right: Sequence[torch.Tensor], value: Sequence[torch.Tensor]
) -> Difference | None:
    wanted = {row for table in right for row in _rows(table)}
    rows = [row for table in value for row in _rows(table)]
    unknown = next((row for row in rows if row not in wanted), None)
    if unknown is not None:
        return Difference("a row does not belong there", str(unknown))
    if len(set(rows)) < len(rows):
        return Difference("a row stands in the tables twice, and another is missing")
    return None


def _too(often: str, calls: int, what: str) -> Difference:
    return Difference(f"in {calls:,} calls {what} came too {often} to be chance (5 sigma)")


def _same_frequencies(one: list[list[Hashable]], other: list[list[Hashable]]) -> bool:
    first = Counter(feature for features in one for feature in features)
    second = Counter(feature for features in other for feature in features)
    n, m = max(first.total(), 1), max(second.total(), 1)
    for feature in first.keys() | second.keys():
        pooled = (first[feature] + second[feature]) / (n + m)
        sigma = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        if abs(first[feature] / n - second[feature] / m) > 5 * sigma + 1e-12:
            return False
    return True
