"""Further solutions to `embeddings.noise_distribution`, right and wrong."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference


def right__torch_pow(counts, power=0.75):
    p = torch.pow(counts.to(torch.float32), power)
    return p / torch.sum(p)


def right__numpy(counts, power=0.75):
    p = counts.numpy().astype(np.float64) ** power
    return torch.tensor(p / p.sum(), dtype=torch.float32)


def right__frequencies_first(counts, power=0.75):
    frequency = counts / counts.sum()
    return frequency**power / (frequency**power).sum()


def right__softmax_of_logarithms(counts, power=0.75):
    return (power * counts.double().log()).softmax(0).float()


def wrong__float64(counts, power=0.75):
    return reference.noise_distribution(counts, power).double()


def wrong__power_of_the_result(counts, power=0.75):
    share = counts / counts.sum()
    return share**power / share.sum()


def wrong__three_quarters_of_the_count(counts, power=0.75):
    weights = power * counts
    return weights / weights.sum()


def wrong__inverse(counts, power=0.75):
    weights = torch.where(counts > 0, counts.float() ** -power, 0)
    return weights / weights.sum()


def wrong__clamped_at_one(counts, power=0.75):
    return reference.noise_distribution(counts.clamp(min=1), power)


def wrong__largest_is_one(counts, power=0.75):
    weights = counts.float() ** power
    return weights / weights.max()


def wrong__euclidean_norm(counts, power=0.75):
    return F.normalize(counts.float() ** power, dim=0)


def wrong__rounded_weights(counts, power=0.75):
    weights = (counts.float() ** power).round()
    return weights / weights.sum()
