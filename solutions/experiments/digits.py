"""Handwritten digits, read by a transformer, and named by a text model that gets its vectors.

`digits()` returns what came out, with its controls. `python -m solutions.experiments.digits` trains
all models anew.
"""

import functools
import sys
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from solutions.experiments import base_model
from solutions.experiments.anew import main
from solutions.experiments.base_model import excerpt, measure_bits_per_byte, stream
from solutions.experiments.image_encoder import (
    ENCODER,
    DigitClassifier,
    ImageReader,
    accuracy,
    describe,
    random_orders,
    share_named,
    train_classifier,
    train_reader,
)
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Transformer

SEEDS = (0, 1, 2)
DRAWN_SEED = 0  # of the orders of patches and the exchanged images at the test
SHOWN = 8  # images of which the page shows what was written
READERS = ("taught", "text model frozen", "text model untrained")


@dataclass(frozen=True)
class Digits:
    """What the models get right; every list has an entry for each seed.

    Attributes:
        classified: accuracy of each kind of classifier on the test images.
        named: by each condition, the share of test images whose name is written.
        silent: what a taught text model writes without an image.
        written: of each kind of reader, what the first seed's writes after the first images.
        text_loss: bits per byte of the base model's held-out text after a text model was taught.
    """

    classified: dict[str, list[float]]
    named: dict[str, list[float]]
    silent: list[str]
    written: dict[str, list[str]]
    text_loss: list[float]


@functools.cache
def _orders() -> Tensor:
    images, _ = corpora.digits("test")
    generator = torch.Generator().manual_seed(DRAWN_SEED)
    return random_orders(len(images), ENCODER.context_length, generator)


@functools.cache
def _exchanged() -> Tensor:
    """For each test image another of another digit, int64 (images,)."""
    _, labels = corpora.digits("test")
    differs = (labels[:, None] != labels).float()
    return differs.multinomial(1, generator=torch.Generator().manual_seed(DRAWN_SEED))[:, 0]


@functools.cache
def _classifier(seed: int, shuffled: bool = False) -> DigitClassifier:
    return train_classifier(*corpora.digits("train"), seed, shuffled=shuffled)


def _classify(seed: int, shuffled: bool) -> Checkpoint:
    model, test = _classifier(seed, shuffled), corpora.digits("test")
    record = {
        "in order": accuracy(model, *test),
        "order destroyed": accuracy(lambda images: model(images, _orders()), *test),
    }
    return Checkpoint({}, record)


def _reader(kind: str, seed: int) -> ImageReader:
    base = base_model.base_model()
    text_model = base.model
    if kind == "text model untrained":
        generator = torch.Generator().manual_seed(0)
        text_model = Transformer(base.model.configuration, causal=True, generator=generator)
    return train_reader(
        _classifier(seed).encoder,
        text_model,
        base.vocabulary,
        *corpora.digits("train"),
        seed,
        train_text=kind != "text model frozen",
    )


@torch.no_grad()
def _read(kind: str, seed: int) -> Checkpoint:
    with torch.enable_grad():
        reader = _reader(kind, seed)
    images, labels = corpora.digits("test")
    names = describe(reader, images)
    record: dict[str, Any] = {"named": {kind: share_named(names, labels)}, "written": names[:SHOWN]}
    if kind == "taught":
        silent, other = describe(reader, None)[0], _exchanged()
        after_other = describe(reader, images[other])
        record["named"] = {
            "the image": record["named"][kind],
            "patches shuffled": share_named(describe(reader, images, _orders()), labels),
            "no image": share_named([silent] * len(labels), labels),
            "another image": share_named(after_other, labels),
            "another image, its own name": share_named(after_other, labels[other]),
        }
        record["silent"] = silent
        held_out, lengths = excerpt(stream("validation")), reader.vocabulary.byte_lengths()
        record["text_loss"] = measure_bits_per_byte(reader.text_model, held_out, lengths)
    return Checkpoint({}, record)


def _begin(kind: str) -> Checkpoint:
    _classifier.cache_clear()  # those that were trained to the end
    try:
        return _read(kind, SEEDS[0])
    finally:
        _classifier.cache_clear()


def _settings() -> dict[str, Any]:
    return {
        "encoder": asdict(ENCODER),
        "seeds": SEEDS,
        "drawn": DRAWN_SEED,
        "shown": SHOWN,
        "base": base_model.weights_digest(base_model.base_model().model),
    }


CLASSIFIERS = {
    f"{'without' if shuffled else 'in'} order, seed {seed}": (seed, shuffled)
    for shuffled in (False, True)
    for seed in SEEDS
}
READ = {f"{kind}, seed {seed}": (kind, seed) for kind in READERS for seed in SEEDS}
TRAINING = Training(
    "digits",
    _settings,
    {
        **{name: functools.partial(_classify, *run) for name, run in CLASSIFIERS.items()},
        **{name: functools.partial(_read, *run) for name, run in READ.items()},
    },
    beginnings={kind: functools.partial(_begin, kind) for kind in READERS},
    after=[base_model.TRAINING],
)


def digits() -> Digits:
    """Return what came out of all trainings."""
    made = {name: checkpoint.record for name, checkpoint in trained(TRAINING).items()}
    in_order, without = (
        [made[name] for name, run in CLASSIFIERS.items() if run[1] is shuffled]
        for shuffled in (False, True)
    )
    named: dict[str, list[float]] = {}
    for name in READ:
        for condition, share in made[name]["named"].items():
            named.setdefault(condition, []).append(share)
    taught = [made[name] for name, (kind, _) in READ.items() if kind == "taught"]
    return Digits(
        classified={
            "patches in order": [one["in order"] for one in in_order],
            "order destroyed at the test": [one["order destroyed"] for one in in_order],
            "trained without order": [one["order destroyed"] for one in without],
        },
        named=named,
        silent=[one["silent"] for one in taught],
        written={kind: made[f"{kind}, seed {SEEDS[0]}"]["written"] for kind in READERS},
        text_loss=[one["text_loss"] for one in taught],
    )


if __name__ == "__main__":
    sys.exit(main(["digits"]))
