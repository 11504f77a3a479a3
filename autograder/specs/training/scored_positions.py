"""Targets of which some positions are scored, and what each position loses."""

import torch
from torch import Tensor

from autograder.spec import Draw


def uneven_targets(draw: Draw, batch: int, length: int, vocabulary: int) -> Tensor:
    """Return targets of which row i keeps i + 1, or as many as it has; the first and last id occur.

    A mean over rows of means over positions then differs from the mean over all that is kept.
    """
    targets = draw.integers(0, vocabulary - 1, batch, length)
    targets[0, 0], targets[-1, 0] = 0, vocabulary - 1
    for row in range(batch):
        targets[row, row + 1 :] = -100
    columns = torch.randperm(length, generator=draw.generator)
    return targets[:, columns]


def losses(logits, targets):
    """Return what each position loses, 0 where it is ignored, and which are kept."""
    kept = targets != -100
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return -logs * kept, kept
