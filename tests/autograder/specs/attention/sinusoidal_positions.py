"""Further solutions to `attention.sinusoidal_positions`, right and wrong."""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference


def right__annotated_transformer(length, width, base=10_000.0):
    pe = torch.zeros(length, width)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, width, 2) * -(math.log(base) / width))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe


def right__numpy(length, width, base=10_000.0):
    angle = np.arange(length)[:, None] / np.power(base, (np.arange(width) // 2 * 2) / width)
    table = np.where(np.arange(width) % 2, np.cos(angle), np.sin(angle))
    return torch.from_numpy(table.astype(np.float32))


def right__column_by_column(length, width, base=10_000.0):
    p = torch.arange(length).float()
    columns = []
    for i in range(0, width, 2):
        columns += [torch.sin(p / base ** (i / width)), torch.cos(p / base ** (i / width))]
    return torch.stack(columns, dim=1)


def wrong__cosine_at_position_zero_only(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).sin()


def wrong__transposed(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).T


def wrong__degrees(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    angles = angles * math.pi / 180
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def wrong__two_pi(length, width, base=10_000.0):
    angles = 2 * math.pi * reference.position_angles(torch.arange(length), width, base)
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def wrong__base_thousand(length, width, base=1_000.0):
    return reference.sinusoidal_positions(length, width, base)


def wrong__float64(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).double()


def wrong__reversed_frequencies(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).flip(1)


def wrong__exponent_over_half_minus_one(length, width, base=10_000.0):
    exponents = torch.arange(width // 2) / max(width // 2 - 1, 1)
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def wrong__normalised(length, width, base=10_000.0):
    return F.normalize(reference.sinusoidal_positions(length, width, base), dim=-1)


def wrong__in_half_precision(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).half().float()
