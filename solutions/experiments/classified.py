"""The base model fine-tuned to classify review sentences, in every way the chapter compares.

`python -m solutions.experiments.classified` makes all runs anew.
"""

import functools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments import base_model as pretraining
from solutions.experiments import fine_tuning
from solutions.experiments.anew import main
from solutions.experiments.base_model import base_model, vocabulary, weights_digest
from solutions.experiments.fine_tuned import SEEDS, Start, base_loss, start_from
from solutions.experiments.fine_tuning import Classifier, Method, batches_of_like_length, pad_right
from solutions.experiments.loop import Recipe, train, training_device
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.training import last_token_features

LABELS = 2_000  # sentences to learn from
LONGEST = 96  # tokens of a sentence
EPOCHS = 2
HEAD_EPOCHS = 20  # a head is trained on features that are computed once, so they cost little
BATCH = 16
# the highest learning rate of each way, the best of a few on the validation split
PEAKS: dict[tuple[Start, Method], float] = {
    ("base model", "full"): 2e-3,
    ("base model", "LoRA"): 2e-3,
    ("base model", "last block"): 5e-3,
    ("base model", "head"): 1e-2,
    ("random weights", "full"): 1e-3,
}
WAYS = tuple(PEAKS)


@dataclass(frozen=True)
class Sentences:
    """Movie-review sentences, with label 1 where people's mean score is above zero, else 0."""

    texts: list[str]
    labels: Tensor  # (n,), int64


def sentences(split: corpora.Split) -> Sentences:
    """Return every movie-review sentence of a split with its label."""
    reviews = corpora.reviews("movies", split)
    return Sentences(
        [review.sentence for review in reviews],
        torch.tensor([int(review.score > 0) for review in reviews]),
    )


def documents(split: corpora.Split) -> list[str]:
    """Return the review that each sentence of a split comes from."""
    return [review.document for review in corpora.reviews("movies", split)]


def drawn_labels(seed: int) -> list[int]:
    """Draw which training sentences are labeled; another seed draws others."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(len(sentences("train").texts), generator=generator)[:LABELS].tolist()


def labeled_sentences(seed: int) -> Sentences:
    """Return the training sentences that a seed draws, with their labels."""
    every, chosen = sentences("train"), drawn_labels(seed)
    return Sentences([every.texts[i] for i in chosen], every.labels[chosen])


@dataclass(frozen=True)
class Classified:
    """What a run came to.

    Attributes:
        right: for each test sentence, whether its class was found.
        trained: how many numbers were trained.
        seconds: how long the updates took, and for a head the reading before them.
        base_bits: bits per byte of the base model's held-out text afterwards, for LoRA with the
            adapters in place; None where there was no base model.
    """

    right: list[bool]
    trained: int
    seconds: float
    base_bits: float | None


def _classify(start: Start, method: Method, seed: int) -> Classified:
    words, device = vocabulary(), training_device()
    generator = torch.Generator().manual_seed(seed)
    classifier = Classifier(start_from(start, seed), 2, generator).to(device)
    fine_tuning.prepare(classifier, method, generator=generator)
    data = labeled_sentences(seed)
    rows = [row[:LONGEST] for row in words.encode_each(data.texts)]
    lengths = [len(row) for row in rows]
    batches = [
        batch
        for _ in range(epochs(method))
        for batch in batches_of_like_length(lengths, BATCH, generator)
    ]

    def features(tokens: Tensor, real: Tensor) -> Tensor:
        return last_token_features(classifier.body.hidden_states(tokens), real)

    began = time.perf_counter()
    kept = in_batches(features, rows) if method == "head" else None
    reading = time.perf_counter() - began

    def loss(model: Classifier, step: int) -> Tensor:
        chosen = batches[step]
        if kept is not None:
            scores = model.head(kept[chosen])
        else:
            tokens, real = pad_right([rows[i] for i in chosen], LONGEST)
            scores = model(tokens.to(device), real.to(device))
        return F.cross_entropy(scores, data.labels[chosen].to(device))

    recipe = Recipe(len(batches), PEAKS[start, method], warmup_steps=len(batches) // 10)
    history = train(classifier, loss, recipe)
    classifier.eval()
    return Classified(
        right=predicts(classifier, sentences("test")),
        trained=fine_tuning.count_trained(classifier),
        seconds=reading + history.seconds,
        base_bits=base_loss(classifier.body) if start == "base model" else None,
    )


def epochs(method: Method) -> int:
    """Return how often a method reads the labeled sentences."""
    return HEAD_EPOCHS if method == "head" else EPOCHS


@torch.no_grad()
def in_batches(compute: Callable[[Tensor, Tensor], Tensor], rows: Sequence[list[int]]) -> Tensor:
    """Compute something of every text, texts of like length together.

    Args:
        compute: takes `tokens` and `real`, each (batch, length); returns (batch, any).
        rows: token ids of each text; at least one.

    Returns:
        (texts, any), in the order of `rows`.
    """
    device, order = training_device(), sorted(range(len(rows)), key=lambda i: len(rows[i]))
    parts = []
    for start in range(0, len(order), 64):
        tokens, real = pad_right([rows[i] for i in order[start : start + 64]], LONGEST)
        parts.append(compute(tokens.to(device), real.to(device)))
    return torch.cat(parts)[torch.tensor(order).argsort().to(device)]


def predicts(classifier: Classifier, data: Sentences) -> list[bool]:
    """Say of each sentence whether the classifier gives it its label."""
    rows = [row[:LONGEST] for row in vocabulary().encode_each(data.texts)]
    found = in_batches(classifier, rows).argmax(dim=1).cpu()
    return (found == data.labels).tolist()


def _settings() -> dict[str, Any]:
    return {
        "ways": [f"{start}, {method}: {PEAKS[start, method]:g}" for start, method in WAYS],
        "sizes": (LABELS, LONGEST, EPOCHS, HEAD_EPOCHS, BATCH),
        "seeds": SEEDS,
        "base": weights_digest(base_model().model),
    }


def _run(start: Start, method: Method, seed: int) -> Checkpoint:
    return Checkpoint({}, asdict(_classify(start, method, seed)))


RUNS = {
    f"{start}, {method}, seed {seed}": (start, method, seed)
    for seed in SEEDS
    for start, method in WAYS
}
MADE_BY = {name: functools.partial(_run, *run) for name, run in RUNS.items()}
TRAINING = Training(
    "classified",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (*_, seed) in RUNS.items() if seed == SEEDS[0]},
    after=[pretraining.TRAINING],
)


def classify(start: Start, method: Method, seed: int) -> Classified:
    """Return what fine-tuning a classifier of review sentences came to."""
    return Classified(**trained(TRAINING)[f"{start}, {method}, seed {seed}"].record)


if __name__ == "__main__":
    sys.exit(main(["classified"]))
