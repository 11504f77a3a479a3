"""Induction heads: small attention-only models that learn to copy; heads found and ablated.

`induction()` returns the models and what was measured while they were trained.
`python -m solutions.experiments.induction` trains them anew.
"""

import functools
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.emergence import prefix_matching_score, repeated_sequences, token_accuracy
from solutions.experiments.anew import main
from solutions.experiments.first_weights import enlarge
from solutions.experiments.loop import Recipe, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Configuration, Trace, Transformer

VOCABULARY_SIZE = 32
PERIODS = (8, 24)  # the shortest and the longest
BATCH = 32
LAYERS = (1, 2)
SEEDS = (0, 1, 2)
RECIPE = Recipe(steps=700, peak=3e-3, warmup_steps=20, floor=3e-3, weight_decay=0.01)
FIRST_WEIGHTS = 3.0  # times the usual size; with that itself, some runs wait much longer
OBSERVED_STEPS = range(0, RECIPE.steps + 1, 25)
TEST_SEED = 1_000
TEST_SEQUENCES = 64


@dataclass(frozen=True)
class Run:
    """One model and its history.

    Attributes:
        model: in evaluation mode.
        steps: updates made before each measurement.
        measured: from a name in `measure` to its values, one for each of `steps`.
    """

    model: Transformer
    steps: list[int]
    measured: dict[str, list[float]]


@dataclass(frozen=True)
class Induction:
    """All runs, and the seconds they took where they were made.

    Attributes:
        runs: by number of layers and seed.
        wide: one layer of twice the width and twice the heads.
        seconds: without that of the wide one.
    """

    runs: dict[tuple[int, int], Run]
    wide: Run
    seconds: float


def configuration(layers: int) -> Configuration:
    """Return a model of attention only, with two heads a layer."""
    return Configuration(
        context_length=2 * PERIODS[1],
        layers=layers,
        width=64,
        heads=2,
        vocabulary_size=VOCABULARY_SIZE,
        feed_forward=None,
        norm="rms",
        positions="rotary",
        biases=False,
        tied_output=False,
    )


def unseen_sequences() -> Tensor:
    """Return the sequences on which all models are measured, with the longest period."""
    generator = torch.Generator().manual_seed(TEST_SEED)
    return repeated_sequences(TEST_SEQUENCES, PERIODS[1], VOCABULARY_SIZE, generator)


@torch.no_grad()
def copying_accuracy(
    model: Transformer, sequences: Tensor, head_scales: Tensor | None = None
) -> float:
    """Give the share of tokens of a sequence's second half that a model predicts.

    The second half's first token is not counted: nothing says that a repetition begins.

    Args:
        model: causal, with an output.
        sequences: int64 (batch, 2 * period), the second half equal to the first.
        head_scales: (layers, heads), as for `Transformer.hidden_states`.
    """
    period = sequences.shape[1] // 2
    hidden = model.hidden_states(sequences[:, :-1], head_scales=head_scales)
    predicted = model.logits(hidden[:, period:]).argmax(dim=-1)
    return token_accuracy(predicted, sequences[:, period + 1 :])


@torch.no_grad()
def prefix_matching(model: Transformer, sequences: Tensor) -> Tensor:
    """Give every head's prefix-matching score, (layers, heads)."""
    trace = Trace()
    model.hidden_states(sequences, trace=trace)
    period = sequences.shape[1] // 2
    return torch.stack([prefix_matching_score(weights, period) for weights in trace.attention])


@torch.no_grad()
def previous_token(model: Transformer, sequences: Tensor) -> Tensor:
    """Give every head's mean weight on the token before, (layers, heads)."""
    trace = Trace()
    model.hidden_states(sequences, trace=trace)
    before = [weights.diagonal(-1, -2, -1).mean(dim=(0, -1)) for weights in trace.attention]
    return torch.stack(before)


@torch.no_grad()
def measure(model: Transformer, sequences: Tensor) -> dict[str, float]:
    """Measure a model on repeated sequences: losses of both halves in nats, copying, heads."""
    period = sequences.shape[1] // 2
    losses = F.cross_entropy(model(sequences[:, :-1]).mT, sequences[:, 1:], reduction="none")
    return {
        "first loss": losses[:, : period - 1].mean().item(),
        "second loss": losses[:, period:].mean().item(),
        "copying": copying_accuracy(model, sequences),
        "prefix matching": prefix_matching(model, sequences).max().item(),
        "previous token": previous_token(model, sequences).max().item(),
    }


def head_scales(layers: int, heads: int, ablated: Iterable[tuple[int, int]]) -> Tensor:
    """Return scales (layers, heads) that are 0 at the ablated heads and 1 elsewhere.

    Args:
        layers, heads: how many there are.
        ablated: layer and head of each, counted from 0.
    """
    scales = torch.ones(layers, heads)
    for layer, head in ablated:
        scales[layer, head] = 0
    return scales


def top_heads(scores: Tensor, count: int) -> list[tuple[int, int]]:
    """Return layer and head of the highest scores (layers, heads), highest first."""
    chosen = scores.flatten().topk(count).indices.tolist()
    return [divmod(index, scores.shape[1]) for index in chosen]


def matched_heads(
    chosen: Sequence[tuple[int, int]], heads: int, generator: torch.Generator
) -> list[tuple[int, int]]:
    """Draw as many other heads from the same layers, a control for ablating the chosen ones.

    Args:
        chosen: layer and head of each.
        heads: how many a layer has.
        generator: the only source of randomness.

    Raises:
        ValueError: if a layer has fewer other heads than chosen ones.
    """
    drawn = []
    for layer in sorted({layer for layer, _ in chosen}):
        taken = {head for at, head in chosen if at == layer}
        others = [head for head in range(heads) if head not in taken]
        if len(others) < len(taken):
            raise ValueError(f"layer {layer} has fewer than {len(taken)} other heads")
        order = torch.randperm(len(others), generator=generator).tolist()
        drawn += [(layer, others[i]) for i in order[: len(taken)]]
    return drawn


def train_one(architecture: Configuration, seed: int) -> Run:
    """Train one model on repeated sequences whose period changes from batch to batch.

    With one period for all, a head could copy from a fixed distance, without looking for anything.
    """
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(architecture, causal=True, generator=generator)
    enlarge(model, FIRST_WEIGHTS)
    sequences = unseen_sequences()
    shortest, longest = PERIODS

    def loss(model: Transformer, step: int) -> Tensor:
        period = int(torch.randint(shortest, longest + 1, (), generator=generator))
        batch = repeated_sequences(BATCH, period, VOCABULARY_SIZE, generator)
        return F.cross_entropy(model(batch[:, :-1]).mT, batch[:, 1:])

    history = train(model, loss, RECIPE, lambda _: measure(model, sequences), OBSERVED_STEPS)
    names = history.observations[0]
    return Run(model.eval(), history.steps, {name: history.column(name) for name in names})


def _settings() -> dict[str, Any]:
    return {
        "configurations": [asdict(_shape(name)) for name in RUNS],
        "recipe": asdict(RECIPE),
        "data": (VOCABULARY_SIZE, PERIODS, BATCH, SEEDS, TEST_SEED, TEST_SEQUENCES, FIRST_WEIGHTS),
        "observed": str(OBSERVED_STEPS),
    }


def _shape(name: str) -> Configuration:
    layers, _ = RUNS[name]
    return WIDE if layers == "wide" else configuration(layers)


def _run(name: str) -> Checkpoint:
    began = time.perf_counter()
    run = train_one(_shape(name), RUNS[name][1])
    seconds = time.perf_counter() - began
    record = {"steps": run.steps, "measured": run.measured, "seconds": seconds}
    return Checkpoint(run.model.state_dict(), record)


def _model(name: str, checkpoint: Checkpoint) -> Transformer:
    model = Transformer(_shape(name), causal=True)
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(name: str, checkpoint: Checkpoint) -> dict[str, float]:
    return measure(_model(name, checkpoint), unseen_sequences())


WIDE = replace(configuration(1), width=128, heads=4)
RUNS = {
    **{f"{layers} layers, seed {seed}": (layers, seed) for layers in LAYERS for seed in SEEDS},
    "wide": ("wide", SEEDS[0]),
}
MADE_BY = {name: functools.partial(_run, name) for name in RUNS}
TRAINING = Training(
    "induction",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (_, seed) in RUNS.items() if seed == SEEDS[0]},
    measure=_measure,
)


def induction() -> Induction:
    """Return the trained models with their histories."""
    runs, seconds = {}, {}
    for name, checkpoint in trained(TRAINING).items():
        record = dict(checkpoint.record)
        seconds[name] = record.pop("seconds")
        runs[RUNS[name]] = Run(_model(name, checkpoint), **record)
    wide = runs.pop(RUNS["wide"])
    return Induction(runs, wide, sum(seconds.values()) - seconds["wide"])


if __name__ == "__main__":
    sys.exit(main(["induction"]))
