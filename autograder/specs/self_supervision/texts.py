"""Texts of ids."""

import torch
from torch import Tensor

from autograder.spec import Draw

NOTHING = torch.empty(0, dtype=torch.int64)


def text(draw: Draw, length: int, vocabulary_size: int = 100) -> Tensor:
    """Return random ids, of which the first and the last but one are equal."""
    tokens = draw.integers(0, vocabulary_size - 1, length)
    if length > 3:
        tokens[-2] = tokens[0]
    return tokens


def different(draw: Draw, length: int) -> Tensor:
    """Return a text in which every id stands once."""
    return torch.tensor(draw.sizes(length, 0, 3 * length))
