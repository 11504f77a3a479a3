"""What the parts of a training recipe are worth: one small model, trained without each of them.

`python -m solutions.experiments.recipes` makes all trials anew.
"""

import functools
import sys
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from solutions.experiments.anew import main
from solutions.experiments.base_model import (
    VOCABULARY_SIZE,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
)
from solutions.experiments.loop import Recipe, token_loss, train, training_device
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.self_supervision import sample_batch
from solutions.transformer import Configuration, Transformer

CONFIGURATION = Configuration(
    vocabulary_size=VOCABULARY_SIZE, context_length=64, layers=2, width=32, heads=2
)
BATCH = 8
STRETCHES = 8  # of held-out text
SEEDS = (0, 1, 2)
WHOLE = Recipe(steps=150, peak=1e-2, warmup_steps=15)
VARIANTS = {
    "the whole recipe": WHOLE,
    "no warm-up": replace(WHOLE, warmup_steps=0),
    "no cosine: constant rate": replace(WHOLE, floor=WHOLE.peak),
    "no clipping": replace(WHOLE, maximum_norm=float("inf")),
    "ten times the rate": replace(WHOLE, peak=WHOLE.peak * 10),
}


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(CONFIGURATION),
        "recipes": {name: str(recipe) for name, recipe in VARIANTS.items()},
        "sizes": (BATCH, STRETCHES),
        "seeds": SEEDS,
    }


def _trial(variant: str, seed: int) -> Checkpoint:
    device, text = training_device(), stream("train")
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(CONFIGURATION, causal=True, generator=generator).to(device)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, BATCH, CONFIGURATION.context_length, generator)
        return token_loss(model(inputs.to(device)), targets.to(device))

    train(model, loss, VARIANTS[variant])
    held_out = excerpt(stream("validation"), STRETCHES)
    bits = measure_bits_per_byte(model, held_out, vocabulary().byte_lengths())
    return Checkpoint({}, {"bits": bits})


RUNS = {f"{variant}, seed {seed}": (variant, seed) for variant in VARIANTS for seed in SEEDS}
MADE_BY = {name: functools.partial(_trial, *run) for name, run in RUNS.items()}
TRAINING = Training(
    "recipes",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (_, seed) in RUNS.items() if seed == SEEDS[0]},
)


def trial(variant: str, seed: int) -> float:
    """Give the bits per byte of held-out text after training with one of `VARIANTS`.

    The seed decides the first weights and the batches; they are the same for all variants.
    """
    return trained(TRAINING)[f"{variant}, seed {seed}"].record["bits"]


if __name__ == "__main__":
    sys.exit(main(["recipes"]))
