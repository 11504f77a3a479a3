"""Embeddings that a model learned for itself, and Word2Vec's, put to the same two tasks.

Both come from the same text, cut into the same tokens. The first task is to predict the next token
with a small transformer; the second to tell positive from negative sentences by the average of
their tokens' vectors. `native_embeddings()` returns the measurements. `python -m
solutions.experiments.native_embeddings` makes them anew.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from solutions import tokenization
from solutions.embeddings import Word2VecSettings, train_word2vec
from solutions.experiments.anew import main
from solutions.experiments.base_model import Vocabulary, measure_bits_per_byte, to_stream
from solutions.experiments.loop import Recipe, token_loss, train
from solutions.experiments.vocabulary_size import (
    EVERY,
    excerpts,
    nested_vocabulary,
    read_documents,
)
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.materials.corpora import Split
from solutions.self_supervision import sample_batch
from solutions.transformer import Configuration, Transformer

SEEDS = (0, 1, 2)
WIDTH = 48
VOCABULARY_SIZE = 2_048
CONFIGURATION = Configuration(
    vocabulary_size=VOCABULARY_SIZE,
    context_length=64,
    layers=2,
    width=WIDTH,
    heads=4,
    positions="rotary",  # learned ones take most of a short training to be of use
    tied_output=False,  # so that the arms differ in what goes in only
)
BATCH = 8
RECIPE = Recipe(steps=220, peak=3e-3, warmup_steps=11, floor=3e-4)
OBSERVED = (30, 60, 120, 220)
SIZE = 0.1  # of a table's entries at the start, the root of their mean square
WORD2VEC = Word2VecSettings(width=WIDTH, epochs=3, minimum_count=1)
LABELS = (200, 1_000, 8_000)
LABEL_STEPS = 160
LABEL_BATCH = 128
LABEL_PEAK = 5e-2

LANGUAGE_ARMS = (
    "own, learned",
    "own of another run, frozen",
    "Word2Vec, frozen",
    "Word2Vec, trained on",
    "Word2Vec of as much text, trained on",
    "random, frozen",
)
LABEL_ARMS = (
    "random, trained",
    "model's own, frozen",
    "model's own, trained on",
    "Word2Vec, frozen",
    "Word2Vec, trained on",
    "random, frozen",
)


@dataclass(frozen=True)
class Comparison:
    """What was measured.

    Attributes:
        bits_per_byte: for each arm of the first task, (seeds, observations) on held-out text.
        accuracy: for each arm of the second task and number of labels, one for each seed.
        positive: the share of positive sentences among those tested.
        text_bytes, text_tokens: the size of the text that Word2Vec and the models learned from.
        model_tokens: how many of them a model was trained on.
        seconds: what all of it took.
    """

    bits_per_byte: dict[str, list[list[float]]]
    accuracy: dict[str, dict[int, list[float]]]
    positive: float
    text_bytes: int
    text_tokens: int
    model_tokens: int
    seconds: float


@dataclass(frozen=True)
class Text:
    """The text in tokens: whole documents, one stream, and held-out excerpts."""

    vocabulary: Vocabulary
    documents: list[list[int]]
    stream: Tensor
    held_out: Tensor


def read_text() -> Text:
    """Read the training text and learn its vocabulary."""
    texts = read_documents("train")
    alphabet = [bytes([byte]) for byte in range(256)]
    words = tokenization.count_words(texts)
    merges = tokenization.train_bpe_fast(words, alphabet, VOCABULARY_SIZE - len(alphabet) - 1)
    vocabulary = nested_vocabulary(merges, VOCABULARY_SIZE)
    stream = to_stream(texts, vocabulary)
    ends = (stream == vocabulary.end).nonzero().flatten().tolist()
    starts = [0, *(end + 1 for end in ends)]
    cut = [stream[start:end].tolist() for start, end in zip(starts, ends, strict=False)]
    held_out = to_stream(excerpts(read_documents("validation"), 25), vocabulary)
    return Text(vocabulary, cut, stream, held_out)


def as_much_text(text: Text, seed: int) -> list[list[int]]:
    """Draw as many windows of text as a model is trained on, of the same length."""
    generator = torch.Generator().manual_seed(seed)
    windows = RECIPE.steps * BATCH
    return sample_batch(text.stream, windows, CONFIGURATION.context_length, generator)[0].tolist()


def word2vec_table(texts: Sequence[Sequence[int]], settings: Word2VecSettings, seed: int) -> Tensor:
    """Learn Word2Vec's vectors for the tokens; (vocabulary_size, width).

    A token that stands in none of the texts, such as the end, gets a random row.
    """
    generator = torch.Generator().manual_seed(seed)
    sentences = [[str(token) for token in tokens] for tokens in texts]
    names, learned = train_word2vec(sentences, settings, generator)
    table = torch.randn(VOCABULARY_SIZE, WIDTH, generator=generator) * learned.std()
    table[[int(name) for name in names]] = learned
    return table


def scaled(table: Tensor, size: float = SIZE) -> Tensor:
    """Scale a table so that the root of the mean square of its entries is `size`."""
    return table * (size / table.square().mean().sqrt())


def random_table(seed: int) -> Tensor:
    """Draw a table of independent normal entries; (vocabulary_size, width)."""
    generator = torch.Generator().manual_seed(1_000 + seed)
    return scaled(torch.randn(VOCABULARY_SIZE, WIDTH, generator=generator))


def train_language(
    text: Text, table: Tensor, frozen: bool, seed: int
) -> tuple[list[float], Tensor]:
    """Train a small model to predict the next token.

    Everything but the table of embeddings, the order of the batches included, depends on the seed
    alone.

    Args:
        text: what to learn from.
        table: (vocabulary_size, width), the embeddings to start from.
        frozen: whether they stay as they are.
        seed: of the other weights and the batches.

    Returns:
        Bits per byte of held-out text at each observation, and the embeddings in the end.
    """
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(CONFIGURATION, causal=True, generator=generator)
    model.token_embedding.weight.data = table.clone()
    model.token_embedding.weight.requires_grad_(not frozen)
    lengths = text.vocabulary.byte_lengths()

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text.stream, BATCH, CONFIGURATION.context_length, generator)
        return token_loss(model(inputs), targets)

    def observe(step: int) -> dict[str, float]:
        return {"bits": measure_bits_per_byte(model, text.held_out, lengths)}

    history = train(model, loss, RECIPE, observe, OBSERVED)
    return history.column("bits"), model.token_embedding.weight.detach()


class AverageClassifier(nn.Module):
    """The average of a sentence's token vectors, and a linear layer."""

    def __init__(self, table: Tensor, frozen: bool) -> None:
        """Start with an answer of one half for every sentence."""
        super().__init__()
        self.table = nn.Parameter(table.clone(), requires_grad=not frozen)
        self.output = nn.Linear(table.shape[1], 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, shares: Tensor) -> Tensor:
        """(batch, vocabulary_size), each token's share of a sentence -> logits (batch,)."""
        return self.output(shares @ self.table).squeeze(1)


@dataclass(frozen=True)
class Sentences:
    """Labelled sentences: each token's share (count, vocabulary_size), and 1 where positive."""

    shares: Tensor
    positive: Tensor


def labelled(vocabulary: Vocabulary, split: Split) -> Sentences:
    """Return the movie reviews' sentences, those scored 0 left out."""
    reviews = [review for review in corpora.reviews("movies", split) if review.score != 0]
    shares = torch.zeros(len(reviews), VOCABULARY_SIZE)
    encoded = vocabulary.encode_each(" " + review.sentence for review in reviews)
    for row, ids in zip(shares, encoded, strict=True):
        tokens = torch.tensor(ids)
        row.index_add_(0, tokens, torch.full((len(tokens),), 1 / len(tokens)))
    return Sentences(shares, torch.tensor([float(review.score > 0) for review in reviews]))


def standardized(table: Tensor, shares: Tensor) -> Tensor:
    """Shift and stretch a table so that the sentences' averages have mean 0 and deviation 1.

    Args:
        table: (vocabulary_size, width).
        shares: (count, vocabulary_size), each row adds up to 1.
    """
    average = shares @ table
    return (table - average.mean(dim=0)) / average.std(dim=0)


def train_labels(
    sentences: dict[Split, Sentences], table: Tensor, frozen: bool, labels: int, seed: int
) -> float:
    """Train a classifier on so many sentences and return its accuracy on the test sentences.

    Of the states it goes through, the one that is best on the validation sentences is tested.
    """
    generator = torch.Generator().manual_seed(seed)
    known, validation, test = (sentences[split] for split in ("train", "validation", "test"))
    chosen = torch.randperm(len(known.shares), generator=generator)[:labels]
    table = standardized(table, known.shares)
    if frozen:  # averages that stay as they are need to be taken only once
        known, validation, test = (
            Sentences(some.shares @ table, some.positive) for some in (known, validation, test)
        )
        table = torch.eye(table.shape[1])
    model = AverageClassifier(table, frozen)

    def loss(model: AverageClassifier, step: int) -> Tensor:
        some = chosen[torch.randint(len(chosen), (LABEL_BATCH,), generator=generator)]
        logits = model(known.shares[some])
        return nn.functional.binary_cross_entropy_with_logits(logits, known.positive[some])

    def accuracy(some: Sentences) -> float:
        return ((model(some.shares) > 0) == (some.positive > 0)).double().mean().item()

    def observe(step: int) -> dict[str, float]:
        return {"validation": accuracy(validation), "test": accuracy(test)}

    recipe = Recipe(LABEL_STEPS, LABEL_PEAK, warmup_steps=10, floor=LABEL_PEAK / 10)
    history = train(model, loss, recipe, observe, range(20, LABEL_STEPS + 1, 20))
    best = max(history.observations, key=lambda seen: seen["validation"])
    return best["test"]


def _compare() -> dict[str, object]:
    text = read_text()
    bits: dict[str, list[list[float]]] = {arm: [] for arm in LANGUAGE_ARMS}

    def run(arm: str, table: Tensor, seed: int) -> Tensor:
        found, learned = train_language(text, table, arm.endswith("frozen"), seed)
        bits[arm].append(found)
        print(f"{arm}, seed {seed}: {found[-1]:.3f} bits per byte", flush=True)
        return learned

    random = [random_table(seed) for seed in SEEDS]
    word2vec = [scaled(word2vec_table(text.documents, WORD2VEC, seed)) for seed in SEEDS]
    once = replace(WORD2VEC, epochs=1)
    as_much = [scaled(word2vec_table(as_much_text(text, seed), once, seed)) for seed in SEEDS]
    own = [
        scaled(run("own, learned", table, seed)) for table, seed in zip(random, SEEDS, strict=True)
    ]
    for place, seed in enumerate(SEEDS):
        run("own of another run, frozen", own[place - 1], seed)
        run("Word2Vec, frozen", word2vec[place], seed)
        run("Word2Vec, trained on", word2vec[place], seed)
        run("Word2Vec of as much text, trained on", as_much[place], seed)
        run("random, frozen", random[place], seed)
    sentences = {
        split: labelled(text.vocabulary, split) for split in ("train", "validation", "test")
    }
    accuracy: dict[str, dict[int, list[float]]] = {
        arm: {labels: [] for labels in LABELS} for arm in LABEL_ARMS
    }
    for place, seed in enumerate(SEEDS):
        tables = {"random": random[place], "model's own": own[place], "Word2Vec": word2vec[place]}
        for arm in LABEL_ARMS:
            table, frozen = tables[arm.split(",")[0]], arm.endswith("frozen")
            for labels in LABELS:
                found = train_labels(sentences, table, frozen, labels, seed)
                accuracy[arm][labels].append(found)
    for arm, by_labels in accuracy.items():
        print(arm, {labels: f"{sum(a) / len(a):.3f}" for labels, a in by_labels.items()})
    return {
        "bits_per_byte": bits,
        "accuracy": accuracy,
        "positive": sentences["test"].positive.mean().item(),
        "text_bytes": int(text.vocabulary.byte_lengths()[text.stream].sum()),
        "text_tokens": len(text.stream),
        "model_tokens": RECIPE.steps * BATCH * CONFIGURATION.context_length,
    }


def _make() -> Checkpoint:
    began = time.perf_counter()
    record = _compare()
    return Checkpoint({}, {**record, "seconds": time.perf_counter() - began})


def _begin() -> Checkpoint:
    text = read_text()
    table = scaled(word2vec_table(text.documents[:200], replace(WORD2VEC, epochs=1), SEEDS[0]))
    sentences = {
        split: labelled(text.vocabulary, split) for split in ("train", "validation", "test")
    }
    record = {
        "bits": [train_language(text, table, frozen, SEEDS[0])[0] for frozen in (True, False)],
        "accuracy": [
            train_labels(sentences, table, frozen, LABELS[0], SEEDS[0]) for frozen in (True, False)
        ],
        "size": standardized(table, sentences["test"].shares).norm().item(),
    }
    return Checkpoint({}, record)


def _settings() -> dict[str, Any]:
    return {
        "seeds": SEEDS,
        "configuration": str(CONFIGURATION),
        "batch": BATCH,
        "recipe": str(RECIPE),
        "observed": OBSERVED,
        "word2vec": str(WORD2VEC),
        "size": SIZE,
        "every": EVERY,
        "labels": (LABELS, LABEL_STEPS, LABEL_BATCH, LABEL_PEAK),
    }


TRAINING = Training(
    "native-embeddings",
    _settings,
    {"all arms": _make},
    beginnings={"both tasks": _begin},
)


def native_embeddings() -> Comparison:
    """Return the measurements."""
    record = trained(TRAINING)["all arms"].record
    # JSON turns whole numbers that are keys into text
    accuracy = {
        arm: {int(labels): found for labels, found in by_labels.items()}
        for arm, by_labels in record["accuracy"].items()
    }
    return Comparison(**{**record, "accuracy": accuracy})


if __name__ == "__main__":
    sys.exit(main(["native-embeddings"]))
