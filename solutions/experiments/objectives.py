"""Masked against causal training: the same small transformer, the same text, the same compute.

The tokens are letters, so that a small model learns something in a short time and the counts of
neighbors say what is easy. Compute is counted in multiplications and additions, not in seconds, so
that it is the same on every machine. `python -m solutions.experiments.objectives` trains all models
anew.
"""

import functools
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from solutions.experiments import base_model
from solutions.experiments.anew import main
from solutions.experiments.loop import Recipe, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.self_supervision import (
    IGNORED,
    bigram_counts,
    bigram_probabilities,
    cross_entropy,
    mask_tokens,
    sample_batch,
)
from solutions.transformer import Configuration, Transformer

VOCABULARY_SIZE = 27  # the space and the letters a to z
MASK = VOCABULARY_SIZE  # the id of a hidden letter, after all others
CONFIGURATION = Configuration(
    vocabulary_size=VOCABULARY_SIZE + 1,
    context_length=64,
    layers=2,
    width=64,
    heads=4,
    norm="rms",
    positions="rotary",
)
BATCH = 32
STEPS = 300  # of the objective that takes the most compute a step
SEEDS = (0, 1, 2)
HIDDEN = (8, 24, 40, 56)  # which tokens of a window are to be guessed from both sides
WINDOWS = 500  # that are measured on
POINTS = 4  # measurements in a run


@dataclass(frozen=True)
class Objective:
    """What a model is trained to guess.

    Attributes:
        causal: the next token, from those before it; otherwise hidden tokens, from both sides.
        rate: the share of positions that have a label.
    """

    causal: bool
    rate: float


OBJECTIVES = {
    "causal": Objective(causal=True, rate=1.0),
    "masked": Objective(causal=False, rate=0.15),
    "causal, few labels": Objective(causal=True, rate=0.15),
}


@dataclass(frozen=True)
class Run:
    """One trained model and how it came about.

    Attributes:
        model: in evaluation mode.
        compute: operations until each measurement.
        next_token: nats per token, guessing a text's next token from those before it.
        hidden_token: nats per token, guessing a letter within a text, from what the model can see.
        labels: how many labels it was trained on, in the mean.
        tokens: how many tokens it read.
    """

    model: Transformer
    compute: list[float]
    next_token: list[float]
    hidden_token: list[float]
    labels: float
    tokens: int


def letters(text: str) -> list[int]:
    """Turn text into 1 to 26 for its letters, large or small, and 0 for any run of other signs."""
    return [max(0, ord(sign) - 96) for sign in re.sub("[^a-z]+", " ", text.lower())]


def operations(configuration: Configuration, rate: float) -> float:
    """Count the multiplications and additions of training on one position, backward pass included.

    Two for each weight a position meets, and as many again twice for the backward pass; the output
    counts only at the share of positions that have a label. Norms and softmax are left out.

    Source: Kaplan et al. (2020), section 2.1, with attention's own part for the whole context.
    """
    width = configuration.width
    weights = configuration.layers * 12 * width**2
    attention = configuration.layers * 2 * width * configuration.context_length
    return 6 * (weights + attention + rate * width * configuration.vocabulary_size)


def steps(objective: Objective) -> int:
    """Return how many updates an objective gets for the compute that all have."""
    most = max(operations(CONFIGURATION, other.rate) for other in OBJECTIVES.values())
    return round(STEPS * most / operations(CONFIGURATION, objective.rate))


def training_loss(
    model: Transformer, text: Tensor, objective: Objective, generator: torch.Generator
) -> Tensor:
    """Draw a batch and return the loss at the positions that have a label.

    The output is computed at those positions only.
    """
    inputs, targets = sample_batch(text, BATCH, CONFIGURATION.context_length, generator)
    if objective.causal:
        dropped = torch.rand(targets.shape, generator=generator) >= objective.rate
        targets = targets.masked_fill(dropped, IGNORED)
    else:
        inputs, targets = mask_tokens(inputs, MASK, VOCABULARY_SIZE, generator, objective.rate)
    labeled = targets != IGNORED
    return cross_entropy(model.logits(model.hidden_states(inputs)[labeled]), targets[labeled])


@torch.no_grad()
def measure(model: Transformer, windows: Tensor) -> tuple[float, float]:
    """Measure a model, causal or not, on two tasks, each the same tokens for every model.

    The next token: the last of the first half of each window, from those before it. A model that
    is not causal is given a mask in its place, as the last token of its text.

    A hidden token: those at the positions `HIDDEN`. A causal model sees what stands before each, a
    masked one all of the window but these.

    Args:
        model: trained by one of `OBJECTIVES`.
        windows: (windows, context_length).

    Returns:
        Nats per token on the two tasks.
    """
    half = windows[:, : windows.shape[1] // 2]
    wanted = [half[:, -1], windows[:, HIDDEN]]
    if model.causal:
        given = [half[:, :-1], windows]
        places = [-1, [position - 1 for position in HIDDEN]]
    else:
        given, places = [half.clone(), windows.clone()], [-1, list(HIDDEN)]
        for tokens, place in zip(given, places, strict=True):
            tokens[:, place] = MASK
    losses = []
    for tokens, place, targets in zip(given, places, wanted, strict=True):
        parts = [model.hidden_states(some)[:, place] for some in tokens.split(100)]
        losses.append(cross_entropy(model.logits(torch.cat(parts)), targets).item())
    return losses[0], losses[1]


def read(documents: Iterable[str]) -> Tensor:
    """Return documents as one text of letters, int64 (n,)."""
    return torch.tensor(letters(" ".join(documents)))


@functools.cache
def texts() -> tuple[Tensor, Tensor]:
    """Return the training text, (n,), and held-out windows, (windows, context_length)."""
    held_out = read(base_model.documents("validation"))
    length = CONFIGURATION.context_length
    starts = torch.linspace(0, len(held_out) - length, WINDOWS).long()
    windows = held_out[starts[:, None] + torch.arange(length)]
    return read(base_model.documents("train")), windows


def counted() -> dict[str, float]:
    """Return what counting gives on the hidden letters, in nats per letter.

    Three tables of counts of the training text: how frequent each letter is, what follows the
    letter before, and what stands between two letters (with 0.1 added to every count).
    """
    text, windows = texts()
    hidden, size = list(HIDDEN), VOCABULARY_SIZE
    before, wanted = windows[:, [place - 1 for place in hidden]], windows[:, hidden]
    after = windows[:, [place + 1 for place in hidden]]
    frequency = (torch.bincount(text, minlength=size) / len(text)).expand(size, size)
    between = torch.bincount((text[:-2] * size + text[2:]) * size + text[1:-1], minlength=size**3)
    smoothed = between.view(size * size, size) + 0.1
    tables = {
        "frequencies": (frequency, before),
        "the letter before": (bigram_probabilities(bigram_counts(text, size)), before),
        "both neighbors": (smoothed / smoothed.sum(dim=1, keepdim=True), before * size + after),
    }
    return {
        name: cross_entropy(table.log()[rows], wanted).item()
        for name, (table, rows) in tables.items()
    }


def untrained(seed: int, *, causal: bool) -> Transformer:
    """Return the model before training, the control of its features."""
    generator = torch.Generator().manual_seed(seed)
    return Transformer(CONFIGURATION, causal=causal, generator=generator).eval()


def _train(objective: Objective, seed: int) -> Checkpoint:
    text, windows = texts()
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(CONFIGURATION, causal=objective.causal, generator=generator)
    count = steps(objective)

    def observe(step: int) -> dict[str, float]:
        next_token, hidden_token = measure(model, windows)
        return {"next_token": next_token, "hidden_token": hidden_token}

    history = train(
        model,
        lambda model, step: training_loss(model, text, objective, generator),
        Recipe(steps=count, peak=4e-3, warmup_steps=STEPS // 10),
        observe,
        {round(count * point / POINTS) for point in range(1, POINTS + 1)},
    )
    positions = BATCH * CONFIGURATION.context_length
    each = positions * operations(CONFIGURATION, objective.rate)
    record = {
        "compute": [step * each for step in history.steps],
        "next_token": history.column("next_token"),
        "hidden_token": history.column("hidden_token"),
        "labels": count * positions * objective.rate,
        "tokens": count * positions,
    }
    return Checkpoint(model.state_dict(), record)


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(CONFIGURATION),
        "objectives": {name: asdict(objective) for name, objective in OBJECTIVES.items()},
        "seeds": SEEDS,
        "numbers": (BATCH, STEPS, HIDDEN, WINDOWS, POINTS),
    }


def _model(name: str, checkpoint: Checkpoint) -> Transformer:
    model = Transformer(CONFIGURATION, causal=OBJECTIVES[RUNS[name][0]].causal)
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(name: str, checkpoint: Checkpoint) -> dict[str, float]:
    next_token, hidden_token = measure(_model(name, checkpoint), texts()[1])
    return {"next_token": next_token, "hidden_token": hidden_token}


RUNS = {
    f"{objective}, seed {seed}": (objective, seed) for objective in OBJECTIVES for seed in SEEDS
}
MADE_BY = {
    name: functools.partial(_train, OBJECTIVES[objective], seed)
    for name, (objective, seed) in RUNS.items()
}
TRAINING = Training(
    "objectives",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (_, seed) in RUNS.items() if seed == SEEDS[0]},
    measure=_measure,
)


def runs() -> dict[str, list[Run]]:
    """Return for each objective one run a seed."""
    found: dict[str, list[Run]] = {}
    for name, checkpoint in trained(TRAINING).items():
        run = Run(_model(name, checkpoint), **checkpoint.record)
        found.setdefault(RUNS[name][0], []).append(run)
    return found


if __name__ == "__main__":
    sys.exit(main(["objectives"]))
