"""Tables of embeddings among which the nearest are looked for."""

import torch
from torch import Tensor

from autograder.spec import Draw


def table(draw: Draw, words: int, width: int) -> Tensor:
    """Return embeddings of very different lengths."""
    lengths = 10 ** torch.linspace(-1, 1, words)[torch.randperm(words, generator=draw.generator)]
    return draw.normal(words, width) * lengths[:, None]
