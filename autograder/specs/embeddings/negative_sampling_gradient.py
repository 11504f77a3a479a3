"""What `embeddings.negative_sampling_gradient` accepts."""

import torch

from autograder.spec import Call, Close, Draw, Exercise, Part
from autograder.specs.embeddings.scored_vectors import scores, vectors
from solutions import embeddings as reference


def gradients_of_one(draw: Draw) -> list[Call]:
    hidden, positive, negative = vectors(draw)
    zeros = torch.zeros_like(positive[:1]), torch.zeros_like(negative[:1])
    return [
        Call(
            (torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([[[0.5]]])), tries="numbers"
        ),
        Call((hidden[:1], positive[:1], negative[:1, :1]), tries="one example, one noise word"),
        Call((hidden[:1], *zeros), tries="output vectors of zeros"),
        Call((hidden[:1], positive[:1], negative[:1]), tries="one example, several noise words"),
    ]


def gradients_of_several(draw: Draw) -> list[Call]:
    same = tuple(draw.normal(*shape, scale=0.7) for shape in ((4, 4), (4, 4), (4, 4, 4)))
    hidden, positive, negative = vectors(draw, 12.0)
    # so that there are errors to learn from
    positive[0], negative[0, 0] = -hidden[0], hidden[0]
    return [
        Call(vectors(draw), tries="a batch"),
        Call((hidden, positive, negative), tries="scores of hundreds, and some of them wrong"),
        Call(same, tries="all sizes equal"),
        Call(
            tuple(draw.scattered(tensor) for tensor in vectors(draw)), tries="scattered in memory"
        ),
        Call(vectors(draw, 2.0, torch.float64), tries="float64, scores further from 0"),
    ]


negative_sampling_gradient = Exercise(
    "embeddings.negative_sampling_gradient",
    parts=[
        Part("one example", 1, gradients_of_one, public=True),
        Part("of the hidden vectors", 1, gradients_of_several, Close(items=(0,))),
        Part("of the real words", 1, gradients_of_several, Close(items=(1,))),
        Part("of the noise words", 1, gradients_of_several, Close(items=(2,))),
    ],
    forbidden=("backward", "grad", "requires_grad_", "jacobian"),
)


def gradient(hidden, positive, negative, real_error, noise_error):
    """Put together the gradients from the derivatives of the scores."""
    batch = len(hidden)
    real, noise = scores(hidden, positive, negative)
    first, second = real_error(real)[:, None], noise_error(noise)[..., None]
    return (
        (first * positive + (second * negative).sum(1)) / batch,
        first * hidden / batch,
        second * hidden[:, None] / batch,
    )


@negative_sampling_gradient.misconception(
    "These are the gradients of the sum; the loss is the mean over the batch."
)
def gradient_of_the_sum(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(len(hidden) * part for part in found)


@negative_sampling_gradient.misconception(
    "The signs are those of a step downhill. The gradient points uphill."
)
def gradient_downhill(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(-part for part in found)


@negative_sampling_gradient.misconception(
    "The derivative for the real word is σ - 1, not σ: its label is 1."
)
def gradient_without_label(hidden, positive, negative):
    return gradient(hidden, positive, negative, torch.sigmoid, torch.sigmoid)


@negative_sampling_gradient.misconception(
    "The derivative for a noise word is σ, not σ - 1: its label is 0."
)
def gradient_with_label_for_noise(hidden, positive, negative):
    return gradient(
        hidden, positive, negative, lambda x: torch.sigmoid(x) - 1, lambda x: torch.sigmoid(x) - 1
    )


@negative_sampling_gradient.misconception(
    "The noise words are missing in the gradient of the hidden vectors, which meet all of them."
)
def gradient_of_hidden_without_noise(hidden, positive, negative):
    _, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    real, _ = scores(hidden, positive, negative)
    return (torch.sigmoid(real) - 1)[:, None] * positive / len(hidden), second, third


@negative_sampling_gradient.misconception(
    "The noise words' part of the hidden vectors' gradient is averaged; it is summed."
)
def gradient_with_mean_noise(hidden, positive, negative):
    _, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    real, noise = scores(hidden, positive, negative)
    first = (torch.sigmoid(real) - 1)[:, None] * positive
    return (
        (first + (torch.sigmoid(noise)[..., None] * negative).mean(1)) / len(hidden),
        second,
        third,
    )


@negative_sampling_gradient.misconception(
    "σ is derived as σ (1 - σ). With the logarithm in front, one factor cancels: σ - 1 and σ are "
    "left."
)
def gradient_of_sigma(hidden, positive, negative):
    def slope(x):
        return torch.sigmoid(x) * (1 - torch.sigmoid(x))

    return gradient(hidden, positive, negative, lambda x: -slope(x), slope)


@negative_sampling_gradient.misconception(
    "Gradients are swapped: the gradient for one vector is a multiple of the other one."
)
def gradient_with_own_vectors(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first, second = (torch.sigmoid(real) - 1)[:, None], torch.sigmoid(noise)[..., None]
    batch = len(hidden)
    hidden_part = (first + second.sum(1)) * hidden
    return hidden_part / batch, first * positive / batch, second * negative / batch


@negative_sampling_gradient.misconception(
    "The gradients of the noise words are also divided by their number."
)
def gradient_divided_by_noise(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    # with one noise word this is right; the sum over several is what differs
    return first, second, third / negative.shape[1]


@negative_sampling_gradient.alternative
def gradient_by_autograd(hidden, positive, negative):
    arguments = [tensor.clone().requires_grad_() for tensor in (hidden, positive, negative)]
    reference.negative_sampling_loss(*arguments).backward()
    return tuple(argument.grad for argument in arguments)


@negative_sampling_gradient.alternative
def gradient_by_einsum(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first, second = -torch.sigmoid(-real) / len(real), torch.sigmoid(noise) / len(real)
    return (
        torch.einsum("b,bw->bw", first, positive) + torch.einsum("bn,bnw->bw", second, negative),
        torch.einsum("b,bw->bw", first, hidden),
        torch.einsum("bn,bw->bnw", second, hidden),
    )


@negative_sampling_gradient.alternative
def gradient_by_loops(hidden, positive, negative):
    parts = [torch.zeros_like(tensor) for tensor in (hidden, positive, negative)]
    for b in range(len(hidden)):
        error = torch.sigmoid(hidden[b] @ positive[b]) - 1
        parts[0][b] += error * positive[b]
        parts[1][b] = error * hidden[b]
        for n in range(negative.shape[1]):
            error = torch.sigmoid(hidden[b] @ negative[b, n])
            parts[0][b] += error * negative[b, n]
            parts[2][b, n] = error * hidden[b]
    return [part / len(hidden) for part in parts]
