"""A decoder, and the same model without its mask, both trained to predict the next character.

`cheating()` returns both, over seeds. `python -m solutions.experiments.cheating` trains them anew.
"""

import functools
import sys
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments.anew import main
from solutions.experiments.loop import Recipe, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.materials.corpora import Split, shakespeare
from solutions.self_supervision import sample_batch
from solutions.transformer import Configuration, Transformer

RECIPE = Recipe(steps=300, peak=4e-3, warmup_steps=30)
BATCH = 16
SEEDS = (0, 1, 2)
WINDOWS = 512  # of unseen plays, on which a model is measured
MEASURED_SEED = 1


@dataclass(frozen=True)
class Run:
    """One model, in evaluation mode, and the training loss of each update in nats."""

    model: Transformer
    losses: list[float]


@functools.cache
def characters() -> str:
    """Return every character of Shakespeare's works, in order; a place in it is a token's id."""
    texts = (*shakespeare("train").values(), *shakespeare("validation").values())
    return "".join(sorted(set().union(*texts)))


@functools.cache
def tokens(split: Split) -> Tensor:
    """Return the plays of a split as one text of ids, int64 (n,)."""
    number = {character: place for place, character in enumerate(characters())}
    return torch.tensor([number[character] for character in "\n".join(shakespeare(split).values())])


def configuration() -> Configuration:
    """Return the architecture that both share."""
    return Configuration(
        context_length=64,
        layers=2,
        width=64,
        heads=4,
        norm="rms",
        positions="rotary",
        vocabulary_size=len(characters()),
    )


def train_one(causal: bool, seed: int) -> Run:
    """Train one model; the seed decides the first weights and the batches."""
    generator = torch.Generator().manual_seed(seed)
    architecture, text = configuration(), tokens("train")
    model = Transformer(architecture, causal=causal, generator=generator)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, BATCH, architecture.context_length, generator)
        return F.cross_entropy(model(inputs).mT, targets)

    return Run(model.eval(), train(model, loss, RECIPE).losses)


def loss_by_position(model: Transformer) -> Tensor:
    """Measure a model on unseen plays; mean loss at each position of a window, (length,)."""
    draw = torch.Generator().manual_seed(MEASURED_SEED)
    length = model.configuration.context_length
    inputs, targets = sample_batch(tokens("validation"), WINDOWS, length, draw)
    return F.cross_entropy(model(inputs).mT, targets, reduction="none").mean(dim=0)


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(configuration()),
        "recipe": asdict(RECIPE),
        "numbers": (BATCH, WINDOWS, MEASURED_SEED),
        "seeds": SEEDS,
    }


def _run(causal: bool, seed: int) -> Checkpoint:
    run = train_one(causal, seed)
    return Checkpoint(run.model.state_dict(), {"losses": run.losses})


def _model(name: str, checkpoint: Checkpoint) -> Transformer:
    model = Transformer(configuration(), causal=RUNS[name][0])
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(name: str, checkpoint: Checkpoint) -> dict[str, float]:
    by_position = loss_by_position(_model(name, checkpoint))
    return {"inner": by_position[:-1].mean().item(), "last": by_position[-1].item()}


RUNS = {
    f"{'causal' if causal else 'may look ahead'}, seed {seed}": (causal, seed)
    for causal in (True, False)
    for seed in SEEDS
}
MADE_BY = {name: functools.partial(_run, *run) for name, run in RUNS.items()}
TRAINING = Training(
    "cheating",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (_, seed) in RUNS.items() if seed == SEEDS[0]},
    measure=_measure,
)


def cheating() -> dict[bool, list[Run]]:
    """Return one run a seed: under True the causal ones, under False those that may look ahead."""
    found: dict[bool, list[Run]] = {True: [], False: []}
    for name, checkpoint in trained(TRAINING).items():
        run = Run(_model(name, checkpoint), checkpoint.record["losses"])
        found[RUNS[name][0]].append(run)
    return found


if __name__ == "__main__":
    sys.exit(main(["cheating"]))
