"""What `embeddings.negative_sampling_loss` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.embeddings.scored_vectors import scores, vectors
from solutions import embeddings as reference


def one_example(draw: Draw) -> list[Call]:
    hidden, positive, negative = vectors(draw)
    zeros = torch.zeros_like(positive[:1]), torch.zeros_like(negative[:1])
    return [
        Call(
            (torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([[[0.5]]])), tries="numbers"
        ),
        Call((hidden[:1], *zeros), tries="output vectors of zeros: every score is 0"),
        Call((hidden[:1], positive[:1], negative[:1, :1]), tries="one example, one noise word"),
        Call((hidden[:1], positive[:1], negative[:1]), tries="one example, several noise words"),
    ]


def several_examples(draw: Draw) -> list[Call]:
    same = tuple(draw.normal(*shape, scale=0.7) for shape in ((4, 4), (4, 4), (4, 4, 4)))
    return [
        Call(vectors(draw), tries="a batch"),
        Call(
            tuple(draw.scattered(tensor) for tensor in vectors(draw)), tries="scattered in memory"
        ),
        Call(same, tries="all sizes equal"),
        Call(vectors(draw, dtype=torch.float64), tries="float64"),
    ]


def scores_far_from_zero(draw: Draw) -> list[Call]:
    hidden = draw.normal(3, 4).abs() + 1
    return [
        Call((hidden * 50, -hidden, hidden[:, None] * 2), tries="scores of several hundred, wrong"),
        Call((hidden * 1000, -hidden, hidden[:, None]), tries="scores of several thousand, wrong"),
        Call(
            (hidden * 20, hidden, torch.stack([-hidden, hidden], 1)),
            tries="large scores, half of them right",
        ),
    ]


negative_sampling_loss = Exercise(
    "embeddings.negative_sampling_loss",
    parts=[
        Part("one example", 1, one_example, public=True),
        Part("a batch", 1, several_examples),
        Part("large scores", 1, scores_far_from_zero),
    ],
)


@negative_sampling_loss.misconception(
    "The scores of noise words need a minus sign: log σ(-h·n), for they should be told to be noise."
)
def loss_without_the_minus(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(noise).sum(-1)).mean()


@negative_sampling_loss.misconception(
    "The losses of the noise words are averaged; for each example they are summed."
)
def loss_with_mean_noise(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).mean(-1)).mean()


@negative_sampling_loss.misconception(
    "The losses of the examples are summed; the mean over the batch is asked for."
)
def loss_summed(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative) * len(hidden)


@negative_sampling_loss.misconception("The sign is turned: a loss is small where it is right.")
def loss_negated(hidden, positive, negative):
    return -reference.negative_sampling_loss(hidden, positive, negative)


@negative_sampling_loss.misconception(
    "σ of a score far from 0 is 0 in the machine, and its logarithm infinite: use log σ in one "
    "stable step, such as `logsigmoid`."
)
def loss_overflows(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(torch.sigmoid(real).log() + torch.sigmoid(-noise).log().sum(-1)).mean()


@negative_sampling_loss.misconception(
    "σ of a score far from 0 is 0 in the machine, and its logarithm infinite: use log σ in one "
    "stable step, such as `logsigmoid`."
)
def loss_overflows_too(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(torch.sigmoid(real).log() + (1 - torch.sigmoid(noise)).log().sum(-1)).mean()


@negative_sampling_loss.misconception(
    "A small number is added inside the logarithm. It caps the loss: where a score is far on the "
    "wrong side, the loss grows with the score."
)
def loss_capped(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first = (torch.sigmoid(real) + 1e-10).log()
    return -(first + (torch.sigmoid(-noise) + 1e-10).log().sum(-1)).mean()


@negative_sampling_loss.misconception("The noise words are left out.")
def loss_without_noise(hidden, positive, negative):
    return -F.logsigmoid(scores(hidden, positive, negative)[0]).mean()


@negative_sampling_loss.misconception("The logarithm is missing: -log σ, not 1 - σ.")
def loss_without_logarithm(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return ((1 - torch.sigmoid(real)) + torch.sigmoid(noise).sum(-1)).mean()


@negative_sampling_loss.misconception(
    "This is a softmax over the real word and the noise words. Negative sampling makes one "
    "yes-or-no question of each: σ of each score by itself."
)
def loss_by_softmax(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    together = torch.cat([real[:, None], noise], dim=1)
    return -torch.log_softmax(together, dim=1)[:, 0].mean()


@negative_sampling_loss.alternative
def loss_by_softplus(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return (F.softplus(-real) + F.softplus(noise).sum(1)).mean()


@negative_sampling_loss.alternative
def loss_by_cross_entropy(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    together = torch.cat([real.unsqueeze(1), noise], dim=1)
    labels = torch.zeros_like(together)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(together, labels, reduction="sum") / len(hidden)


@negative_sampling_loss.alternative
def loss_by_loops(hidden, positive, negative):
    total = 0.0
    for example in range(len(hidden)):
        total = total - F.logsigmoid(hidden[example].dot(positive[example]))
        for word in negative[example]:
            total = total - F.logsigmoid(-hidden[example].dot(word))
    return total / len(hidden)


@negative_sampling_loss.alternative
def loss_by_logaddexp(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    zero = torch.zeros((), dtype=hidden.dtype)
    return torch.logaddexp(zero, -real).mean() + torch.logaddexp(zero, noise).sum(1).mean()
