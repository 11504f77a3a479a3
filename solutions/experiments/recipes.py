"""What the parts of a training recipe are worth: one small model, trained without each of them.

`python -m solutions.experiments.recipes` makes all trials anew and prints what came out.
"""

import argparse
import sys
from dataclasses import asdict, replace

import torch
from torch import Tensor

from solutions import tokenization, transformer
from solutions.experiments import loop
from solutions.experiments.base_model import (
    VOCABULARY_SIZE,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
)
from solutions.experiments.loop import Recipe, one_thread, token_loss, train, training_device
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, cached
from solutions.self_supervision import sample_batch
from solutions.training import learning_rate
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


def trial(variant: str, seed: int, *, remake: bool = False) -> float:
    """Train the small model with one of `VARIANTS`; bits per byte of held-out text afterwards.

    The seed decides the first weights and the batches; they are the same for all variants. What
    came out is kept in the cache.
    """
    settings = {
        "configuration": asdict(CONFIGURATION),
        "recipe": asdict(VARIANTS[variant]),
        "sizes": (BATCH, STRETCHES),
        "seed": seed,
        "device": training_device().type,
    }

    def make() -> Checkpoint:
        with one_thread():
            return Checkpoint({}, {"bits": _trial(VARIANTS[variant], seed)})

    parts = (learning_rate, sample_batch, excerpt, measure_bits_per_byte, _trial)
    made_by = (corpora, loop, tokenization, transformer, *parts)
    file = "recipe-" + variant.replace(":", "").replace(" ", "-") + f"-seed-{seed}"
    return cached(file, settings, made_by, make, remake=remake).record["bits"]


def _trial(recipe: Recipe, seed: int) -> float:
    device, text = training_device(), stream("train")
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(CONFIGURATION, causal=True, generator=generator).to(device)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, BATCH, CONFIGURATION.context_length, generator)
        return token_loss(model(inputs.to(device)), targets.to(device))

    train(model, loss, recipe)
    held_out = excerpt(stream("validation"), STRETCHES)
    return measure_bits_per_byte(model, held_out, vocabulary().byte_lengths())


def main() -> int:
    """Make every trial anew, or with `--keep` only those that are missing."""
    parser = argparse.ArgumentParser(
        prog="python -m solutions.experiments.recipes", description=__doc__
    )
    parser.add_argument("--keep", action="store_true", help="make only what is missing")
    remake = not parser.parse_args().keep
    for variant in VARIANTS:
        found = [trial(variant, seed, remake=remake) for seed in SEEDS]
        print(f"{variant}: {', '.join(f'{bits:.2f}' for bits in found)} bits per byte", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
