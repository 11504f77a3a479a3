"""Grokking: a small transformer learns addition modulo a number, long after it knows its examples.

`grokking()` returns what was measured in all runs.
`python -m solutions.experiments.grokking` trains the models anew.
"""

import functools
import math
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.emergence import modular_addition, token_accuracy
from solutions.experiments.anew import main
from solutions.experiments.loop import Recipe, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Configuration, Transformer

MODULUS = 41
TRAINING_FRACTION = 0.45
CONFIGURATION = Configuration(
    context_length=2,
    layers=1,
    width=32,
    heads=4,
    vocabulary_size=MODULUS,
    feed_forward="relu",
    norm=None,
    biases=False,
    tied_output=False,
)
WEIGHT_DECAYS = (1.0, 0.0)
SEEDS = (0, 1, 2)
STEPS = 2_000
PEAK = 2e-2
OBSERVED_STEPS = range(0, STEPS + 1, 50)
STRONGEST = 5  # frequencies


@dataclass(frozen=True)
class Run:
    """What was measured of one model.

    Attributes:
        steps: updates made before each measurement.
        measured: from a name in `measure` to its values, one for each of `steps`.
    """

    steps: list[int]
    measured: dict[str, list[float]]


@dataclass(frozen=True)
class Grokking:
    """All runs, by weight decay and seed, and the seconds they took where they were made."""

    runs: dict[tuple[float, int], Run]
    seconds: float


def recipe(weight_decay: float) -> Recipe:
    """Return how a model is trained: the whole training table in every step, a constant rate."""
    return Recipe(STEPS, PEAK, 10, floor=PEAK, weight_decay=weight_decay, betas=(0.9, 0.98))


def sum_logits(model: Transformer, table: Tensor) -> Tensor:
    """Give the logits of each row's sum, read at the second summand, (rows, modulus)."""
    return model.logits(model.hidden_states(table[:, :2])[:, -1])


def weight_norm(model: Transformer) -> float:
    """Give the Euclidean norm of all parameters together."""
    return math.sqrt(sum(parameter.square().sum().item() for parameter in model.parameters()))


def frequency_share(embedding: Tensor, strongest: int) -> float:
    """Give the share of an embedding's power that lies in its strongest frequencies.

    The number n is row n. Each column is a wave over the numbers; its discrete Fourier transform
    says how much of it repeats once, twice ... around the circle of residues. A table of random
    numbers spreads its power over all frequencies; one made of a few sines and cosines does not.

    Args:
        embedding: (modulus, width), not all rows equal.
        strongest: how many frequencies to count.

    Source: Nanda et al. (2023), Progress Measures for Grokking via Mechanistic Interpretability,
        section 4.
    """
    power = torch.fft.rfft(embedding.double(), dim=0).abs().square().sum(dim=1)[1:]
    return (power.topk(strongest).values.sum() / power.sum()).item()


def measure(model: Transformer, training: Tensor, test: Tensor) -> dict[str, float]:
    """Measure accuracy on both tables, the norm of the weights and the share of frequencies."""
    of_training, of_test = (sum_logits(model, table) for table in (training, test))
    return {
        "training accuracy": token_accuracy(of_training.argmax(dim=-1), training[:, 2]),
        "test accuracy": token_accuracy(of_test.argmax(dim=-1), test[:, 2]),
        "training loss": F.cross_entropy(of_training, training[:, 2]).item(),
        "test loss": F.cross_entropy(of_test, test[:, 2]).item(),
        "weight norm": weight_norm(model),
        "frequency share": frequency_share(model.token_embedding.weight, STRONGEST),
    }


def train_one(weight_decay: float, seed: int) -> Run:
    """Train one model; the seed decides the split of the table and the first weights."""
    generator = torch.Generator().manual_seed(seed)
    training, test = modular_addition(MODULUS, TRAINING_FRACTION, generator)
    model = Transformer(CONFIGURATION, causal=True, generator=generator)

    def loss(model: Transformer, step: int) -> Tensor:
        return F.cross_entropy(sum_logits(model, training), training[:, 2])

    def observe(step: int) -> dict[str, float]:
        return measure(model, training, test)

    history = train(model, loss, recipe(weight_decay), observe, OBSERVED_STEPS)
    names = history.observations[0]
    return Run(history.steps, {name: history.column(name) for name in names})


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(CONFIGURATION),
        "recipes": [asdict(recipe(weight_decay)) for weight_decay in WEIGHT_DECAYS],
        "data": (MODULUS, TRAINING_FRACTION, SEEDS, STRONGEST),
        "observed": str(OBSERVED_STEPS),
    }


def _run(weight_decay: float, seed: int) -> Checkpoint:
    began = time.perf_counter()
    run = train_one(weight_decay, seed)
    return Checkpoint({}, {**asdict(run), "seconds": time.perf_counter() - began})


RUNS = {
    f"weight decay {weight_decay:g}, seed {seed}": (weight_decay, seed)
    for weight_decay in WEIGHT_DECAYS
    for seed in SEEDS
}
MADE_BY = {name: functools.partial(_run, *run) for name, run in RUNS.items()}
REPEATED = [name for name, (_, seed) in RUNS.items() if seed == SEEDS[0]]
TRAINING = Training(
    "grokking", _settings, MADE_BY, beginnings={name: MADE_BY[name] for name in REPEATED}
)


def grokking() -> Grokking:
    """Return what was measured in all runs."""
    shipped = trained(TRAINING)
    records = {RUNS[name]: dict(checkpoint.record) for name, checkpoint in shipped.items()}
    seconds = sum(record.pop("seconds") for record in records.values())
    return Grokking({run: Run(**record) for run, record in records.items()}, seconds)


if __name__ == "__main__":
    sys.exit(main(["grokking"]))
