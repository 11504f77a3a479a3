"""Further solutions to `embeddings.negative_sampling_loss`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.specs.embeddings.scored_vectors import scores
from solutions import embeddings as reference


def right__bmm(hidden, positive, negative):
    real = torch.bmm(hidden[:, None, :], positive[:, :, None])[:, 0, 0]
    noise = torch.bmm(negative, hidden[:, :, None])[:, :, 0]
    return -torch.mean(F.logsigmoid(real) + torch.sum(F.logsigmoid(-noise), dim=1))


def right__stable_by_hand(hidden, positive, negative):
    def minus_log_sigmoid(x):
        return torch.clamp(-x, min=0) + torch.log1p(torch.exp(-x.abs()))

    real = torch.einsum("bw,bw->b", hidden, positive)
    noise = torch.einsum("bw,bnw->bn", hidden, negative)
    return (minus_log_sigmoid(real).sum() + minus_log_sigmoid(-noise).sum()) / hidden.size(0)


def right__one_tensor(hidden, positive, negative):
    words = torch.cat([positive.unsqueeze(1), -negative], dim=1)
    return F.softplus(-(words @ hidden.unsqueeze(-1)).squeeze(-1)).sum(dim=-1).mean()


def right__binary_cross_entropy(hidden, positive, negative):
    words = torch.cat([positive[:, None], negative], 1)
    scores = torch.einsum("bw,bkw->bk", hidden, words)
    real = torch.zeros_like(scores)
    real[:, 0] = 1
    loss = F.binary_cross_entropy_with_logits(scores, real, reduction="sum")
    return loss / len(hidden)


def wrong__bits(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative) / 0.6931471805599453


def wrong__one_value_per_example(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).sum(1))


def wrong__mean_over_all_scores(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -torch.cat([F.logsigmoid(real)[:, None], F.logsigmoid(-noise)], 1).mean()


def wrong__cosines(hidden, positive, negative):
    return reference.negative_sampling_loss(
        F.normalize(hidden, dim=-1), F.normalize(positive, dim=-1), F.normalize(negative, dim=-1)
    )


def wrong__mean_noise_vector(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative.mean(1, keepdim=True))


def wrong__scaled_scores(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden / hidden.shape[1] ** 0.5, positive, negative)


def wrong__clamped_scores(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    real, noise = real.clamp(-6, 6), noise.clamp(-6, 6)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).sum(1)).mean()


def wrong__all_pairs_of_the_batch(hidden, positive, negative):
    real = hidden @ positive.T
    noise = torch.einsum("bw,cnw->bcn", hidden, negative)
    return -(F.logsigmoid(real).mean() + F.logsigmoid(-noise).mean((0, 1)).sum())


def wrong__python_float(hidden, positive, negative):
    loss = reference.negative_sampling_loss(hidden, positive, negative)
    return [float(loss)]


def wrong__logarithm_of_one_plus_exp(hidden, positive, negative):
    real = torch.log1p(torch.exp(-(hidden * positive).sum(-1)))
    noise = torch.log1p(torch.exp(torch.einsum("bw,bkw->bk", hidden, negative)))
    return (real + noise.sum(-1)).mean()
