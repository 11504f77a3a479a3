"""How much labels are worth: accuracy against the number of labeled sentences, with intervals.

`accuracies` gives what each way of classifying gets right at each number of labels and in each
draw of them; `resampled` turns that into curves, again and again, from draws and documents drawn
with replacement; `labels_worth` reads from two curves how many labels one way saves.
`python -m solutions.experiments.label_efficiency` makes all of them anew.
"""

import functools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from solutions.experiments import base_model
from solutions.experiments.anew import main
from solutions.experiments.features import mean_features, minilm_features
from solutions.experiments.loop import Recipe, train
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.transformer import Configuration, Transformer

Classify = Callable[[Sequence[int]], Tensor]
Way = Literal["MiniLM", "TF-IDF", "base model", "untrained base model"]

SIZES = (50, 100, 200, 500, 1_000, 2_000, 4_000)  # and all
DRAWS = 10
TUNING_DRAWS = 2
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
UNTRAINED_SEED = 0

# a network small enough to be trained on labels again and again
SCRATCH = Configuration(
    vocabulary_size=base_model.VOCABULARY_SIZE,
    context_length=48,
    layers=1,
    width=64,
    heads=4,
    output=False,
)
SCRATCH_BATCH = 32
SCRATCH_EPOCHS = 3
SCRATCH_SIZES = (50, 200, 1_000)  # and all
SCRATCH_DRAWS = 3
LEAST_STEPS = 80


def draw_subsets(count: int, sizes: Sequence[int], draws: int, seed: int = 0) -> list[list[Tensor]]:
    """Draw which examples are labeled: for each draw one order, and its beginnings.

    Smaller subsets lie within the larger ones of the same draw.

    Args:
        count: how many examples there are.
        sizes: numbers of labels, each at most `count`.
        draws: how many orders to draw.
        seed: the same seed gives the same subsets.

    Returns:
        `[draw][size]`, int64 indices.
    """
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(count, generator=generator) for _ in range(draws)]
    return [[order[:size] for size in sizes] for order in orders]


def accuracies(classify: Classify, labels: Tensor, subsets: Sequence[Sequence[Tensor]]) -> Tensor:
    """Say which test sentences are classified rightly, for every draw and number of labels.

    Args:
        classify: takes the indices of the labeled sentences and returns a guess for each test
            sentence, (test,).
        labels: what is right, (test,).
        subsets: `[draw][size]`, as `draw_subsets` gives them.

    Returns:
        (draws, sizes, test), float32, 1 where the guess is right.
    """
    return torch.stack(
        [torch.stack([(classify(some) == labels).float() for some in draw]) for draw in subsets]
    )


def logistic_regression(
    inputs: Any, labels: Tensor, tested: Any, strength: float, *, scale: bool
) -> Classify:
    """Return a classifier that fits logistic regression to the labeled rows.

    Args:
        inputs: rows of features, a tensor, or a list of texts, which become TF-IDF vectors of
            words and pairs of words, counted in the labeled texts only.
        labels: (rows,).
        tested: the test sentences, of the same kind as `inputs`.
        strength: scikit-learn's `C`; larger trusts the labels more.
        scale: whether features get mean 0 and deviation 1, as measured on the labeled rows.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    texts = isinstance(inputs, list)
    inputs = np.array(inputs, dtype=object) if texts else inputs.numpy()
    tested = tested if texts else tested.numpy()

    def classify(some: Sequence[int]) -> Tensor:
        parts = [TfidfVectorizer(ngram_range=(1, 2))] if texts else []
        parts += [StandardScaler()] if scale else []
        model = make_pipeline(*parts, LogisticRegression(C=strength, max_iter=1_000))
        chosen = np.asarray(some)
        model.fit(inputs[chosen], labels.numpy()[chosen])
        return torch.from_numpy(model.predict(tested))

    return classify


def resampled(
    right: Tensor, documents: Sequence[str], samples: int = 2_000, seed: int = 0
) -> Tensor:
    """Bootstrap accuracy: draws of labels and test documents, both drawn with replacement.

    Sentences of one document stand or fall together, so documents are drawn, not sentences. All
    ways of classifying meet the same draws and the same documents: they are compared in pairs.

    Args:
        right: (ways, draws, sizes, test), 1 where right.
        documents: the document of each test sentence.
        samples: how often to draw.
        seed: the same seed gives the same samples.

    Returns:
        (samples, ways, sizes), accuracy.
    """
    names = {name: i for i, name in enumerate(dict.fromkeys(documents))}
    member = torch.zeros(len(names), len(documents))
    member[[names[name] for name in documents], range(len(documents))] = 1.0
    generator = torch.Generator().manual_seed(seed)
    draws = right.shape[1]

    def shares(kinds: int) -> Tensor:
        chosen = torch.randint(kinds, (samples, kinds), generator=generator)
        return torch.zeros(samples, kinds).scatter_add_(1, chosen, torch.ones(samples, kinds))

    weight = shares(len(names)) @ member  # (samples, test)
    weight = weight / weight.sum(dim=1, keepdim=True)
    by_draw = torch.einsum("wdnt,st->swdn", right, weight)
    return torch.einsum("swdn,sd->swn", by_draw, shares(draws) / draws)


def labels_needed(curve: Tensor, sizes: Sequence[int], accuracy: float) -> float:
    """Read from a curve how many labels an accuracy takes.

    The curve is made to rise (each point at least the one before) and read on a straight line in
    the logarithm of the number of labels.

    Args:
        curve: (sizes,), accuracy at each number of labels.
        sizes: ascending.
        accuracy: what is to be reached.

    Returns:
        `sizes[0]` where even the fewest labels do, infinity where all are not enough.
    """
    rising = curve.cummax(dim=0).values.tolist()
    if accuracy <= rising[0]:
        return float(sizes[0])
    for (low, few), (high, many) in zip(
        zip(rising, sizes, strict=True), zip(rising[1:], sizes[1:], strict=False), strict=False
    ):
        if accuracy <= high:
            share = (accuracy - low) / (high - low)
            return math.exp((1 - share) * math.log(few) + share * math.log(many))
    return math.inf


def labels_worth(better: Tensor, other: Tensor, sizes: Sequence[int]) -> Tensor:
    """Say by how many times the other way needs more labels for the same accuracy.

    Args:
        better, other: (..., sizes), accuracy of two ways at each number of labels.
        sizes: ascending.

    Returns:
        (..., sizes), float64: at each number of labels of the first way, the second way's number
        over it. Infinite where the second never gets there.
    """
    ratios = [
        [labels_needed(theirs, sizes, goal) / size for goal, size in zip(ours, sizes, strict=True)]
        for ours, theirs in zip(
            better.reshape(-1, len(sizes)).tolist(), other.reshape(-1, len(sizes)), strict=True
        )
    ]
    return torch.tensor(ratios, dtype=torch.float64).reshape(better.shape)


# --- from scratch ------------------------------------------------------------------------------


class Classifier(nn.Module):
    """A small transformer, the mean of its positions, and one linear layer."""

    def __init__(self, generator: torch.Generator) -> None:
        """Draw all weights."""
        super().__init__()
        self.body = Transformer(SCRATCH, causal=False, generator=generator)
        self.head = nn.Linear(SCRATCH.width, 2)
        nn.init.normal_(self.head.weight, std=0.02, generator=generator)
        nn.init.zeros_(self.head.bias)

    def forward(self, rows: Sequence[Tensor]) -> Tensor:
        """Token ids of each text -> (texts, 2)."""
        real = pad_sequence([torch.ones_like(row, dtype=torch.bool) for row in rows], True)
        hidden = self.body(pad_sequence(list(rows), True), mask=real[:, None, None])
        hidden = hidden.masked_fill(~real[..., None], 0.0)
        return self.head(hidden.sum(dim=1) / real.sum(dim=1, keepdim=True))


def train_from_scratch(
    rows: Sequence[Tensor], labels: Tensor, tested: Sequence[Tensor], seed: int
) -> Tensor:
    """Train a network on labels alone and let it guess; (test,)."""
    generator = torch.Generator().manual_seed(seed)
    model = Classifier(generator)
    steps = max(LEAST_STEPS, SCRATCH_EPOCHS * len(rows) // SCRATCH_BATCH)

    def loss(model: nn.Module, step: int) -> Tensor:
        some = torch.randint(len(rows), (SCRATCH_BATCH,), generator=generator).tolist()
        return cross_entropy(model([rows[i] for i in some]), labels[some])

    train(model, loss, Recipe(steps=steps, peak=2e-3, warmup_steps=steps // 10))
    model.eval()
    with torch.no_grad():
        return torch.cat([model(tested[i : i + 64]) for i in range(0, len(tested), 64)]).argmax(1)


def _from_scratch(draw: int) -> Checkpoint:
    words = base_model.vocabulary()
    rows, labels = {}, {}
    for split in ("train", "test"):
        reviews = corpora.reviews("movies", split)
        longest = SCRATCH.context_length
        encoded = words.encode_each(review.sentence for review in reviews)
        rows[split] = [torch.tensor(row[:longest]) for row in encoded]
        labels[split] = sentiment(reviews)

    def classify(some: Tensor) -> Tensor:
        chosen = [rows["train"][i] for i in some.tolist()]
        return train_from_scratch(chosen, labels["train"][some], rows["test"], draw)

    sizes = (*SCRATCH_SIZES, len(labels["train"]))
    subsets = draw_subsets(len(labels["train"]), sizes, SCRATCH_DRAWS)[draw]
    right = accuracies(classify, labels["test"], [subsets])[0]
    return Checkpoint({"right": right.to(torch.uint8)}, {"accuracy": right.mean(dim=1).tolist()})


def sentiment(reviews: Sequence[corpora.Review]) -> Tensor:
    """Give 1 to each sentence whose mean human score is above 0, and 0 to the others, int64."""
    return torch.tensor([int(review.score > 0) for review in reviews])


# --- with vectors that are not trained further ---------------------------------------------------


def texts(split: corpora.Split) -> list[str]:
    """Return the movie-review sentences of a split."""
    return [review.sentence for review in corpora.reviews("movies", split)]


@functools.cache
def given(way: Way, split: corpora.Split) -> Any:
    """Return what a way of classifying is given of the sentences: texts, or a vector of each."""
    if way == "TF-IDF":
        return texts(split)
    if way == "MiniLM":
        return minilm_features(split)
    model = base_model.base_model().model
    if way == "untrained base model":
        generator = torch.Generator().manual_seed(UNTRAINED_SEED)
        model = Transformer(base_model.CONFIGURATION, causal=True, generator=generator).eval()
    return mean_features(model, base_model.vocabulary().encode_each(texts(split)))


def right_answers(
    way: Way,
    strength: float,
    subsets: Sequence[Sequence[Tensor]],
    split: corpora.Split = "test",
) -> Tensor:
    """Say which sentences of a split logistic regression gets right, (draws, sizes, sentences)."""
    labels = {name: sentiment(corpora.reviews("movies", name)) for name in ("train", split)}
    known, asked = given(way, "train"), given(way, split)
    classify = logistic_regression(known, labels["train"], asked, strength, scale=way != "TF-IDF")
    return accuracies(classify, labels[split], subsets)


def best_strengths(way: Way, sizes: Sequence[int]) -> list[float]:
    """Choose for each number of labels how far to trust them, on the validation sentences."""
    tuning = draw_subsets(len(texts("train")), sizes, draws=TUNING_DRAWS, seed=1)
    quality = [
        right_answers(way, strength, tuning, "validation").mean(dim=(0, 2))
        for strength in STRENGTHS
    ]
    return [STRENGTHS[i] for i in torch.stack(quality).argmax(dim=0)]


def sizes() -> list[int]:
    """Return the numbers of labels; the last one is all there are."""
    return [*SIZES, len(texts("train"))]


def _with_vectors(way: Way) -> Checkpoint:
    best = best_strengths(way, sizes())
    subsets = draw_subsets(len(texts("train")), sizes(), DRAWS)
    parts = [
        right_answers(way, strength, [[draw[place]] for draw in subsets])
        for place, strength in enumerate(best)
    ]
    right = torch.cat(parts, dim=1)  # (draws, sizes, test)
    record = {"strengths": best, "accuracy": right.mean(dim=(0, 2)).tolist()}
    return Checkpoint({"right": right.to(torch.uint8)}, record)


def _begin() -> Checkpoint:
    few = draw_subsets(len(texts("train")), SIZES[:3], 2)
    ways: tuple[Way, ...] = ("TF-IDF", "untrained base model")
    record = {way: right_answers(way, 1.0, few).mean(dim=(0, 2)).tolist() for way in ways}
    return Checkpoint({}, record)


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(SCRATCH),
        "training": (SCRATCH_BATCH, SCRATCH_EPOCHS, LEAST_STEPS),
        "sizes": SCRATCH_SIZES,
        "draws": SCRATCH_DRAWS,
        "with vectors": (SIZES, DRAWS, TUNING_DRAWS, STRENGTHS, UNTRAINED_SEED),
        "base": base_model.weights_digest(base_model.base_model().model),
    }


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    return {"accuracy": checkpoint.tensors["right"].float().mean().item()}


SCRATCH_RUNS = {
    f"from scratch, draw {draw}": functools.partial(_from_scratch, draw)
    for draw in range(SCRATCH_DRAWS)
}
TRAINING = Training(
    "label-efficiency",
    _settings,
    {**SCRATCH_RUNS, **{way: functools.partial(_with_vectors, way) for way in get_args(Way)}},
    beginnings={"from scratch, draw 0": SCRATCH_RUNS["from scratch, draw 0"], "vectors": _begin},
    measure=_measure,
    after=[base_model.TRAINING],
)


def from_scratch() -> Tensor:
    """Give which test sentences the networks trained on labels alone get right.

    Returns:
        (draws, sizes, test), as `accuracies` gives it, for `SCRATCH_SIZES` and all labels.
    """
    made = trained(TRAINING)
    return torch.stack([made[name].tensors["right"].float() for name in SCRATCH_RUNS])


def with_vectors() -> tuple[Tensor, dict[str, list[float]]]:
    """Give which test sentences are classified rightly by each `Way`, and the strengths chosen.

    Returns:
        (ways, draws, sizes, test), for `sizes()`; and for each way a strength for each size.
    """
    shipped = trained(TRAINING)
    made = {way: shipped[way] for way in get_args(Way)}
    right = torch.stack([one.tensors["right"].float() for one in made.values()])
    return right, {way: one.record["strengths"] for way, one in made.items()}


if __name__ == "__main__":
    sys.exit(main(["label-efficiency"]))
