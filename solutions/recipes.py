"""What the parts of a training recipe are worth: one small model, trained without each of them."""

from dataclasses import replace

import torch
from torch import Tensor

from solutions.base_model import (
    VOCABULARY_SIZE,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
)
from solutions.loop import Recipe, one_thread, token_loss, train, training_device
from solutions.self_supervision import sample_batch
from solutions.transformer import Configuration, Transformer

CONFIGURATION = Configuration(
    vocabulary_size=VOCABULARY_SIZE, context_length=64, layers=2, width=32, heads=2
)
BATCH = 8
STRETCHES = 8  # of held-out text
WHOLE = Recipe(steps=300, peak=1e-2, warmup_steps=30)
VARIANTS = {
    "the whole recipe": WHOLE,
    "no warm-up": replace(WHOLE, warmup_steps=0),
    "no cosine: constant rate": replace(WHOLE, floor=WHOLE.peak),
    "no clipping": replace(WHOLE, maximum_norm=float("inf")),
    "ten times the rate": replace(WHOLE, peak=WHOLE.peak * 10),
}


def trial(variant: str, seed: int) -> float:
    """Train the small model with one of `VARIANTS`; bits per byte of held-out text afterwards.

    The seed decides the first weights and the batches; they are the same for all variants.
    """
    device, text = training_device(), stream("train")
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(CONFIGURATION, causal=True, generator=generator).to(device)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, BATCH, CONFIGURATION.context_length, generator)
        return token_loss(model(inputs.to(device)), targets.to(device))

    with one_thread():
        train(model, loss, VARIANTS[variant])
        held_out = excerpt(stream("validation"), STRETCHES)
        return measure_bits_per_byte(model, held_out, vocabulary().byte_lengths())
