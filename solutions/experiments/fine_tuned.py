"""What every fine-tuning of the base model begins with and is measured by."""

import copy
from typing import Literal

import torch

from solutions.experiments.base_model import (
    CONFIGURATION,
    base_model,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
)
from solutions.experiments.loop import training_device
from solutions.transformer import Transformer

SEEDS = (0, 1, 2)

Start = Literal["base model", "random weights"]


def start_from(start: Start, seed: int) -> Transformer:
    """Return a copy of the base model, or its configuration with random weights."""
    if start == "base model":
        model = copy.deepcopy(base_model().model)
    else:
        generator = torch.Generator().manual_seed(seed)
        model = Transformer(CONFIGURATION, causal=True, generator=generator)
    return model.to(training_device()).train()


def base_loss(model: Transformer) -> float:
    """Measure a model at what the base model was trained for: bits per byte, held out."""
    held_out = excerpt(stream("validation"))
    return measure_bits_per_byte(model, held_out, vocabulary().byte_lengths())
