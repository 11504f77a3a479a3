"""What a linear classifier finds in the vectors of the objectives' models, and of untrained ones.

`probes()` returns the shares that are right. `python -m solutions.experiments.probes` probes anew.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from solutions.experiments import objectives
from solutions.experiments.anew import main
from solutions.experiments.features import mean_features
from solutions.experiments.label_efficiency import logistic_regression, sentiment
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Transformer

KINDS: tuple[corpora.ReviewKind, ...] = ("movies", "products", "editorials", "tweets")
STRENGTH = 0.1  # of logistic regression
FAVORABLE, SOURCE = 1_000, 250  # about so many texts, and so many of each kind
FEW = 40  # texts, on which a test probes again

Labeled = tuple[list[str], Tensor]


def favorable(split: corpora.Split) -> Labeled:
    """Return sentences of film reviews, and whether each is favorable."""
    some = corpora.reviews("movies", split)
    some = some[:: 1 + len(some) // FAVORABLE]  # spread over all
    return [review.sentence for review in some], sentiment(some)


def source(split: corpora.Split) -> Labeled:
    """Return passages, and the number of the kind that each is of."""
    some = [corpora.reviews(kind, split) for kind in KINDS]
    some = [part[:: 1 + len(part) // SOURCE] for part in some]
    numbers = [i for i, part in enumerate(some) for _ in part]
    return [review.sentence for part in some for review in part], torch.tensor(numbers)


TASKS: dict[str, Callable[[corpora.Split], Labeled]] = {"favorable": favorable, "source": source}


def probe(model: Transformer, known: Labeled, asked: Labeled) -> float:
    """Give the share of asked texts that a linear classifier of a model's mean vectors gets right.

    Args:
        model: of letters, frozen.
        known: texts and labels to learn from.
        asked: texts and labels to be tested on.
    """
    vectors = [
        mean_features(model, [objectives.letters(text) for text in texts])
        for texts in (known[0], asked[0])
    ]
    classify = logistic_regression(vectors[0], known[1], vectors[1], STRENGTH, scale=True)
    return (classify(range(len(known[0]))) == asked[1]).float().mean().item()


def _models(name: str) -> list[Transformer]:
    objective, _, untrained = name.partition(", ")
    if untrained:
        causal = objectives.OBJECTIVES[objective].causal
        return [objectives.untrained(seed, causal=causal) for seed in objectives.SEEDS]
    return [run.model for run in objectives.runs()[objective]]


def _run(name: str, task: str) -> Checkpoint:
    known, asked = TASKS[task]("train"), TASKS[task]("test")
    return Checkpoint({}, {"right": [probe(model, known, asked) for model in _models(name)]})


def _begin() -> Checkpoint:
    (texts, labels), (tested, wanted) = source("train"), source("test")
    step, other = len(texts) // FEW, len(tested) // FEW
    known, asked = (texts[::step], labels[::step]), (tested[::other], wanted[::other])
    return Checkpoint({}, {"right": probe(_models("masked")[0], known, asked)})


def _settings() -> dict[str, Any]:
    objective = {name: vars(one) for name, one in objectives.OBJECTIVES.items()}
    return {"kinds": KINDS, "sizes": (FAVORABLE, SOURCE, STRENGTH), "objectives": objective}


RUNS = {
    f"{name}: {task}": (name, task)
    for name in ("causal", "masked", "causal, untrained", "masked, untrained")
    for task in TASKS
}
TRAINING = Training(
    "probes",
    _settings,
    {name: functools.partial(_run, *run) for name, run in RUNS.items()},
    beginnings={"few texts": _begin},
    after=[objectives.TRAINING],
)


def probes() -> dict[tuple[str, str], list[float]]:
    """Give for each kind of model and each task the share that is right, for each seed."""
    return {RUNS[name]: one.record["right"] for name, one in trained(TRAINING).items()}


if __name__ == "__main__":
    sys.exit(main(["probes"]))
