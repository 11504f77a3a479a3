"""Vectors of real and of noise words, and their scores."""

import torch

from autograder.spec import Draw


def vectors(draw: Draw, scale: float = 0.7, dtype: torch.dtype = torch.float32) -> tuple:
    """Return hidden, positive and negative vectors of unequal sizes.

    Scores stay below 7 or so: beyond, σ - 1 in float32 loses digits that the tolerance wants.
    """
    batch, negatives, width = draw.sizes(3, 2, 8)
    return (
        draw.normal(batch, width, scale=scale, dtype=dtype),
        draw.normal(batch, width, scale=scale, dtype=dtype),
        draw.normal(batch, negatives, width, scale=scale, dtype=dtype),
    )


def scores(hidden, positive, negative):
    """Return the scores of the real word and of the noise words."""
    return (hidden * positive).sum(-1), torch.einsum("bnw,bw->bn", negative, hidden)
