"""Further solutions to `attention.sliding_window_mask`, right and wrong."""

import torch

from solutions import attention as reference


def right__from_lists(length, window):
    return torch.tensor([[0 <= i - j < window for j in range(length)] for i in range(length)])


def right__sum_of_diagonals(length, window):
    mask = torch.zeros(length, length)
    for back in range(min(window, length)):
        mask += torch.diag(torch.ones(length - back), -back)
    return mask > 0


def right__exclusive_or(length, window):
    return (
        torch.tril(torch.ones(length, length)).bool()
        ^ torch.tril(torch.ones(length, length), diagonal=-window).bool()
    )


def right__clamped_distance(length, window):
    position = torch.arange(length)
    distance = position[:, None] - position
    return distance == distance.clamp(0, window - 1)


def wrong__first_rows_empty(length, window):
    mask = reference.sliding_window_mask(length, window)
    mask[: window - 1] = False
    return mask


def wrong__window_modulo_length(length, window):
    return reference.sliding_window_mask(length, max(window % length, 1))


def wrong__always_sees_the_first(length, window):
    mask = reference.sliding_window_mask(length, window)
    mask[:, 0] = True
    return mask


def wrong__half_window(length, window):
    return reference.sliding_window_mask(length, (window + 1) // 2)


def wrong__dilated(length, window):
    mask = reference.sliding_window_mask(length, window)
    distance = torch.arange(length)[:, None] - torch.arange(length)
    return mask & (distance % 2 == 0)


def wrong__slices_from_behind(length, window):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for query in range(length):
        mask[query, query - window + 1 : query + 1] = True
    return mask
