"""Further solutions to `embeddings.negative_sampling_gradient`, right and wrong."""

import torch

from autograder.specs.embeddings.scored_vectors import scores
from solutions import embeddings as reference


def right__one_tensor(hidden, positive, negative):
    words = torch.cat([positive[:, None], negative], dim=1)
    labels = torch.zeros(words.shape[:2], dtype=hidden.dtype)
    labels[:, 0] = 1.0
    error = (torch.sigmoid((words * hidden[:, None]).sum(-1)) - labels) / hidden.shape[0]
    to_words = error[..., None] * hidden[:, None]
    return (error[..., None] * words).sum(1), to_words[:, 0], to_words[:, 1:]


def right__bmm(hidden, positive, negative):
    b = hidden.shape[0]
    p = 1 / (1 + torch.exp(-(hidden * positive).sum(1)))
    q = 1 / (1 + torch.exp(-torch.bmm(negative, hidden.unsqueeze(2)).squeeze(2)))
    d_hidden = (p - 1).unsqueeze(1) * positive + torch.bmm(q.unsqueeze(1), negative).squeeze(1)
    return d_hidden / b, (p - 1).unsqueeze(1) * hidden / b, q.unsqueeze(2) * hidden[:, None] / b


def right__list(hidden, positive, negative):
    size = len(hidden)
    minus = -torch.sigmoid(-torch.linalg.vecdot(hidden, positive))
    plus = torch.sigmoid(torch.linalg.vecdot(negative, hidden[:, None]))
    return [
        (minus[:, None] * positive + (plus[..., None] * negative).sum(dim=-2)) / size,
        minus[:, None] * hidden / size,
        torch.einsum("bn,bw->bnw", plus, hidden) / size,
    ]


def right__sigmoid_of_minus_the_score(hidden, positive, negative):
    count = hidden.shape[0]
    real = -torch.sigmoid(-torch.einsum("bw,bw->b", hidden, positive)) / count
    noise = torch.sigmoid(torch.einsum("bw,bkw->bk", hidden, negative)) / count
    of_hidden = real[:, None] * positive + torch.einsum("bk,bkw->bw", noise, negative)
    return of_hidden, real[:, None] * hidden, torch.einsum("bk,bw->bkw", noise, hidden)


def wrong__noise_summed_over_words(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    return first, second, third.sum(1)


def wrong__in_another_order(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    return second, first, third


def wrong__real_word_forgotten_in_hidden(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    error = torch.sigmoid((hidden * positive).sum(1, keepdim=True)) - 1
    return first - error * positive / len(hidden), second, third


def wrong__divided_by_width(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(len(hidden) * part / part.shape[-1] for part in found)


def wrong__squared_error(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    one, two = torch.sigmoid(real)[:, None] - 1, torch.sigmoid(noise)[..., None]
    one, two = 2 * one * one * (one + 1), 2 * two * two * (1 - two)
    batch = len(hidden)
    return (
        (one * positive + (two * negative).sum(1)) / batch,
        one * hidden / batch,
        two * hidden[:, None] / batch,
    )


def wrong__linear_scores(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    one, two = real[:, None] - 1, noise[..., None]
    batch = len(hidden)
    return (
        (one * positive + (two * negative).sum(1)) / batch,
        one * hidden / batch,
        two * hidden[:, None] / batch,
    )


def wrong__first_noise_word_only(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    rest = torch.zeros_like(third)
    rest[:, 0] = third[:, 0]
    return first, second, rest


def wrong__only_the_hidden_one(hidden, positive, negative):
    return reference.negative_sampling_gradient(hidden, positive, negative)[0]


def wrong__exp_overflows(hidden, positive, negative):
    def sigmoid(x):
        return x.exp() / (1 + x.exp())

    real = (sigmoid((hidden * positive).sum(-1)) - 1)[:, None] / len(hidden)
    noise = sigmoid(torch.einsum("bw,bkw->bk", hidden, negative))[..., None] / len(hidden)
    of_hidden = real * positive + (noise * negative).sum(1)
    return of_hidden, real * hidden, noise * hidden[:, None]
