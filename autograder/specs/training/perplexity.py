"""What `training.perplexity` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.training.scored_positions import losses, uneven_targets
from solutions import training as reference


def even_guesses(draw: Draw) -> list[Call]:
    count = draw.integer(5, 40)
    one_of_two = torch.tensor([[0.0, 0.0, -200.0, -200.0]])
    two = torch.tensor([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]).log()
    return [
        Call((torch.zeros(3, 4), torch.tensor([2, 0, 3])), tries="even over 4 tokens: 4"),
        Call((torch.zeros(2, 3, count), draw.integers(0, count - 1, 2, 3)), tries="even over more"),
        Call((one_of_two, torch.tensor([1])), tries="even over 2 of 4 tokens: 2"),
        Call((two, torch.tensor([0, 1])), tries="one token in two, and one in four"),
    ]


def any_logits(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 3, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    logits = draw.normal(batch, length, vocabulary, scale=1.5)
    return [
        Call((draw.normal(1, vocabulary), torch.tensor([1])), tries="one target"),
        Call((logits[0], targets[0]), tries="a sequence"),
        Call((logits, targets), tries="a batch"),
        Call((logits.double(), targets), tries="float64"),
        Call((draw.normal(4, 4, 4), draw.integers(0, 3, 4, 4)), tries="all sizes equal"),
    ]


def some_not_scored(draw: Draw) -> list[Call]:
    batch, vocabulary = draw.sizes(2, 3, 6)
    length = draw.integer(7, 9)
    targets = uneven_targets(draw, batch, length, vocabulary)
    logits = draw.normal(batch, length, vocabulary, scale=1.5)
    loud = torch.where((targets == -100)[..., None], logits * 30, logits)
    one = targets.clone()
    one[1] = -100
    return [
        Call((draw.normal(3, 4), torch.tensor([1, -100, 3])), tries="one of three is left out"),
        Call((logits, targets), tries="sequences of which unequal numbers are kept"),
        Call((loud, targets), tries="large logits where the target is left out"),
        Call((logits, one), tries="a sequence that is wholly left out"),
    ]


def long_texts(draw: Draw) -> list[Call]:
    vocabulary = draw.integer(20, 40)
    targets = draw.integers(0, vocabulary - 1, 400)
    logits = draw.normal(400, vocabulary)
    return [
        Call((logits, targets), tries="400 targets: the product of their probabilities is 0"),
        Call((logits[:9] + 200, targets[:9]), tries="all logits near 200"),
        Call((logits[:9] - 200, targets[:9]), tries="all logits near -200"),
    ]


def nothing_scored(draw: Draw) -> list[Call]:
    length, vocabulary = draw.sizes(2)
    nothing = torch.full((length,), -100)
    return [
        Call((draw.normal(length, vocabulary), nothing), tries="every target is -100"),
        Call((draw.normal(2, vocabulary), torch.tensor([1, -100])), tries="all targets but one"),
    ]


perplexity = Exercise(
    "training.perplexity",
    parts=[
        Part("even guesses", 0.5, even_guesses, public=True),
        Part("any logits", 0.5, any_logits),
        Part("targets left out", 1, some_not_scored),
        Part("long texts, large logits", 0.5, long_texts),
        Part("no target", 0.5, nothing_scored),
    ],
    equivalent={
        "masked_cross_entropy(logits, targets).item() -> masked_cross_entropy(logits, targets)": (
            "`math.exp` takes a tensor without dimensions as well"
        ),
    },
)


def scored(logits, targets):
    """Return the losses of the kept targets, refusing what the contract refuses."""
    lost, kept = losses(logits, targets)
    if not kept.any():
        raise ValueError("no target")
    return lost[kept]


@perplexity.misconception("This is the cross-entropy; the perplexity is its exponential.")
def perplexity_without_exp(logits, targets):
    return float(scored(logits, targets).mean())


@perplexity.misconception(
    "The exponential of each loss is averaged. First the mean of the losses, then one exponential."
)
def perplexity_averaged(logits, targets):
    return float(scored(logits, targets).double().exp().mean())


@perplexity.misconception(
    "The losses are summed before the exponential: this is one over the probability of the whole "
    "text and grows with its length. Take their mean."
)
def perplexity_of_the_sum(logits, targets):
    return float(scored(logits, targets).double().sum().exp())


@perplexity.misconception(
    "2 is raised to a cross-entropy in nats. With the natural logarithm goes e, with bits goes 2."
)
def perplexity_base_two(logits, targets):
    return 2 ** float(scored(logits, targets).mean())


@perplexity.misconception(
    "Targets of -100 are counted in the mean; only those that are kept count."
)
def perplexity_over_all(logits, targets):
    scored(logits, targets)
    return math.exp(losses(logits, targets)[0].mean())


@perplexity.misconception("-100 is taken for a token instead of being left out.")
def perplexity_of_everything(logits, targets):
    scored(logits, targets)
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1))
    return math.exp(-logs.mean())


@perplexity.misconception(
    "Each sequence has its own perplexity here, and these are averaged. Take the mean loss of all "
    "kept targets, then one exponential."
)
def perplexity_sequence_by_sequence(logits, targets):
    scored(logits, targets)
    lost, kept = losses(logits, targets)
    some = kept.any(-1)
    return float((lost.sum(-1)[some] / kept.sum(-1)[some]).exp().mean())


@perplexity.misconception(
    "The probabilities are multiplied, and the product of many rounds to 0. Add their logarithms "
    "instead."
)
def perplexity_by_the_product(logits, targets):
    probabilities = (-scored(logits, targets)).exp()
    return float(probabilities.prod() ** (-1 / len(probabilities)))


@perplexity.misconception(
    "Softmax first and log afterwards, or exp without subtracting the largest logit, breaks down "
    "for large logits: use `log_softmax` or `logsumexp`."
)
def perplexity_unguarded(logits, targets):
    scored(logits, targets)
    kept = targets != -100
    chosen = logits.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return float((logits.exp().sum(-1).log() - chosen)[kept].mean().exp())


@perplexity.misconception("No target at all gives a number; it has to raise a ValueError.")
def perplexity_of_nothing(logits, targets):
    return math.exp(reference.masked_cross_entropy(logits, targets))


@perplexity.misconception("The sign is turned: this is one over the perplexity.")
def perplexity_upside_down(logits, targets):
    return math.exp(-float(scored(logits, targets).mean()))


@perplexity.alternative
def perplexity_by_torch(logits, targets):
    if (targets == -100).all():
        raise ValueError("nothing to score")
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)).exp()


@perplexity.alternative
def perplexity_by_bits(logits, targets):
    kept = targets != -100
    if kept.sum() == 0:
        raise ValueError
    logs = torch.log_softmax(logits[kept].double(), -1)[
        torch.arange(int(kept.sum())), targets[kept]
    ]
    return 2 ** (-logs.mean().item() / math.log(2))


@perplexity.alternative
def perplexity_by_geometric_mean(logits, targets):
    pairs = zip(logits.flatten(0, -2), targets.flatten().tolist(), strict=True)
    result, chosen = 1.0, [(row, target) for row, target in pairs if target != -100]
    if not chosen:
        raise ValueError("nothing to score")
    for row, target in chosen:
        result *= float(row.double().softmax(-1)[target]) ** (-1 / len(chosen))
    return result


@perplexity.alternative
def perplexity_by_logsumexp(logits, targets):
    flat, wanted = logits.flatten(end_dim=-2), targets.flatten()
    flat, wanted = flat[wanted >= 0], wanted[wanted >= 0]
    if not len(wanted):
        raise ValueError("no target")
    lost = flat.logsumexp(1) - flat[range(len(wanted)), wanted]
    return math.exp(float(lost.sum()) / len(wanted))
