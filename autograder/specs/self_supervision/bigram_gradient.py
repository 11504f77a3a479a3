"""What `self_supervision.bigram_gradient` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from solutions import self_supervision as reference


def one_pair(draw: Draw) -> list[Call]:
    size = draw.integer(4, 7)
    return [
        Call(
            (torch.zeros(2, 2), torch.tensor([0]), torch.tensor([1])),
            tries="two tokens, equal logits, the pair (0, 1)",
        ),
        Call(
            (draw.normal(3, 3), torch.tensor([2]), torch.tensor([2])),
            tries="a pair of equal tokens",
        ),
        Call(
            (draw.normal(size, size, scale=2), draw.integers(0, size - 1, 1), torch.tensor([1])),
            tries="one pair in a larger table",
        ),
    ]


def different_inputs(draw: Draw) -> list[Call]:
    size, pairs = 8, draw.integer(3, 6)
    weights = draw.normal(size, size, scale=2)
    inputs = torch.tensor(draw.sizes(pairs, 0, size - 1))
    return [
        Call((weights, inputs, draw.integers(0, size - 1, pairs)), tries="inputs all different"),
        Call(
            (draw.normal(5, 5), torch.tensor(draw.sizes(5, 0, 4)), draw.integers(0, 4, 5)),
            tries="as many pairs as tokens",
        ),
        Call(
            (weights.double(), inputs, draw.integers(0, size - 1, pairs)), tries="float64 weights"
        ),
    ]


def repeated_inputs(draw: Draw) -> list[Call]:
    size = draw.integer(4, 6)
    weights = draw.normal(size, size, scale=2)
    often = torch.full((5,), draw.integer(0, size - 1))
    large = weights + torch.linspace(300, -300, size)[:, None]
    return [
        Call((weights, often[:2], torch.tensor([0, 1])), tries="one token before two others"),
        Call((weights, often, torch.full((5,), 2)), tries="the same pair five times"),
        Call((large, often[:3].new_tensor([0, 1, 0]), often[:3]), tries="weights in the hundreds"),
        Call(
            (weights, draw.integers(0, 2, 20), draw.integers(0, size - 1, 20)),
            tries="20 pairs, tokens that never come first",
        ),
        Call(
            (draw.scattered(weights), draw.integers(0, size - 1, 9), draw.integers(0, 1, 9)),
            tries="scattered in memory",
        ),
        Call(
            (weights.double(), draw.integers(0, size - 1, 200), draw.integers(0, size - 1, 200)),
            tries="200 pairs, float64",
        ),
    ]


bigram_gradient = Exercise(
    "self_supervision.bigram_gradient",
    parts=[
        Part("one pair", 1, one_pair, public=True),
        Part("different inputs", 1, different_inputs),
        Part("repeated inputs", 1, repeated_inputs),
    ],
    equivalent={
        "-1 -> 1 in difference = weights[inputs].softmax(dim=-1)": "of two dimensions the last is "
        "number 1",
    },
    forbidden=("backward", "grad", "autograd", "requires_grad", "requires_grad_", "cross_entropy"),
)


def differences(weights, inputs, targets):
    """Return for each pair the probabilities minus what was to come."""
    return weights[inputs].softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)


@bigram_gradient.misconception(
    "Where a token comes first in several pairs, only one of them is kept: `gradient[inputs] = "
    "...` and `gradient[inputs] += ...` write each row once. `index_add_`, `index_put_(..., "
    "accumulate=True)` or a loop add them up."
)
def gradient_of_the_last_pair(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    gradient[inputs] = differences(weights, inputs, targets) / len(inputs)
    return gradient


@bigram_gradient.misconception(
    "This is the sum over the pairs. The loss is their mean: divide by the number of pairs."
)
def gradient_summed(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, differences(weights, inputs, targets))


@bigram_gradient.misconception(
    "Each row is divided by how often its token came. The loss is the mean over all pairs, so all "
    "are divided by n."
)
def gradient_by_row(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    gradient.index_add_(0, inputs, differences(weights, inputs, targets))
    return gradient / torch.bincount(inputs, minlength=len(weights)).clamp(min=1)[:, None]


@bigram_gradient.misconception(
    "The sum is divided by the number of tokens in the vocabulary, not by the number of pairs."
)
def gradient_over_the_vocabulary(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, differences(weights, inputs, targets)) / len(weights)


@bigram_gradient.misconception(
    "The sign is wrong: it is the softmax minus one at the target. Against the gradient, the "
    "target's logit grows."
)
def gradient_negative(weights, inputs, targets):
    return -reference.bigram_gradient(weights, inputs, targets)


@bigram_gradient.misconception(
    "The one at the target is not subtracted: these are the probabilities alone."
)
def gradient_without_targets(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, weights[inputs].softmax(-1) / len(inputs))


@bigram_gradient.misconception(
    "Only the target's logit gets a gradient. The other tokens share in the softmax: theirs is "
    "their probability."
)
def gradient_at_targets_only(weights, inputs, targets):
    wanted = F.one_hot(targets, len(weights)).to(weights.dtype)
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(
        0, inputs, differences(weights, inputs, targets) * wanted / len(inputs)
    )


@bigram_gradient.misconception(
    "Every row gets a share, also those of tokens that come first in no pair; theirs is 0."
)
def gradient_everywhere(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    return weights.softmax(-1) - counts / len(inputs)


@bigram_gradient.misconception(
    "Inputs and targets are exchanged: row a, column b belongs to the pair (a, b)."
)
def gradient_exchanged(weights, inputs, targets):
    return reference.bigram_gradient(weights, targets, inputs)


@bigram_gradient.misconception(
    "The softmax runs down the columns; the logits after token a are the row a (`dim=-1`)."
)
def gradient_by_columns(weights, inputs, targets):
    difference = weights.softmax(0)[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, difference / len(inputs))


@bigram_gradient.misconception(
    "The derivative of the softmax is taken as well. In that of the cross-entropy it cancels: the "
    "softmax minus one at the target is all."
)
def gradient_of_a_squared_error(weights, inputs, targets):
    probabilities = weights[inputs].softmax(-1)
    slope = probabilities * (1 - probabilities)
    difference = differences(weights, inputs, targets) * slope
    return torch.zeros_like(weights).index_add_(0, inputs, difference / len(inputs))


@bigram_gradient.misconception(
    "The result is one row for each pair; add them into the rows of a table shaped like `weights`."
)
def gradient_for_each_pair(weights, inputs, targets):
    return differences(weights, inputs, targets) / len(inputs)


@bigram_gradient.misconception(
    "The weights themselves are changed. Only their gradient is asked for, in a tensor of its own."
)
def gradient_step(weights, inputs, targets):
    weights -= reference.bigram_gradient(weights, inputs, targets)
    return weights


@bigram_gradient.alternative
def gradient_by_autograd(weights, inputs, targets):
    weights = weights.clone().requires_grad_()
    F.cross_entropy(weights[inputs], targets).backward()
    return weights.grad


@bigram_gradient.alternative
def gradient_by_counts(weights, inputs, targets):
    size = len(weights)
    counts = torch.bincount(inputs * size + targets, minlength=size * size).reshape(size, size)
    counts = counts.to(weights.dtype)
    return (counts.sum(1, keepdim=True) * torch.softmax(weights, 1) - counts) / len(inputs)


@bigram_gradient.alternative
def gradient_pair_by_pair(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    for first, second in zip(inputs.tolist(), targets.tolist(), strict=True):
        row = torch.exp(weights[first] - weights[first].max())
        row = row / row.sum()
        row[second] -= 1
        gradient[first] += row / len(inputs)
    return gradient


@bigram_gradient.alternative
def gradient_by_matrices(weights, inputs, targets):
    first = F.one_hot(inputs, len(weights)).to(weights.dtype)
    return first.T @ differences(weights, inputs, targets) / inputs.numel()
