"""Further solutions to `emergence.in_context_learning_score`, right and wrong."""

import math

import numpy as np
import torch

from solutions import emergence as reference


def right__mean_of_a_slice(losses, early, late):
    if early < 0 or early >= late or late > losses.shape[1] - 1:
        raise ValueError("bad positions")
    return torch.mean(losses[:, late : late + 1]) - torch.mean(losses[:, early : early + 1])


def right__item(losses, early, late):
    if early < 0 or not early < late or not late < losses.shape[-1]:
        raise ValueError("bad positions")
    return losses[:, late].mean().item() - losses[:, early].mean().item()


def right__matrix_product(losses, early, late):
    batch, length = losses.shape
    if not 0 <= early < late < length:
        raise ValueError
    sign = torch.zeros(length, dtype=losses.dtype)
    sign[late], sign[early] = 1, -1
    return (losses @ sign).sum() / batch


def right__numpy_scalar(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    array = losses.numpy()
    return np.float64(array[:, late].mean() - array[:, early].mean())


def wrong__absolute(losses, early, late):
    return reference.in_context_learning_score(losses, early, late).abs()


def wrong__relative(losses, early, late):
    score = reference.in_context_learning_score(losses, early, late)
    return score / losses[:, early].mean()


def wrong__perplexities(losses, early, late):
    return reference.in_context_learning_score(losses.exp(), early, late)


def wrong__in_bits(losses, early, late):
    return reference.in_context_learning_score(losses, early, late) / math.log(2)


def wrong__per_step(losses, early, late):
    return reference.in_context_learning_score(losses, early, late) / (late - early)


def wrong__median(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    return losses[:, late].median() - losses[:, early].median()


def wrong__second_half_minus_first(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    middle = losses.shape[1] // 2
    return losses[:, middle:].mean() - losses[:, :middle].mean()


def wrong__always_50_and_500(losses, early, late):
    early, late = min(early, 50), min(max(late, 500), losses.shape[1] - 1)
    return reference.in_context_learning_score(losses, early, late)


def wrong__allows_equal_positions(losses, early, late):
    if not 0 <= early <= late < losses.shape[1]:
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def wrong__index_error(losses, early, late):
    if early >= late or early < 0:
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def wrong__length_of_the_batch(losses, early, late):
    if not 0 <= early < late < losses.shape[1] or late >= 2 * len(losses):
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def wrong__swaps_positions(losses, early, late):
    early, late = min(early, late), max(early, late)
    return reference.in_context_learning_score(losses, early, late)


def wrong__keeps_a_dimension(losses, early, late):
    return reference.in_context_learning_score(losses, early, late)[None]
