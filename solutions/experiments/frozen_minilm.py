"""MiniLM's sentence vectors, frozen, against the fine-tuned models: the same labels and test.

`frozen_minilm()` returns which test sentences it gets right. `python -m
solutions.experiments.frozen_minilm` makes that anew.
"""

import sys
from typing import Any

import torch
from torch import Tensor

from solutions.experiments.anew import main
from solutions.experiments.classified import LABELS, drawn_labels, sentences
from solutions.experiments.features import mean_features, minilm_features
from solutions.experiments.fine_tuned import SEEDS
from solutions.experiments.label_efficiency import logistic_regression
from solutions.materials import pretrained
from solutions.materials.checkpoints import Checkpoint, Training, trained

STRENGTH = 0.003  # of logistic regression, chosen on validation sentences
BEGINNING = 16  # sentences


def _make() -> Checkpoint:
    labels, wanted = sentences("train").labels, sentences("test").labels
    known, asked = minilm_features("train"), minilm_features("test")
    classify = logistic_regression(known, labels, asked, STRENGTH, scale=True)
    right = torch.stack([classify(drawn_labels(seed)) == wanted for seed in SEEDS])
    record = {"accuracy": right.float().mean(dim=1).tolist()}
    return Checkpoint({"right": right.to(torch.uint8)}, record)


def _begin() -> Checkpoint:
    tokenizer = pretrained.minilm_tokenizer()
    rows = [tokenizer.encode(text).ids for text in sentences("test").texts[:BEGINNING]]
    vectors = mean_features(pretrained.load_minilm(), rows)
    return Checkpoint({}, {"norms": vectors.norm(dim=1).tolist()})


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    return {"accuracy": checkpoint.tensors["right"].float().mean().item()}


def _settings() -> dict[str, Any]:
    return {"labels": LABELS, "seeds": SEEDS, "strength": STRENGTH}


TRAINING = Training(
    "frozen-minilm", _settings, {"all": _make}, beginnings={"vectors": _begin}, measure=_measure
)


def frozen_minilm() -> Tensor:
    """Give which test sentences are classified rightly, bool (seeds, test)."""
    return trained(TRAINING)["all"].tensors["right"].bool()


if __name__ == "__main__":
    sys.exit(main(["frozen-minilm"]))
