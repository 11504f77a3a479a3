"""What `emergence.predicted_exact_match` accepts."""

import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part


def accuracies(draw: Draw, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return accuracies from 0.3 to 1."""
    return 0.3 + 0.7 * torch.rand(shape, generator=draw.generator, dtype=torch.float64).to(dtype)


def one_answer(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([0.5, 0.8]),), tries="an answer of two tokens"),
        Call((torch.tensor([0.9, 0.9, 0.9, 0.9]),), tries="four tokens of the same accuracy"),
        Call((torch.tensor([0.7]),), tries="a single token"),
        Call((accuracies(draw, draw.integer(3, 6)),), tries="another answer"),
        Call((torch.tensor([0.5, 0.0, 0.9]),), tries="a token that is never right"),
    ]


def several_models(draw: Draw) -> list[Call]:
    models, steps, length = draw.sizes(3)
    some = accuracies(draw, models, length)
    some[0, 0], some[-1] = 0.0, 1.0
    return [
        Call((accuracies(draw, models, length),), tries="several models"),
        Call((accuracies(draw, 1, length),), tries="a single model, in a batch"),
        Call((some,), tries="a token never right, and an answer always right"),
        Call((accuracies(draw, 5, 5),), tries="as many models as tokens"),
        Call((accuracies(draw, models, steps, length),), tries="models, steps and tokens"),
        Call((accuracies(draw, steps, length, dtype=torch.float64),), tries="float64"),
        Call((draw.scattered(accuracies(draw, models, length)),), tries="scattered in memory"),
        Call((accuracies(draw, steps, 1),), tries="answers of a single token"),
    ]


predicted_exact_match = Exercise(
    "emergence.predicted_exact_match",
    parts=[
        Part("one answer", 0.5, one_answer, public=True),
        Part("several models", 0.5, several_models),
    ],
)


@predicted_exact_match.misconception(
    "This is the average accuracy of a token. For a whole answer all of them have to be right at "
    "once: multiply."
)
def predicted_by_the_mean(accuracies):
    return accuracies.mean(dim=-1)


@predicted_exact_match.misconception(
    "The mean accuracy to the power of the length is right only where all positions have the same "
    "accuracy; multiply those that there are."
)
def predicted_by_the_mean_power(accuracies):
    return accuracies.mean(dim=-1) ** accuracies.shape[-1]


@predicted_exact_match.misconception(
    "This takes the accuracy of the weakest token. An answer is right less often than that, since "
    "the others can be wrong too."
)
def predicted_by_the_minimum(accuracies):
    return accuracies.amin(dim=-1)


@predicted_exact_match.misconception(
    "This is the chance that some token is right; all of them have to be."
)
def predicted_any(accuracies):
    return 1 - (1 - accuracies).prod(dim=-1)


@predicted_exact_match.misconception(
    "The product runs over all dimensions, or over the first; it has to run over the last one only."
)
def predicted_over_all(accuracies):
    return accuracies.prod()


@predicted_exact_match.misconception(
    "The product runs over all dimensions, or over the first; it has to run over the last one only."
)
def predicted_over_the_first(accuracies):
    return accuracies.prod(dim=0)


@predicted_exact_match.misconception(
    "These are running products; the one over all positions is asked for, the last of them."
)
def predicted_cumulative(accuracies):
    return accuracies.cumprod(dim=-1)


@predicted_exact_match.misconception(
    "Only the first accuracy is used, to the power of the length; every position has its own."
)
def predicted_from_the_first(accuracies):
    return accuracies[..., 0] ** accuracies.shape[-1]


@predicted_exact_match.misconception(
    "This is the geometric mean: the root of the product, which is the accuracy of a typical token."
)
def predicted_geometric_mean(accuracies):
    return accuracies.prod(dim=-1) ** (1 / accuracies.shape[-1])


@predicted_exact_match.misconception(
    "The result is float32 whatever the accuracies are; it has to have their dtype."
)
def predicted_in_float32(accuracies):
    return accuracies.float().prod(dim=-1)


@predicted_exact_match.alternative
def predicted_by_logarithms(accuracies):
    return accuracies.log().sum(dim=-1).exp()


@predicted_exact_match.alternative
def predicted_by_a_loop(accuracies):
    result = torch.ones_like(accuracies[..., 0])
    for position in range(accuracies.shape[-1]):
        result = result * accuracies[..., position]
    return result


@predicted_exact_match.alternative
def predicted_by_cumprod(accuracies):
    return torch.cumprod(accuracies, dim=-1)[..., -1]
