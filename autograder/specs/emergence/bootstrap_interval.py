"""What `emergence.bootstrap_interval` accepts."""

import functools
import itertools
import math
import statistics
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part, RandomInterval, Repeatable
from autograder.specs.emergence.seeded_generators import its_seed, seed, twice
from solutions import emergence as reference

# multiples of 1/32, so that sums are exact; their means take so many values that the ends of an
# interval scatter nearly normally
SKEWED = torch.tensor([0.0, 0.0625, 0.25, 0.40625, 0.53125, 1.03125, 4.1875])
SEVERAL = torch.tensor([3, 7, 18, 20, 31, 33, 42, 51, 70, 89, 115, 160]) / 32
STEPS = torch.tensor([-8.0, 1.0, 2.0, 4.0, 5.0, 40.0])
FEW = torch.tensor([2.0, 4.0, 16.0])


@functools.cache
def distribution_of_the_mean(values: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Return what the mean of a resample can be, ascending, and the probability to be no more."""
    sums = {0.0: 1.0}
    for _ in values:
        following: Counter[float] = Counter()
        for (total, chance), value in itertools.product(sums.items(), values):
            following[total + value] += chance / len(values)
        sums = following
    means = torch.tensor(sorted(sums), dtype=torch.float64) / len(values)
    chance = torch.tensor([sums[total] for total in sorted(sums)], dtype=torch.float64)
    return means, chance.cumsum(0).clamp(max=1)


def moments_of_rank(values: tuple[float, ...], resamples: int, rank: int) -> tuple[float, float]:
    """Return mean and deviation of the mean of a resample that comes at a rank, from 0."""
    means, below = distribution_of_the_mean(values)
    # at least rank + 1 of the resamples are no larger
    k = torch.arange(rank + 1, resamples + 1, dtype=torch.float64)
    n = torch.tensor(float(resamples), dtype=torch.float64)
    ways = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    logarithm = ways + torch.xlogy(k, below[:, None]) + torch.xlogy(n - k, 1 - below[:, None])
    cumulative = logarithm.exp().sum(1).clamp(max=1)
    cumulative[-1] = 1
    chance = cumulative.diff(prepend=torch.zeros(1, dtype=torch.float64)).clamp(min=0)
    mean = float((chance * means).sum() / chance.sum())
    variance = float((chance * (means - mean) ** 2).sum() / chance.sum())
    return mean, math.sqrt(variance)


@functools.cache
def moments_of_quantile(
    values: tuple[float, ...], resamples: int, share: float
) -> tuple[float, float]:
    """Return mean and, at most, deviation of a quantile of the means of resamples."""
    place = share * (resamples - 1)
    rank = min(math.floor(place), resamples - 1)
    weight = place - rank
    low = moments_of_rank(values, resamples, rank)
    high = moments_of_rank(values, resamples, min(rank + 1, resamples - 1))
    return tuple((1 - weight) * a + weight * b for a, b in zip(low, high, strict=True))


def ends(call: Call) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return mean and deviation of both ends of the interval that a call asks for."""
    given = dict(
        zip(("values", "generator", "confidence", "resamples"), call.arguments, strict=False)
    )
    given |= call.keywords
    values = tuple(given["values"].tolist())
    resamples, tail = given.get("resamples", 1_000), (1 - given.get("confidence", 0.95)) / 2
    return (
        moments_of_quantile(values, resamples, tail),
        moments_of_quantile(values, resamples, 1 - tail),
    )


def nothing_left_to_chance(draw: Draw) -> list[Call]:
    value = float(draw.normal(mean=5.0))
    return [
        Call((torch.tensor([3.0]), seed(draw)), tries="a single value"),
        Call((torch.full((4,), 0.5), seed(draw), 0.9, 20), tries="four equal values"),
        Call((torch.full((9,), value), seed(draw)), {"resamples": 7}, "nine equal values"),
        Call((torch.full((3,), -2.0, dtype=torch.float64), seed(draw), 0.5), tries="float64"),
    ]


def the_usual_interval(draw: Draw) -> list[Call]:
    return [
        *[Call((SKEWED, seed(draw)), tries="seven values, one of them large") for _ in range(20)],
        *[
            Call((SEVERAL.double(), seed(draw)), tries="twelve values, in float64")
            for _ in range(10)
        ],
    ]


def other_intervals(draw: Draw) -> list[Call]:
    return [
        *[
            Call((STEPS, seed(draw), 0.5, 200), tries="confidence 0.5, 200 resamples")
            for _ in range(30)
        ],
        *[
            Call((SKEWED, seed(draw)), {"confidence": 0.8, "resamples": 101}, "confidence 0.8")
            for _ in range(30)
        ],
    ]


def a_single_resample(draw: Draw) -> list[Call]:
    return [Call((FEW, seed(draw), 0.95, 1), tries="a single resample") for _ in range(60)]


def two_resamples(draw: Draw) -> list[Call]:
    tries = "two resamples, confidence 0.2"
    return [Call((FEW, seed(draw), 0.2, 2), tries=tries) for _ in range(150)]


bootstrap_interval = Exercise(
    "emergence.bootstrap_interval",
    parts=[
        Part("nothing left to chance", 0.5, nothing_left_to_chance, public=True),
        Part("the usual interval", 1.5, the_usual_interval, RandomInterval(), expect=ends),
        Part("other intervals", 0.5, other_intervals, RandomInterval(), expect=ends),
        Part("a single resample", 0.5, a_single_resample, RandomInterval(), expect=ends),
        Part("two resamples", 0.5, two_resamples, RandomInterval(), expect=ends),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, draw.normal(12), None, resamples=40),
            Repeatable(),
            expect=its_seed,
        ),
    ],
    equivalent={
        "1000 -> 2000 in def bootstrap_interval(values: Tensor, generator: torch.Generator, "
        "confidence: float=0.95, resamples: int=1000) -> tuple[float, float]: ...": "twice as many "
        "resamples give the same interval but for chance",
        "means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double)).tolist()"
        " -> means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double))": "tensors without "
        "dimensions are taken for numbers",
    },
    forbidden=("bootstrap",),
)


def resampled(values, generator, resamples, size=None, replacement=True):
    """Return resamples, one in each row."""
    if replacement:
        chosen = torch.randint(len(values), (resamples, size or len(values)), generator=generator)
    else:
        chosen = torch.rand(resamples, len(values), generator=generator).argsort(1)[:, :size]
    return values.double()[chosen]


def ends_of(means, low, high):
    return tuple(means.quantile(torch.tensor([low, high], dtype=torch.double)).tolist())


@bootstrap_interval.misconception(
    "Both tails are cut by 1 - confidence, so twice as much is lost. Half of it is cut on each "
    "side: (1 - confidence) / 2."
)
def interval_of_two_whole_tails(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples).mean(1)
    low, high = ends_of(means, 1 - confidence, confidence)
    return min(low, high), max(low, high)


@bootstrap_interval.misconception(
    "These are quantiles of the values. What is uncertain is their mean: take the quantiles of the "
    "means of many resamples."
)
def interval_of_the_values(values, generator, confidence=0.95, resamples=1_000):
    values = resampled(values, generator, resamples).flatten()
    tail = (1 - confidence) / 2
    return ends_of(values[:100_000], tail, 1 - tail)


@bootstrap_interval.misconception(
    "A value is drawn at most once. A resample as large as the original is then the original in "
    "another order, and always has the same mean: draw with replacement."
)
def interval_without_replacement(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples, replacement=False).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "The resamples are not as large as the original. The smaller they are the more their means "
    "scatter, so the interval has another width."
)
def interval_of_half_samples(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples, size=(len(values) + 1) // 2).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "As many values are drawn as there are resamples. Each resample has as many values as the "
    "original, and there are `resamples` of them."
)
def interval_of_large_samples(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, len(values), size=resamples).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "This is the normal approximation, mean ± z standard errors, which is symmetric even where the "
    "values are not. The percentile bootstrap takes its ends from the resamples."
)
def interval_by_the_normal(values, generator, confidence=0.95, resamples=1_000):
    values = values.double()
    mean = values.mean().item()
    error = values.std(correction=0).item() / math.sqrt(len(values))
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    return mean - z * error, mean + z * error


@bootstrap_interval.misconception(
    "This is the interval of the median; the mean of each resample is asked for."
)
def interval_of_the_median(values, generator, confidence=0.95, resamples=1_000):
    medians = resampled(values, generator, resamples).quantile(0.5, dim=1)
    tail = (1 - confidence) / 2
    return ends_of(medians, tail, 1 - tail)


@bootstrap_interval.misconception(
    "These are the smallest and the largest mean; the tails have to be cut."
)
def interval_uncut(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples).mean(1)
    return means.min().item(), means.max().item()


@bootstrap_interval.misconception(
    "The argument `confidence` is not used: 0.95 is only its default."
)
def interval_of_fixed_confidence(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, resamples=resamples)


@bootstrap_interval.misconception("The argument `resamples` is not used: 1,000 is its default.")
def interval_of_fixed_resamples(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, confidence)


@bootstrap_interval.misconception(
    "A quantile that falls between two means takes one of them; interpolate linearly, as "
    "`torch.quantile` does."
)
def interval_by_index(values, generator, confidence=0.95, resamples=1_000):
    means = sorted(resampled(values, generator, resamples).mean(1).tolist())
    tail = (1 - confidence) / 2
    return means[int(tail * resamples)], means[min(int((1 - tail) * resamples), resamples - 1)]


@bootstrap_interval.misconception(
    "The generator is not used, so a seed does not fix the interval: pass it on as "
    "`generator=generator`."
)
def interval_without_the_generator(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, torch.default_generator, confidence, resamples)


@bootstrap_interval.alternative
def interval_by_numpy(values, generator, confidence=0.95, resamples=1_000):
    numbers = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    array = values.double().numpy()
    means = numbers.choice(array, size=(resamples, len(array))).mean(axis=1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(means, [tail, 100 - tail])
    return low, high


@bootstrap_interval.alternative
def interval_by_counts(values, generator, confidence=0.95, resamples=1_000):
    n = len(values)
    even = torch.full((resamples, n), 1 / n)
    drawn = torch.multinomial(even, n, replacement=True, generator=generator)
    counts = F.one_hot(drawn, n).sum(1).to(values.dtype)
    means = (counts @ values / n).sort().values.tolist()

    def quantile(share):
        place = share * (resamples - 1)
        below = min(int(place), resamples - 1)
        above = min(below + 1, resamples - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)
