"""Comparators: when is an answer right, and if it is not, in what way is it wrong?

A comparator is a small frozen dataclass, so it can be written to a file. It never runs a student's
code: it sees plain values that have already crossed. What it says of a difference comes in two
parts, a message that gives no expected value away, and the numbers, for the parts that are public.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import torch

from autograder.checking.values import type_name


@dataclass(frozen=True)
class Difference:
    """What is wrong with a value, and the numbers that show it."""

    message: str
    numbers: str = ""


class Comparator(Protocol):
    """Compares what a function returned in the calls of one part with what is expected."""

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call that is wrong and how, or None if all are right."""

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions returned the same in all calls of the part."""


class CallByCall:
    """What comparators share that look at each call for itself."""

    items: tuple[int, ...]

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call that is wrong and how, or None if all are right."""
        for index, (right, value) in enumerate(zip(expected, found, strict=True)):
            difference = self._difference(right, value)
            if difference is not None:
                return index, difference
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions returned the same in all calls of the part."""
        return self.first_difference(one, other) is None

    def _difference(self, expected: Any, found: Any) -> Difference | None:
        if not self.items or not isinstance(expected, list | tuple):
            return _compare(expected, found, self.leaves)
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            return _compare(expected, found, self.leaves)
        # the other items count as right
        chosen = [found[i] if i in self.items else right for i, right in enumerate(expected)]
        return _compare(expected, chosen, self.leaves)

    def leaves(self, expected: torch.Tensor, found: torch.Tensor) -> Difference | None:
        """Return how two tensors of the same shape and dtype differ."""
        raise NotImplementedError


@dataclass(frozen=True)
class Close(CallByCall):
    """Floating point numbers agree up to rounding.

    The largest difference in a tensor is at most `relative` times the largest magnitude expected in
    it. There is no absolute tolerance: where zeros are expected, zeros must come. NaN and infinity
    are right only where they are expected. Shape and dtype must agree, integers and bools exactly.
    Of a result with several items only `items` are compared, if they are named. With `exact_zeros`,
    not even rounding may make something else of a zero that is expected.
    """

    relative: float = 1e-4
    items: tuple[int, ...] = ()
    exact_zeros: bool = False

    def leaves(self, expected: torch.Tensor, found: torch.Tensor) -> Difference | None:
        """Return how two tensors of the same shape and dtype differ."""
        if not expected.is_floating_point() and not expected.is_complex():
            return _exact_difference(expected, found)
        difference = _rounding_difference(expected, found, self.relative)
        if difference is None and self.exact_zeros:
            return _zeros_difference(expected, found)
        return difference


@dataclass(frozen=True)
class Same(CallByCall):
    """Values are equal, to the last bit; of several items those named in `items`, if any are."""

    items: tuple[int, ...] = ()

    def leaves(self, expected: torch.Tensor, found: torch.Tensor) -> Difference | None:
        """Return how two tensors of the same shape and dtype differ."""
        return _exact_difference(expected, found)


@dataclass(frozen=True)
class Frequencies:
    """What was drawn in all calls of the part is distributed as it should be.

    Expected of each call is the list of probabilities of the integers 0, 1, 2, ...; the function
    returns one integer or a tensor of them. Calls with the same probabilities count together. A
    right function fails with a probability below 6e-7 (5 sigma, both sides) for each of the
    integers, by Chernoff's bound on the binomial distribution, which also holds for rare ones:
    n KL(frequency || probability) <= 15.1.
    """

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call with a value that cannot be drawn, or else any wrong frequency."""
        drawn = [_integers(value) for value in found]
        for index, (value, row) in enumerate(zip(found, drawn, strict=True)):
            if row is None:
                return index, Difference(f"{_a_value(value)} was returned instead of integers")
        for distribution in dict.fromkeys(tuple(map(float, right)) for right in expected):
            calls = [i for i, right in enumerate(expected) if tuple(right) == distribution]
            difference = self._difference(distribution, torch.cat([drawn[i] for i in calls]))
            if difference is not None:
                return calls[0], difference
        return None

    def _difference(self, probabilities: Sequence[float], drawn: torch.Tensor) -> Difference | None:
        total = drawn.numel()
        if total == 0:
            return Difference("nothing was drawn")
        impossible = drawn[(drawn < 0) | (drawn >= len(probabilities))]
        if impossible.numel():
            number, largest = int(impossible[0]), len(probabilities) - 1
            return Difference(f"{number} was drawn, which is not between 0 and {largest}")
        counts = torch.bincount(drawn, minlength=len(probabilities)).tolist()
        # what hardly ever happens is the most telling
        for probability, number in sorted(zip(probabilities, itertools.count(), strict=False)):
            if unlikely(counts[number], total, probability):
                share = counts[number] / total
                often = "often" if share > probability else "rarely"
                return Difference(
                    f"in {total:,} draws, {number} came too {often} to be chance (5 sigma)",
                    f"{share:.4f} of the draws instead of {probability:.4f}",
                )
        return None

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same distribution (5 sigma)."""
        rows = [[_integers(value) for value in values] for values in (one, other)]
        if any(row is None for row in (*rows[0], *rows[1])):
            return False
        first, second = map(torch.cat, rows)
        n, m = first.numel(), second.numel()
        if not n or not m:
            return n == m
        numbers, places = torch.cat([first, second]).unique(return_inverse=True)
        counts = [
            torch.bincount(drawn, minlength=len(numbers)).double()
            for drawn in (places[:n], places[n:])
        ]
        pooled = (counts[0] + counts[1]) / (n + m)
        sigma = (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt()
        return bool(((counts[0] / n - counts[1] / m).abs() <= 5 * sigma + 1e-12).all())


@dataclass(frozen=True)
class Average:
    """The mean of what was drawn in all calls of the part is what it should be.

    Expected of each call is a pair, mean and standard deviation of one draw; the function returns a
    number or a tensor of independent draws. Calls with the same pair count together. The mean of n
    draws may be off by five times the standard deviation over the root of n (5 sigma: a right
    function fails once in 1.7 million).
    """

    sigmas: ClassVar[float] = 5.0

    def first_difference(
        self, expected: Sequence[Any], found: Sequence[Any]
    ) -> tuple[int, Difference] | None:
        """Return the first call with a value that is no number, or else a wrong mean."""
        for index, value in enumerate(found):
            if _numbers(value) is None:
                return index, Difference(f"{_a_value(value)} was returned instead of numbers")
        for moments in dict.fromkeys(tuple(map(float, right)) for right in expected):
            calls = [i for i, right in enumerate(expected) if tuple(right) == moments]
            difference = self._difference(*moments, [found[i] for i in calls])
            if difference is not None:
                return calls[0], difference
        return None

    def _difference(self, mean: float, deviation: float, found: Sequence[Any]) -> Difference | None:
        draws = torch.cat([_numbers(value) for value in found])
        if not draws.numel():
            return Difference("nothing was drawn")
        if not draws.isfinite().all():
            return Difference(_not_finite(torch.zeros_like(draws), draws))
        off = float(draws.mean()) - mean
        if abs(off) <= self.sigmas * deviation / math.sqrt(draws.numel()):
            return None
        return Difference(
            f"the mean of {draws.numel():,} draws is too {'large' if off > 0 else 'small'} "
            "to be chance (5 sigma)",
            f"{mean + off:.6g} instead of {mean:.6g}",
        )

    def alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Say whether two functions could have the same mean (5 sigma)."""
        if any(_numbers(value) is None for value in (*one, *other)):
            return False
        first = torch.cat([_numbers(value) for value in one])
        second = torch.cat([_numbers(value) for value in other])
        if first.numel() < 2 or second.numel() < 2:
            return torch.equal(first, second)
        variance = float(first.var() / first.numel() + second.var() / second.numel())
        return abs(float(first.mean() - second.mean())) <= self.sigmas * math.sqrt(variance)


FIVE_SIGMA = -math.log(5.733e-7 / 2)  # the negative logarithm of either tail's probability


def unlikely(count: int, total: int, probability: float) -> bool:
    """Say whether something came too often or too rarely in `total` draws to be chance (5 sigma).

    By Chernoff's bound on the binomial distribution, n KL(frequency || probability) <= 15.1.
    """
    return total > 0 and total * _divergence(count / total, probability) > FIVE_SIGMA


def structure_difference(expected: Any, found: Any) -> Difference | None:
    """Say how a value differs in structure, shape or dtype, whatever its numbers are."""
    return _compare(expected, found, lambda right, value: None)


LARGEST = 2**63 - 1
_INTEGER_DTYPES = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def _compare(expected: Any, found: Any, leaves: Any) -> Difference | None:
    """Compare what has one structure, leaf by leaf."""
    if found is None and expected is not None:
        return Difference("it returned None: is there a `return`?")
    if isinstance(expected, torch.Tensor):
        return _compare_tensors(expected, found, leaves)
    if isinstance(expected, np.ndarray):
        return _compare_arrays(expected, found, leaves)
    if isinstance(expected, dict):
        return _compare_dictionaries(expected, found, leaves)
    if isinstance(expected, list | tuple):
        return _compare_sequences(expected, found, leaves)
    if isinstance(expected, bool | int | float | complex | np.generic):
        return _compare_numbers(expected, found, leaves)
    if type(found) is not type(expected):
        return Difference(f"{_a_value(found)} instead of {_a_value(expected)}")
    if found != expected:
        return Difference("the value is wrong", f"{_short(found)} instead of {_short(expected)}")
    return None


def _compare_sequences(expected: Any, found: Any, leaves: Any) -> Difference | None:
    if not isinstance(found, list | tuple):
        items = f"a {type(expected).__name__} of {len(expected)}"
        return Difference(f"{_a_value(found)} instead of {items}")
    if len(found) != len(expected):
        return Difference(f"{len(found)} items instead of {len(expected)}")
    for index, (right, value) in enumerate(zip(expected, found, strict=True)):
        difference = _compare(right, value, leaves)
        if difference is not None:
            message = f"item {index} of the result: {difference.message}"
            return Difference(message, difference.numbers)
    return None


def _compare_dictionaries(expected: dict, found: Any, leaves: Any) -> Difference | None:
    if not isinstance(found, dict):
        return Difference(f"{_a_value(found)} instead of a dictionary")
    missing = [key for key in expected if key not in found]
    if missing:
        return Difference(
            f"{len(missing)} of {len(expected)} keys are missing", f"such as {_short(missing[0])}"
        )
    surplus = [key for key in found if key not in expected]
    if surplus:
        return Difference(
            f"{len(surplus)} keys do not belong there, such as {_short(surplus[0])}",
        )
    for key, right in expected.items():
        difference = _compare(right, found[key], leaves)
        if difference is not None:
            message = f"under the key {_short(key)}: {difference.message}"
            return Difference(message, difference.numbers)
    return None


def _compare_numbers(expected: Any, found: Any, leaves: Any) -> Difference | None:
    """Compare Python's own numbers; a tensor or array without dimensions is one as well."""
    right = expected.item() if isinstance(expected, np.generic) else expected
    if isinstance(found, torch.Tensor | np.ndarray | np.generic):
        if found.ndim:
            return Difference(f"{_a_value(found)} instead of a single {type(right).__name__}")
        found = found.item()
    if type(right) is float and type(found) is int:
        found = float(found) if abs(found) < 2**53 else math.inf
    if type(found) is not type(right):
        return Difference(f"{_a_value(found)} instead of a {type(right).__name__}")
    if type(right) is int or type(right) is bool:
        if found == right:
            return None
        return Difference("the value is wrong", f"{_short(found)} instead of {_short(right)}")
    dtype = torch.complex128 if type(right) is complex else torch.float64
    return leaves(torch.tensor(right, dtype=dtype), torch.tensor(found, dtype=dtype))


def _compare_arrays(expected: np.ndarray, found: Any, leaves: Any) -> Difference | None:
    if isinstance(found, torch.Tensor):
        return Difference("a torch.Tensor instead of a numpy array: `.numpy()` makes one of it")
    if not isinstance(found, np.ndarray):
        return Difference(f"{_a_value(found)} instead of a numpy array")
    if {expected.dtype.kind, found.dtype.kind} <= {"i", "u"}:
        found = found.astype(expected.dtype)
    return _compare_tensors(_as_tensor(expected), _as_tensor(found), leaves)


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)  # torch has no use for larger unsigned integers
    return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))


def _compare_tensors(expected: torch.Tensor, found: Any, leaves: Any) -> Difference | None:
    alone = isinstance(found, bool | int | float | np.generic)
    if expected.ndim == 0 and (alone or (isinstance(found, np.ndarray) and found.ndim == 0)):
        return _compare_numbers(expected.item(), found, leaves)
    if isinstance(found, np.ndarray):
        message = "a numpy array instead of a torch.Tensor: `torch.from_numpy` makes one of it"
        return Difference(message)
    if not isinstance(found, torch.Tensor):
        return Difference(f"{_a_value(found)} instead of a torch.Tensor")
    if found.shape != expected.shape:
        return _shape_difference(expected, found, leaves)
    if found.dtype in _INTEGER_DTYPES and expected.dtype in _INTEGER_DTYPES:
        found = found.to(expected.dtype)  # an integer is an integer
    if found.dtype != expected.dtype:
        return _dtype_difference(expected, found, leaves)
    return leaves(expected, found)


def _shape_difference(expected: torch.Tensor, found: torch.Tensor, leaves: Any) -> Difference:
    shapes = f"shape {_shape(found)} instead of {_shape(expected)}"
    if found.ndim == expected.ndim and sorted(found.shape) == sorted(expected.shape):
        for first in range(expected.ndim):
            for second in range(first + 1, expected.ndim):
                swapped = found.transpose(first, second)
                if swapped.shape == expected.shape and swapped.dtype == expected.dtype:
                    if leaves(expected, swapped) is None:
                        return Difference(
                            f"{shapes}: the values are right, "
                            f"but dimensions {first} and {second} are swapped"
                        )
                    return Difference(
                        f"{shapes}: are dimensions {first} and {second} swapped?",
                    )
        return Difference(f"{shapes}: the dimensions stand in another order")
    ones = "dimension of size 1"
    if [size for size in found.shape if size != 1] == [n for n in expected.shape if n != 1]:
        if found.ndim < expected.ndim:
            return Difference(f"{shapes}: a {ones} is missing (`unsqueeze`, or `[:, None]`)")
        return Difference(f"{shapes}: there is a {ones} too many (`squeeze`, or `keepdim`)")
    if found.numel() == expected.numel():
        return Difference(f"{shapes}: as many numbers, arranged another way")
    if found.ndim != expected.ndim:
        return Difference(f"{shapes}: {found.ndim} dimensions instead of {expected.ndim}")
    wrong = [dim for dim in range(expected.ndim) if found.shape[dim] != expected.shape[dim]]
    where = f"dimension {wrong[0]}" if len(wrong) == 1 else f"dimensions {wrong}"
    return Difference(f"{shapes}: look at {where}")


def _dtype_difference(expected: torch.Tensor, found: torch.Tensor, leaves: Any) -> Difference:
    names = f"dtype {_dtype(found)} instead of {_dtype(expected)}"
    # nearly right in another precision is still worth saying, so a coarse comparison will do
    same = not (expected.is_complex() or found.is_complex()) and not _rounding_difference(
        expected.double(), found.double(), 1e-3
    )
    values = "the values are right, but " if same else ""
    if expected.dtype is torch.bool:
        remedy = "a mask is bool, which a comparison such as `<` or `.bool()` gives"
    elif found.dtype is torch.bool:
        remedy = "a bool where numbers belong"
    elif expected.is_floating_point() and found.dtype is torch.float64:
        remedy = "numpy, `.double()` and float64 arguments make float64"
    elif expected.is_floating_point() and found.is_floating_point():
        remedy = "a tensor made inside needs the dtype of the arguments (`dtype=x.dtype`)"
    elif expected.is_floating_point():
        remedy = "real numbers are expected"
    else:
        remedy = "whole numbers are expected (`.long()`)"
    return Difference(f"{values}{names}: {remedy}")


def _exact_difference(expected: torch.Tensor, found: torch.Tensor) -> Difference | None:
    wrong = found != expected
    if expected.is_floating_point():
        wrong &= ~(found.isnan() & expected.isnan())
    if not wrong.any():
        return None
    if expected.dtype is torch.bool and wrong.all() and expected.numel() > 1:
        message = "every entry is the opposite of what it should be: which one means True?"
        return Difference(message, _example(expected, found, wrong))
    return Difference(
        _not_finite(expected, found)
        or _swapped(expected, found, torch.equal)
        or f"{_share(wrong)} wrong",
        _example(expected, found, wrong),
    )


def _rounding_difference(
    expected: torch.Tensor, found: torch.Tensor, relative: float
) -> Difference | None:
    if expected.is_complex():
        expected, found = torch.view_as_real(expected), torch.view_as_real(found)
    expected, found = expected.double(), found.double()
    finite = expected.isfinite()
    scale = _largest(expected[finite])
    # infinities and NaN must agree; what is finite may be off by rounding
    off = (found - expected).abs() > relative * scale
    odd = (found != expected) & ~(found.isnan() & expected.isnan())
    wrong = torch.where(finite & found.isfinite(), off, odd)
    if not wrong.any():
        return None

    def close(one: torch.Tensor, other: torch.Tensor) -> bool:
        return _largest(one - other) <= relative * scale

    return Difference(
        _not_finite(expected, found)
        or _factor(expected, found, close)
        or _swapped(expected, found, close)
        or f"{_share(wrong)} wrong",
        _example(expected, found, wrong),
    )


def _zeros_difference(expected: torch.Tensor, found: torch.Tensor) -> Difference | None:
    wrong = (expected == 0) & (found != 0)
    if not wrong.any():
        return None
    return Difference(
        f"{_share(wrong)} nearly 0, and should be exactly 0", _example(expected, found, wrong)
    )


def _largest(tensor: torch.Tensor) -> float:
    return float(tensor.abs().max()) if tensor.numel() else 0.0


def _not_finite(expected: torch.Tensor, found: torch.Tensor) -> str:
    if not expected.is_floating_point():
        return ""
    nan = found.isnan() & ~expected.isnan()
    if nan.any():
        return f"{_share(nan)} NaN, which 0 / 0 and inf - inf give"
    infinite = found.isinf() & expected.isfinite()
    if infinite.any():
        return f"{_share(infinite)} infinite: what overflows?"
    return ""


def _factor(expected: torch.Tensor, found: torch.Tensor, close: Any) -> str:
    """Say by what number all values are multiplied, if it is one and the same."""
    if not expected.isfinite().all() or not expected.any() or expected.numel() < 3:
        return ""
    if not found.any():
        return "all values are 0"
    factor = float((found * expected).sum() / (expected * expected).sum())
    if not close(found, factor * expected) or abs(factor) < 1e-3:
        return ""
    if abs(factor + 1) < 1e-3:
        return "every value has the wrong sign"
    return f"every value is {factor:.4g} times what it should be"


def _swapped(expected: torch.Tensor, found: torch.Tensor, same: Any) -> str:
    square = expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]
    if square and same(found.transpose(-1, -2), expected):
        return "rows and columns are swapped"
    return ""


def _share(wrong: torch.Tensor) -> str:
    count, total = int(wrong.sum()), wrong.numel()
    if total == 1:
        return "the value is"
    if count == total:
        return f"all {total} values are"
    return f"{count} of {total} values ({count / total:.0%}) {'is' if count == 1 else 'are'}"


def _example(expected: torch.Tensor, found: torch.Tensor, wrong: torch.Tensor) -> str:
    where = wrong.nonzero()[0].tolist()
    numbers = f"{_short(found[tuple(where)].item())} instead of "
    numbers += _short(expected[tuple(where)].item())
    return f"at [{', '.join(map(str, where))}] {numbers}" if where else numbers


def _integers(value: Any) -> torch.Tensor | None:
    """Return integers as one row of int64, which are fast to count; None for anything else.

    Those that int64 does not hold become others that no exercise draws.
    """
    if isinstance(value, torch.Tensor) and value.dtype in _INTEGER_DTYPES:
        return value.reshape(-1).long()
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iu":
        return torch.from_numpy(np.asarray(value).astype(np.int64).reshape(-1))
    if type(value) is int:
        value = [value]
    if isinstance(value, list | tuple) and all(type(item) is int for item in value):
        held = [item if -LARGEST <= item <= LARGEST else LARGEST for item in value]
        return torch.tensor(held, dtype=torch.int64)
    return None


def _numbers(value: Any) -> torch.Tensor | None:
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iuf":
        value = torch.from_numpy(np.asarray(value, dtype=np.float64))
    if type(value) in (int, float):
        value = torch.tensor(float(value))
    if not isinstance(value, torch.Tensor) or value.dtype is torch.bool or value.is_complex():
        return None
    return value.double().reshape(-1)


def _divergence(share: float, probability: float) -> float:
    """Return KL(share || probability) of two coins, in nats."""
    result = 0.0
    for p, q in ((share, probability), (1 - share, 1 - probability)):
        if p > 0:
            result += p * math.log(p / q) if q > 0 else math.inf
    return result


def _shape(tensor: torch.Tensor) -> str:
    return str(tuple(tensor.shape))


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _a_value(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {_shape(value)}"
    if isinstance(value, np.ndarray):
        return f"a numpy array of shape {value.shape}"
    name = type_name(value)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _short(value: Any) -> str:
    if type(value) is float:
        return f"{value:.5g}"
    if type(value) is int and abs(value) >= 10**30:
        return "a very large integer"
    if type(value) in (str, bytes):
        value = value[:60]
    text = repr(value) if type(value) in (str, bytes, bool, int, complex) else _a_value(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
