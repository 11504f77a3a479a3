"""Models of several sizes that learn to add, to be measured by more than one measure.

`addition()` returns the trained models with their histories.
`python -m solutions.experiments.addition` trains them anew.
"""

import functools
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments.anew import main
from solutions.experiments.first_weights import enlarge
from solutions.experiments.loop import Recipe, token_loss, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Configuration, Transformer

DIGITS = 3  # of a summand
ANSWER = DIGITS + 1  # digits of the sum, which begins with 0 or 1
SYMBOLS = "0123456789+="
WIDTHS = (4, 8, 16, 24, 32, 48)
SEEDS = (0, 1, 2)
BATCH = 64
RECIPE = Recipe(steps=1_000, peak=6e-3, warmup_steps=50, floor=6e-4, weight_decay=0.01)
FIRST_WEIGHTS = 3.0  # times the usual size; with that itself, the wait is much longer
OBSERVED_STEPS = range(0, RECIPE.steps + 1, 25)
SPLIT_SEED = 1_000
TEST_PROBLEMS = 2_000
OBSERVED_PROBLEMS = 500


@dataclass(frozen=True)
class Run:
    """One model and its history.

    Attributes:
        model: in evaluation mode.
        steps: updates made before each measurement.
        digits: for each of `steps`, the share of problems in which each digit of the sum is right.
        losses: for each of `steps`, the mean loss of each digit, in nats.
        exact: for each of `steps`, the share in which all are.
    """

    model: Transformer
    steps: list[int]
    digits: list[list[float]]
    losses: list[list[float]]
    exact: list[float]


@dataclass(frozen=True)
class Addition:
    """All runs, by width and seed, and the seconds they took where they were made."""

    runs: dict[tuple[int, int], Run]
    seconds: float


def configuration(width: int) -> Configuration:
    """Return a model of two layers."""
    return Configuration(
        context_length=2 * DIGITS + 2 + ANSWER,
        layers=2,
        width=width,
        heads=2,
        vocabulary_size=len(SYMBOLS),
        norm="rms",
        biases=False,
    )


def write_problems(first: Tensor, second: Tensor) -> Tensor:
    """Write sums digit by digit, such as 042+917=0959.

    Args:
        first, second: int64 (problems,), from 0 to 999.

    Returns:
        int64 (problems, 12): places in `SYMBOLS`.
    """

    def digits(number: Tensor, count: int) -> Tensor:
        powers = 10 ** torch.arange(count - 1, -1, -1)
        return number[:, None] // powers % 10

    def symbol(name: str) -> Tensor:
        return torch.full((len(first), 1), SYMBOLS.index(name))

    parts = (digits(first, DIGITS), symbol("+"), digits(second, DIGITS), symbol("="))
    return torch.cat([*parts, digits(first + second, ANSWER)], dim=1)


def to_text(tokens: Tensor) -> str:
    """Spell out places in `SYMBOLS`, int64 (length,)."""
    return "".join(SYMBOLS[token] for token in tokens.tolist())


def problems() -> tuple[Tensor, Tensor]:
    """Divide all pairs of summands at random.

    Returns:
        The training and the test problems as `write_problems` writes them. No pair is in both.
    """
    order = torch.randperm(10 ** (2 * DIGITS), generator=torch.Generator().manual_seed(SPLIT_SEED))
    written = write_problems(order // 10**DIGITS, order % 10**DIGITS)
    return written[TEST_PROBLEMS:], written[:TEST_PROBLEMS]


@torch.no_grad()
def digit_logits(model: Transformer, written: Tensor) -> Tensor:
    """Give the logits of each digit of the sum, given the right digits before it.

    Returns:
        (problems, 4, symbols).
    """
    return model(written[:, :-1])[:, -ANSWER:]


def digit_losses(logits: Tensor, right: Tensor) -> Tensor:
    """Give the mean loss of each digit, in nats, (digits,).

    Args:
        logits: (problems, digits, symbols).
        right: int64 (problems, digits).
    """
    return F.cross_entropy(logits.mT, right, reduction="none").mean(dim=0)


def train_one(width: int, seed: int, training: Tensor, test: Tensor) -> Run:
    """Train one model on problems drawn from the training table; only the sum is learned."""
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(configuration(width), causal=True, generator=generator)
    enlarge(model, FIRST_WEIGHTS)
    observed = test[:OBSERVED_PROBLEMS]
    digits: list[list[float]] = []
    losses: list[list[float]] = []

    def loss(model: Transformer, step: int) -> Tensor:
        batch = training[torch.randint(len(training), (BATCH,), generator=generator)]
        return token_loss(model(batch[:, :-1])[:, -ANSWER:], batch[:, -ANSWER:])

    def observe(step: int) -> dict[str, float]:
        logits, answers = digit_logits(model, observed), observed[:, -ANSWER:]
        right = (logits.argmax(dim=-1) == answers).double()
        digits.append(right.mean(dim=0).tolist())
        losses.append(digit_losses(logits, answers).tolist())
        return {"exact": right.prod(dim=1).mean().item()}

    history = train(model, loss, RECIPE, observe, OBSERVED_STEPS)
    return Run(model.eval(), history.steps, digits, losses, history.column("exact"))


def _settings() -> dict[str, Any]:
    return {
        "configurations": [asdict(configuration(width)) for width in WIDTHS],
        "recipe": asdict(RECIPE),
        "data": (SEEDS, BATCH, SPLIT_SEED, TEST_PROBLEMS, OBSERVED_PROBLEMS, FIRST_WEIGHTS),
        "observed": str(OBSERVED_STEPS),
    }


def _run(width: int, seed: int) -> Checkpoint:
    began = time.perf_counter()
    run = train_one(width, seed, *problems())
    history = {"steps": run.steps, "digits": run.digits, "losses": run.losses, "exact": run.exact}
    seconds = time.perf_counter() - began
    return Checkpoint(run.model.state_dict(), {"history": history, "seconds": seconds})


def _model(name: str, checkpoint: Checkpoint) -> Transformer:
    width, _ = RUNS[name]
    model = Transformer(configuration(width), causal=True)
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(name: str, checkpoint: Checkpoint) -> dict[str, float]:
    observed = problems()[1][:OBSERVED_PROBLEMS]
    logits, answers = digit_logits(_model(name, checkpoint), observed), observed[:, -ANSWER:]
    right = (logits.argmax(dim=-1) == answers).double()
    return {"exact": right.prod(dim=1).mean().item(), "loss": token_loss(logits, answers).item()}


RUNS = {f"width {width}, seed {seed}": (width, seed) for width in WIDTHS for seed in SEEDS}
MADE_BY = {name: functools.partial(_run, *run) for name, run in RUNS.items()}
TRAINING = Training(
    "addition",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (_, seed) in RUNS.items() if seed == SEEDS[0]},
    measure=_measure,
)


def addition() -> Addition:
    """Return the trained models with their histories."""
    shipped = trained(TRAINING)
    runs = {
        RUNS[name]: Run(_model(name, checkpoint), **checkpoint.record["history"])
        for name, checkpoint in shipped.items()
    }
    return Addition(runs, sum(one.record["seconds"] for one in shipped.values()))


if __name__ == "__main__":
    sys.exit(main(["addition"]))
