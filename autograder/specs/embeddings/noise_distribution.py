"""What `embeddings.noise_distribution` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part
from solutions import embeddings as reference


def counts(draw: Draw, size: int, most: int = 1000) -> Tensor:
    """Return random counts, the first of which is not the largest."""
    drawn = draw.integers(1, most, size)
    drawn[-1] = most
    return drawn


def noise_with_the_usual_power(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([1, 16, 81]),), tries="counts whose powers are 1, 8 and 27"),
        Call((counts(draw, draw.integer(4, 9)),), tries="random counts"),
        Call((torch.tensor([7]),), tries="a single word"),
        Call((torch.tensor([3, 0, 5, 0]),), tries="words that do not occur"),
        Call((counts(draw, 200, 10**6),), tries="many words, some very frequent"),
    ]


def noise_with_another_power(draw: Draw) -> list[Call]:
    return [
        Call((counts(draw, 5), 1.0), tries="power 1: the frequencies themselves"),
        Call((counts(draw, 6),), {"power": 0.5}, "power 0.5"),
        Call((counts(draw, 4, 50), 2.0), tries="power 2"),
        Call((torch.tensor([4, 0, 9]),), {"power": 0.25}, "power 0.25 and a count of 0"),
    ]


noise_distribution = Exercise(
    "embeddings.noise_distribution",
    parts=[
        Part("the usual power", 1, noise_with_the_usual_power, public=True),
        Part("another power", 1, noise_with_another_power),
    ],
)


@noise_distribution.misconception("These are the frequencies; the power is not used.")
def noise_by_frequency(counts, power=0.75):
    return (counts / counts.sum()).float()


@noise_distribution.misconception("All words are equally likely; their counts matter.")
def noise_uniform(counts, power=0.75):
    return torch.full((len(counts),), 1 / len(counts))


@noise_distribution.misconception(
    "The sum is taken before the power, so the result does not sum to 1: divide by the sum of the "
    "powers."
)
def noise_power_of_frequency(counts, power=0.75):
    return (counts / counts.sum()) ** power


@noise_distribution.misconception("The powers are not divided by their sum.")
def noise_without_a_sum(counts, power=0.75):
    return counts.float() ** power


@noise_distribution.misconception("The power is always 0.75; use the argument.")
def noise_with_a_fixed_power(counts, power=0.75):
    return reference.noise_distribution(counts)


@noise_distribution.misconception("This is a softmax; the powers are divided by their sum.")
def noise_by_softmax(counts, power=0.75):
    return torch.softmax(counts.float() ** power, dim=0)


@noise_distribution.misconception(
    "A word that does not occur gets a share as well, because 1 is added to the counts."
)
def noise_smoothed(counts, power=0.75):
    return reference.noise_distribution(counts + 1, power)


@noise_distribution.misconception(
    "These are running sums, which one draws from; the probability of each word is asked for."
)
def noise_cumulative(counts, power=0.75):
    return reference.noise_distribution(counts, power).cumsum(0)


@noise_distribution.alternative
def noise_by_pow(counts, power=0.75):
    return F.normalize(counts.float().pow(power), p=1, dim=0)


@noise_distribution.alternative
def noise_by_lists(counts, power=0.75):
    weights = [count**power for count in counts.tolist()]
    return torch.tensor([weight / sum(weights) for weight in weights])


@noise_distribution.alternative
def noise_by_logarithms(counts, power=0.75):
    return torch.softmax(power * counts.float().log(), dim=0)
