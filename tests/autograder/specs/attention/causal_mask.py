"""Further solutions to `attention.causal_mask`, right and wrong."""

import math

import numpy as np
import torch

from solutions import attention as reference


def right__cumulative(length):
    return torch.eye(length).cumsum(dim=0).bool()


def right__numpy(length):
    return torch.from_numpy(np.tri(length, dtype=bool))


def right__indices(length):
    mask = torch.zeros((length, length), dtype=torch.bool)
    rows, columns = torch.tril_indices(length, length)
    mask[rows, columns] = True
    return mask


def right__from_infinities(length):
    return torch.full((length, length), -math.inf).triu(1) == 0


def wrong__three_by_three(length):
    return torch.ones(3, 3, dtype=torch.bool).tril()


def wrong__reversed_rows(length):
    return torch.ones(length, length, dtype=torch.bool).tril().flip(0)


def wrong__with_batch(length):
    return torch.ones(1, 1, length, length, dtype=torch.bool).tril()


def wrong__first_column_missing(length):
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    mask[1:, 0] = False
    return mask


def wrong__uint8(length):
    return torch.ones(length, length, dtype=torch.uint8).tril()


def wrong__nested_list(length):
    return [[j <= i for j in range(length)] for i in range(length)]


def wrong__only_two_back(length):
    return reference.sliding_window_mask(length, 6)
