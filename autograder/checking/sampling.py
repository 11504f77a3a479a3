"""Comparators for functions that draw several things at once from a generator.

What is drawn together is compared together: whether inputs fit their targets, and whether one draw
depends on another, shows in no single number.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.checking.compare import Difference, structure_difference, unlikely
from autograder.checking.values import encode

Outcome = tuple[int, ...]
MANY_SHOWN = 24  # numbers of an outcome


@dataclass(frozen=True)
class Outcomes:
    """What is drawn in all calls of the part has the joint distribution that it should have.

    The function returns integer tensors of one shape, or a single one. An outcome is a tuple: what
    stands at one place in the last `dimensions` dimensions of all of them, one tensor after the
    other; the other dimensions are further draws. Of several tensors only `items` are looked at,
    if they are named.

    Expected of each call is a dictionary made by `chances`. Calls with the same chances count
    together. What has no chance must never come. A right function fails with a probability below
    6e-7 (5 sigma) for each of the outcomes, by Chernoff's bound as in `Frequencies`.
    """

    dimensions: int = 0
    items: tuple[int, ...] = ()

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call with an impossible outcome, or else any wrong frequency."""
        groups: list[tuple[int, dict, dict[Outcome, Counter[Outcome]]]] = []
        for index, (right, value) in enumerate(zip(expected, found, strict=True)):
            difference = _wrong_form(right, value)
            if difference is not None:
                return index, difference
            group = next((g for g in groups if g[1] == right["chances"]), None)
            if group is None:
                group = (index, right["chances"], {given: Counter() for given in right["chances"]})
                groups.append(group)
            for given, outcome, count in self._counted(value, right["given"]):
                if not group[1][given].get(outcome):
                    return index, _impossible(given, outcome)
                group[2][given][outcome] += count
        for index, chances, counts in groups:
            for given, probabilities in chances.items():
                difference = _improbable(given, probabilities, counts[given])
                if difference is not None:
                    return index, difference
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same distribution (5 sigma).

        Calls whose results have the same shape count together.
        """
        groups: dict[Any, tuple[Counter[Outcome], Counter[Outcome]]] = {}
        for values in zip(one, other, strict=True):
            if not self._comparable(*values):
                return False
            counts = groups.setdefault(_tensors(values[0])[0].shape, (Counter(), Counter()))
            for value, counter in zip(values, counts, strict=True):
                for _, outcome, count in self._counted(value, None):
                    counter[outcome] += count
        return all(_could_be_equal(*counts) for counts in groups.values())

    def _comparable(self, one: Any, other: Any) -> bool:
        first, second = _tensors(one), _tensors(other)
        if len(first) != len(second) or len(first) <= max(self.items, default=0):
            return False
        for tensor in (*first, *second):
            if not isinstance(tensor, torch.Tensor) or tensor.dtype.is_floating_point:
                return False
            if tensor.is_complex() or tensor.shape != first[0].shape:
                return False
        return first[0].ndim >= self.dimensions and first[0].numel() > 0

    def _counted(
        self, value: Any, given: torch.Tensor | None
    ) -> Iterator[tuple[Outcome, Outcome, int]]:
        """Return each outcome with what it was given, and how often it came."""
        tensors = _tensors(value)
        chosen = [tensors[i] for i in self.items] if self.items else list(tensors)
        if given is not None:
            chosen.insert(0, given)
        # the outcome's own dimensions as one, all others as another
        split = chosen[0].ndim - self.dimensions
        draws = math.prod(chosen[0].shape[:split])
        rows = torch.cat([tensor.long().reshape(draws, -1) for tensor in chosen], dim=1)
        width = 0 if given is None else rows.shape[1] // len(chosen)
        for row, count in Counter(map(tuple, rows.tolist())).items():
            yield row[:width], row[width:], count


def chances(
    items: int,
    shape: Sequence[int],
    probabilities: Mapping[Outcome, Mapping[Outcome, float]],
    given: torch.Tensor | None = None,
) -> dict[str, Any]:
    """Return what `Outcomes` expects of a call.

    Args:
        items: how many tensors the function returns.
        shape: the shape of each of them.
        probabilities: for what is given at a place, the chance of each outcome there.
        given: int64 of the same shape, what the function was given at each place. Without it all
            places are alike, and the only key of `probabilities` is ().
    """
    plain = {tuple(key): dict(value) for key, value in probabilities.items()}
    return {"items": items, "shape": tuple(shape), "given": given, "chances": plain}


@dataclass(frozen=True)
class Repeatable:
    """The result depends on the generator and on nothing else that is random.

    Expected of each call is a label. Calls with the same label, which get the same arguments and
    generators of the same seed, have to return the same; calls with another label have to return
    something else, so there must be enough to draw. The global generators are seeded differently
    before every call.
    """

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call that returns what it should not."""
        for (i, j), same in _equalities(found).items():
            if expected[i] == expected[j] and not same:
                return j, Difference(
                    "with a generator of the same seed something else came out: `generator` has to "
                    "be the only source of randomness"
                )
        for (i, j), same in _equalities(found).items():
            if expected[i] != expected[j] and same:
                return j, Difference(
                    "generators of different seeds gave the same: draw from `generator`, as it is"
                )
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether the same calls are equal in both."""
        return _equalities(one) == _equalities(other)


def _equalities(found: Sequence[Any]) -> dict[tuple[int, int], bool]:
    sent = [encode(value) for value in found]
    return {(i, j): sent[i] == sent[j] for j in range(len(sent)) for i in range(j)}


def _tensors(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _wrong_form(right: dict, value: Any) -> Difference | None:
    model = tuple(torch.zeros(right["shape"], dtype=torch.int64) for _ in range(right["items"]))
    return structure_difference(model[0] if len(model) == 1 else model, value)


def _could_be_equal(first: Counter[Outcome], second: Counter[Outcome]) -> bool:
    n, m = first.total(), second.total()
    for outcome in first.keys() | second.keys():
        pooled = (first[outcome] + second[outcome]) / (n + m)
        sigma = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        if abs(first[outcome] / n - second[outcome] / m) > 5 * sigma + 1e-12:
            return False
    return True


def _impossible(given: Outcome, outcome: Outcome) -> Difference:
    return Difference(
        "something was drawn that cannot come out", _described(given, outcome).removeprefix(", ")
    )


def _improbable(
    given: Outcome, probabilities: Mapping[Outcome, float], counts: Counter[Outcome]
) -> Difference | None:
    total = counts.total()
    # what hardly ever happens is the most telling
    for outcome, probability in sorted(probabilities.items(), key=lambda item: item[1]):
        if unlikely(counts[outcome], total, probability):
            share = counts[outcome] / total
            often = "often" if share > probability else "rarely"
            return Difference(
                f"in {total:,} draws an outcome came too {often} to be chance (5 sigma)",
                f"{share:.4f} of the draws instead of {probability:.4f}"
                + _described(given, outcome),
            )
    return None


def _described(given: Outcome, outcome: Outcome) -> str:
    if len(outcome) > MANY_SHOWN:
        return ""
    where = f" where {_listed(given)} stood" if given else ""
    return f", {_listed(outcome)}{where}"


def _listed(numbers: Outcome) -> str:
    return ", ".join(map(str, numbers))
