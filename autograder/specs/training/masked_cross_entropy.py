"""What `training.masked_cross_entropy` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.training.scored_positions import losses, uneven_targets
from solutions import training as reference


def all_kept(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 2, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    even = torch.zeros(3, 4)
    return [
        Call((even, torch.tensor([2, 0, 3])), tries="even logits over 4 tokens: log 4"),
        Call((draw.normal(1, vocabulary), torch.tensor([0])), tries="one target, the first id"),
        Call((draw.normal(length, vocabulary, scale=2), targets[0]), tries="a sequence"),
        Call((draw.normal(batch, length, vocabulary, scale=2), targets), tries="a batch"),
        Call((draw.normal(4, 4, 4), draw.integers(0, 3, 4, 4)), tries="all sizes equal"),
        Call((draw.normal(length, vocabulary, dtype=torch.float64), targets[1]), tries="float64"),
    ]


def some_ignored(draw: Draw) -> list[Call]:
    batch, vocabulary = draw.sizes(2, 3, 6)
    length = draw.integer(7, 9)
    targets = uneven_targets(draw, batch, length, vocabulary)
    logits = draw.normal(batch, length, vocabulary, scale=2)
    # the loss at what is ignored stands out
    loud = torch.where((targets == -100)[..., None], logits * 50, logits)
    one = targets.clone()
    one[1] = -100
    four = torch.stack([targets, one])
    return [
        Call((draw.normal(3, 4), torch.tensor([1, -100, 3])), tries="one of three is ignored"),
        Call((logits, targets), tries="sequences of which unequal numbers are kept"),
        Call((loud, targets), tries="large logits where the target is ignored"),
        Call((logits, one), tries="a sequence that is wholly ignored"),
        Call((torch.stack([loud, logits]), four), tries="logits of four dimensions"),
        Call((logits.double(), targets), tries="float64"),
    ]


def logits_of_any_size(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 3, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    targets[0, 1] = -100
    logits = draw.normal(batch, length, vocabulary, scale=2)
    # the model is sure, and wrong
    sure = torch.zeros(2, 5)
    sure[:, 1] = 400.0
    return [
        Call((logits + 200, targets), tries="all logits near 200: exp overflows above 88"),
        Call((logits - 200, targets), tries="all logits near -200: exp gives 0 below -104"),
        Call((sure, torch.tensor([3, 1])), tries="a logit of 400 on the wrong token"),
        Call((logits * 300, targets), tries="logits far apart"),
    ]


def all_ignored(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3)
    nothing = torch.full((batch, length), -100)
    return [
        Call((draw.normal(batch, length, vocabulary), nothing), tries="every target is -100"),
        Call((draw.normal(1, vocabulary), torch.tensor([-100])), tries="a single target, -100"),
        Call((draw.normal(length, vocabulary).double(), nothing[0]), tries="float64"),
    ]


masked_cross_entropy = Exercise(
    "training.masked_cross_entropy",
    parts=[
        Part("nothing ignored", 1, all_kept, public=True),
        Part("targets ignored", 1, some_ignored),
        Part("large logits", 0.5, logits_of_any_size),
        Part("everything ignored", 0.5, all_ignored),
    ],
    equivalent={
        "logits.sum() * 0.0 -> 0.0": "a number is as good as a tensor without dimensions",
        "-1 -> 1 in log_probabilities = logits[kept].log_softmax(dim=-1)": "`logits[kept]` has two "
        "dimensions, so the second is the last",
    },
    forbidden=("cross_entropy", "nll_loss", "CrossEntropyLoss", "NLLLoss"),
)


@masked_cross_entropy.misconception(
    "The sum is divided by the number of all targets; divide by the number of those that are kept."
)
def loss_over_all(logits, targets):
    return losses(logits, targets)[0].mean()


@masked_cross_entropy.misconception(
    "The mean is taken within each sequence first, then over sequences: a short answer then weighs "
    "as much as a long one. All kept targets weigh the same."
)
def loss_sequence_by_sequence(logits, targets):
    lost, kept = losses(logits, targets)
    return (lost.sum(-1) / kept.sum(-1).clamp(min=1)).mean()


@masked_cross_entropy.misconception("The losses are summed; their mean is asked for.")
def loss_summed(logits, targets):
    return losses(logits, targets)[0].sum()


@masked_cross_entropy.misconception(
    "Nothing is ignored: -100 is taken for a token, counted from the end or cut off to 0."
)
def loss_of_everything(logits, targets):
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1))
    return -logs.mean()


@masked_cross_entropy.misconception(
    "The id 0 is ignored as if it were padding; only -100 marks a position to leave out."
)
def loss_without_token_zero(logits, targets):
    return reference.masked_cross_entropy(logits, targets.masked_fill(targets == 0, -100))


@masked_cross_entropy.misconception(
    "If every target is -100 this gives NaN, 0 divided by 0; it has to give 0."
)
def loss_of_nothing_is_nan(logits, targets):
    lost, kept = losses(logits, targets)
    return lost.sum() / kept.sum()


@masked_cross_entropy.misconception(
    "Softmax first and log afterwards breaks down: a probability rounds to 0 and its logarithm is "
    "infinite. Take both in one stable step, such as `log_softmax` or `logsumexp`."
)
def loss_in_two_steps(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    chosen = logits[kept].softmax(-1).gather(-1, targets[kept].unsqueeze(-1))
    return -chosen.log().mean()


@masked_cross_entropy.misconception(
    "Softmax first and log afterwards breaks down: a probability rounds to 0 and its logarithm is "
    "infinite. Take both in one stable step, such as `log_softmax` or `logsumexp`."
)
def loss_unguarded(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    some = logits[kept]
    chosen = some.gather(-1, targets[kept].unsqueeze(-1)).squeeze(-1)
    return (some.exp().sum(-1).log() - chosen).mean()


@masked_cross_entropy.misconception(
    "A small number is added inside the logarithm. It caps the loss: where the model is sure and "
    "wrong, the loss grows with the logits."
)
def loss_capped(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    chosen = logits[kept].softmax(-1).gather(-1, targets[kept].unsqueeze(-1))
    return -(chosen + 1e-10).log().mean()


@masked_cross_entropy.misconception("The sign is turned: the loss is -log p, which is positive.")
def loss_negated(logits, targets):
    return -reference.masked_cross_entropy(logits, targets)


@masked_cross_entropy.misconception(
    "The loss is in bits; nats are asked for, the natural logarithm."
)
def loss_in_bits(logits, targets):
    return reference.masked_cross_entropy(logits, targets) / math.log(2)


@masked_cross_entropy.misconception("The logarithm is missing: -log p, not 1 - p.")
def loss_without_logarithm(logits, targets):
    lost, kept = losses(logits, targets)
    return ((1 - (-lost).exp()) * kept).sum() / kept.sum().clamp(min=1)


@masked_cross_entropy.alternative
def loss_by_torch(logits, targets):
    if (targets == -100).all():
        return torch.zeros((), dtype=logits.dtype)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


@masked_cross_entropy.alternative
def loss_by_sum_and_count(logits, targets):
    lost, kept = losses(logits, targets)
    return lost.sum() / max(int(kept.sum()), 1)


@masked_cross_entropy.alternative
def loss_by_logsumexp(logits, targets):
    kept = (targets != -100).to(logits.dtype)
    safe = torch.where(targets == -100, 0, targets)
    chosen = torch.take_along_dim(logits, safe[..., None], dim=-1)[..., 0]
    lost = (logits.logsumexp(-1) - chosen) * kept
    return lost.sum() / kept.sum().clamp(min=1.0)


@masked_cross_entropy.alternative
def loss_by_one_hot(logits, targets):
    kept = targets != -100
    if kept.sum() == 0:
        return torch.tensor(0.0).to(logits)
    wanted = F.one_hot(targets[kept], logits.shape[-1]).to(logits.dtype)
    return -(wanted * F.log_softmax(logits[kept], dim=-1)).sum(-1).mean()


@masked_cross_entropy.alternative
def loss_by_loops(logits, targets):
    rows = logits.flatten(0, -2).double()
    total, count = 0.0, 0
    for row, target in zip(rows, targets.flatten().tolist(), strict=True):
        if target == -100:
            continue
        shifted = row - row.max()
        total += float(shifted.exp().sum().log() - shifted[target])
        count += 1
    return torch.tensor(total / count if count else 0.0, dtype=logits.dtype)
