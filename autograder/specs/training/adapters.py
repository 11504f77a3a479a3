"""Low-rank adapters."""

import torch

from autograder.spec import Draw


def adapter(draw: Draw, outer: int, inner: int, rank: int, dtype=torch.float32) -> tuple:
    """Return weight, down, up and alpha; both summands of the merged weight are of one size."""
    weight = draw.normal(outer, inner, dtype=dtype)
    down, up = draw.normal(rank, inner, dtype=dtype), draw.normal(outer, rank, dtype=dtype)
    return weight, down, up, draw.integer(3, 9) + 0.5
