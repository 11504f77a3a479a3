"""What `self_supervision.cross_entropy` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part


def few_positions(draw: Draw) -> list[Call]:
    positions, size = draw.sizes(2, 3, 8)
    even = torch.zeros(2, 4)
    return [
        Call((even, torch.tensor([3, 0])), tries="four equally likely tokens: log 4"),
        Call((draw.normal(1, 3), torch.tensor([draw.integer(0, 2)])), tries="one position"),
        Call(
            (draw.normal(positions, size, scale=2), draw.integers(0, size - 1, positions)),
            tries=f"{positions} positions, {size} tokens",
        ),
        Call((draw.normal(5, 5, scale=2), draw.integers(0, 4, 5)), tries="as many as tokens"),
    ]


def batches_of_positions(draw: Draw) -> list[Call]:
    batch, length, more, size = draw.sizes(4, 2, 7)
    logits = draw.normal(batch, length, size, scale=2)
    targets = draw.integers(0, size - 1, batch, length)
    return [
        Call((logits, targets), tries="a batch of texts"),
        Call((draw.normal(4, 4, 4, scale=2), draw.integers(0, 3, 4, 4)), tries="sizes all equal"),
        Call(
            (
                draw.normal(batch, more, length, size, scale=2),
                draw.integers(0, size - 1, batch, more, length),
            ),
            tries="logits of four dimensions",
        ),
        Call((draw.scattered(logits), targets), tries="scattered in memory"),
        Call((logits.double(), targets), tries="float64"),
    ]


def extreme_logits(draw: Draw) -> list[Call]:
    length, size = draw.sizes(2, 3, 8)
    logits = draw.normal(length, size, scale=2)
    targets = draw.integers(0, size - 1, length)
    unlikely = draw.normal(length, size)
    unlikely[torch.arange(length), targets] -= 400
    levels = torch.linspace(-600, 600, length, dtype=torch.float64)[:, None]
    return [
        Call((logits + 500, targets), tries="logits near 500: exp overflows above 88"),
        Call((logits - 500, targets), tries="logits near -500: exp gives 0 below -104"),
        Call((unlikely, targets), tries="targets whose probability is e^-400"),
        Call((logits.double() * 1000, targets), tries="logits far apart, in float64"),
        Call((logits.double() + levels, targets), tries="rows at levels from -600 to 600"),
        Call((draw.normal(2, length, size, scale=300), targets.repeat(2, 1)), tries="in a batch"),
    ]


cross_entropy = Exercise(
    "self_supervision.cross_entropy",
    parts=[
        Part("a row of positions", 1, few_positions, public=True),
        Part("any dimensions", 1, batches_of_positions),
        Part("extreme logits", 1, extreme_logits),
    ],
    forbidden=("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"),
)


def surprises(logits, targets):
    """Return the surprise at every position."""
    return -logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]


@cross_entropy.misconception(
    "The probability is computed first and then its logarithm. It overflows or becomes 0 in the "
    "machine: work with log-probabilities, logits minus the logarithm of the sum of their "
    "exponentials, after the largest logit is subtracted."
)
def entropy_of_softmax(logits, targets):
    return -logits.softmax(-1).gather(-1, targets[..., None]).log().mean()


@cross_entropy.misconception(
    "A small number is added before the logarithm. It hides the infinity, but a probability of "
    "e^-400 then has a surprise of about 20 instead of 400."
)
def entropy_with_an_epsilon(logits, targets):
    return -(logits.softmax(-1).gather(-1, targets[..., None]) + 1e-9).log().mean()


@cross_entropy.misconception(
    "exp is taken of the logits as they are. It overflows above 88: subtract the largest logit of "
    "each position first."
)
def entropy_unguarded(logits, targets):
    chosen = logits.gather(-1, targets[..., None])[..., 0]
    return (logits.exp().sum(-1).log() - chosen).mean()


@cross_entropy.misconception(
    "The largest logit of all positions together is subtracted. A position far below it is lost: "
    "each needs its own largest (`dim=-1`)."
)
def entropy_of_a_global_maximum(logits, targets):
    shifted = logits - logits.max()
    chosen = shifted.gather(-1, targets[..., None])[..., 0]
    return (shifted.exp().sum(-1).log() - chosen).mean()


@cross_entropy.misconception("This is the sum over the positions; the mean is asked for.")
def entropy_summed(logits, targets):
    return surprises(logits, targets).sum()


@cross_entropy.misconception(
    "The sum over each text is averaged over the batch; the mean is over all positions."
)
def entropy_by_text(logits, targets):
    return surprises(logits, targets).sum(-1).mean()


@cross_entropy.misconception("The sign is wrong: surprise is minus the logarithm, so positive.")
def entropy_negative(logits, targets):
    return -surprises(logits, targets).mean()


@cross_entropy.misconception("These are bits; the natural logarithm gives nats.")
def entropy_in_bits(logits, targets):
    return surprises(logits, targets).mean() / math.log(2)


@cross_entropy.misconception(
    "The surprises are not averaged: one number for each position came out, not their mean."
)
def entropy_of_each_position(logits, targets):
    return surprises(logits, targets)


@cross_entropy.misconception(
    "The probabilities are averaged before the logarithm; average the surprises."
)
def entropy_of_the_mean(logits, targets):
    mean = -surprises(logits, targets)
    return math.log(mean.numel()) - mean.flatten().logsumexp(0)


@cross_entropy.misconception(
    "This is the entropy of the model's own distribution; the targets have to come in."
)
def entropy_without_targets(logits, targets):
    logs = logits.log_softmax(-1)
    return -(logs.exp() * logs).sum(-1).mean()


@cross_entropy.misconception(
    "The softmax runs over the wrong dimension: the tokens are the last one, whatever stands "
    "before."
)
def entropy_over_positions(logits, targets):
    return -logits.log_softmax(-2).gather(-1, targets[..., None]).mean()


@cross_entropy.misconception(
    "Only the logit of the target is used. Its softmax needs the sum over all tokens."
)
def entropy_unnormalized(logits, targets):
    return -logits.gather(-1, targets[..., None]).mean()


@cross_entropy.alternative
def entropy_by_torch(logits, targets):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


@cross_entropy.alternative
def entropy_by_log_softmax(logits, targets):
    return surprises(logits, targets).mean()


@cross_entropy.alternative
def entropy_by_logsumexp(logits, targets):
    rows = logits.flatten(0, -2)
    chosen = rows[torch.arange(len(rows)), targets.flatten()]
    return (torch.logsumexp(rows, dim=-1) - chosen).mean()


@cross_entropy.alternative
def entropy_by_loops(logits, targets):
    rows, total = logits.reshape(-1, logits.shape[-1]).tolist(), 0.0
    for row, target in zip(rows, targets.flatten().tolist(), strict=True):
        largest = max(row)
        total += math.log(sum(math.exp(x - largest) for x in row)) - (row[target] - largest)
    return torch.tensor(total / len(rows), dtype=logits.dtype)


@cross_entropy.alternative
def entropy_by_one_hot(logits, targets):
    one_hot = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    return -(one_hot * F.log_softmax(logits, dim=-1)).sum() / targets.numel()
