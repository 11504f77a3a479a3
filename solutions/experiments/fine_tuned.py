"""What every fine-tuning of the base model begins with, is kept by, and is measured by."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch

from solutions import transformer
from solutions.experiments import fine_tuning, loop
from solutions.experiments.base_model import (
    CONFIGURATION,
    base_model,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
    weights_digest,
)
from solutions.experiments.loop import one_thread, training_device
from solutions.materials.checkpoints import Checkpoint, cached
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


def kept_run(
    name: str,
    settings: dict[str, Any],
    sources: Sequence[Any],
    run: Callable[[], Checkpoint],
    *,
    remake: bool = False,
) -> Checkpoint:
    """Return a run from the cache, making it first if it is missing or was made otherwise.

    Each run is kept by itself, so an interrupted series goes on where it stopped. A run depends
    on its settings, its sources, the base model's weights and the device it is made on.

    Args:
        name: what it is called in the cache.
        settings: as for `checkpoints.cached`.
        sources: modules and functions that decide the result, besides those used here.
        run: makes it; on one thread, and told on standard output.
        remake: make it in any case.
    """

    def make() -> Checkpoint:
        print(f"training: {name}", flush=True)
        with one_thread():
            return run()

    everything = {
        **settings,
        "base": weights_digest(base_model().model),
        "device": training_device().type,
    }
    made_by = (fine_tuning, loop, transformer, measure_bits_per_byte, excerpt, start_from)
    file = name.replace(",", "").replace(" ", "-").lower()
    return cached(file, everything, (*made_by, *sources), make, remake=remake)
