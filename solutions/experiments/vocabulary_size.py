"""Small models that differ in their vocabulary and are trained with the same amount of computing.

`vocabulary_sizes()` returns the measurements. `python -m solutions.experiments.vocabulary_size`
makes them anew.
"""

import functools
import sys
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

from solutions import tokenization
from solutions.experiments.anew import main
from solutions.experiments.base_model import (
    END,
    Vocabulary,
    documents,
    measure_bits_per_byte,
    to_stream,
)
from solutions.experiments.loop import Recipe, token_loss, train
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.materials.corpora import Split
from solutions.self_supervision import sample_batch
from solutions.transformer import Configuration, Transformer

SIZES = (257, 1_024, 4_096, 16_384)
SEEDS = (0, 1, 2)
BUDGETS = (1e10, 3e10)  # multiplications of one training
WINDOW_BYTES = 256  # of text in a window, whatever the vocabulary
STEP_TOKENS = 512  # about so many tokens in a batch
EVERY = 4  # one document in so many is read
LAYERS, WIDTH, HEADS = 2, 32, 2
PEAK = 4e-3


@dataclass(frozen=True)
class Run:
    """One model.

    Attributes:
        size: tokens in its vocabulary, the end of a document included.
        budget: the multiplications of its training.
        seed: of its weights and its batches.
        bytes_per_token: of the training text.
        tokens: how many it was trained on.
        bits_per_byte: on held-out text, after the last update.
        seconds: what the updates took.
    """

    size: int
    budget: float
    seed: int
    bytes_per_token: float
    tokens: int
    bits_per_byte: float
    seconds: float


def multiplications_per_token(configuration: Configuration) -> int:
    """Count the multiplications of a forward pass for each token of a full window.

    Matrices of weights, the output included, take one for each weight. In causal attention a token
    meets half of the window on average, once for the scores and once for the values. Norms,
    softmax, rotations and looking up embeddings are left out.

    Args:
        configuration: with GPT-2's feed-forward layer and an output.
    """
    width = configuration.width
    inner = configuration.feed_forward_width or 4 * width
    layer = 4 * width**2 + 2 * width * inner + configuration.context_length * width
    return configuration.layers * layer + configuration.vocabulary_size * width


def read_documents(split: Split) -> list[str]:
    """Return every fourth document of the course's running text."""
    return documents(split)[::EVERY]


def excerpts(texts: list[str], count: int = 40, length: int = 1_500) -> list[str]:
    """Cut pieces of so many characters, equally spaced, out of the joined texts."""
    joined = "\n".join(texts)
    space = (len(joined) - length) // (count - 1)
    return [joined[place * space : place * space + length] for place in range(count)]


def nested_vocabulary(merges: list[tuple[bytes, bytes]], size: int) -> Vocabulary:
    """Return the vocabulary of so many tokens that the first merges make.

    Args:
        merges: in the order in which they were learned; at least `size` - 257.
        size: at least 257: the single bytes and the end of a document.
    """
    alphabet = [bytes([byte]) for byte in range(256)]
    kept = merges[: size - len(alphabet) - 1]
    return Vocabulary([*tokenization.build_vocabulary(alphabet, kept), END.encode()], kept)


def train_one(
    vocabulary: Vocabulary, text: Tensor, held_out: Tensor, budget: float, seed: int
) -> Run:
    """Train a model on a text in tokens and measure it on another.

    Its windows hold about `WINDOW_BYTES` bytes, and it makes as many updates as fit into
    the budget of multiplications, a backward pass counted as two forward passes.
    """
    lengths = vocabulary.byte_lengths()
    bytes_per_token = lengths[text].double().mean().item()
    configuration = Configuration(
        vocabulary_size=len(vocabulary.tokens),
        context_length=round(WINDOW_BYTES / bytes_per_token),
        layers=LAYERS,
        width=WIDTH,
        heads=HEADS,
        positions="rotary",  # learned ones take most of a short training to be of use
    )
    batch = round(STEP_TOKENS / configuration.context_length)
    step_tokens = batch * configuration.context_length
    per_token = 3 * multiplications_per_token(configuration)
    steps = round(budget / (per_token * step_tokens))
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(configuration, causal=True, generator=generator)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, batch, configuration.context_length, generator)
        return token_loss(model(inputs), targets)

    history = train(model, loss, Recipe(steps, PEAK, warmup_steps=steps // 10, floor=PEAK / 10))
    bits = measure_bits_per_byte(model.eval(), held_out, lengths)
    return Run(
        size=len(vocabulary.tokens),
        budget=budget,
        seed=seed,
        bytes_per_token=bytes_per_token,
        tokens=steps * step_tokens,
        bits_per_byte=bits,
        seconds=history.seconds,
    )


@functools.cache
def _merges() -> list[tuple[bytes, bytes]]:
    alphabet = [bytes([byte]) for byte in range(256)]
    words = tokenization.count_words(read_documents("train"))
    return tokenization.train_bpe_fast(words, alphabet, max(SIZES) - len(alphabet) - 1)


def _runs(size: int) -> Checkpoint:
    texts, held_out = read_documents("train"), excerpts(read_documents("validation"))
    vocabulary = nested_vocabulary(_merges(), size)
    text, held_out_tokens = to_stream(texts, vocabulary), to_stream(held_out, vocabulary)
    runs = [
        train_one(vocabulary, text, held_out_tokens, budget, seed)
        for budget, seed in product(BUDGETS, SEEDS)
    ]
    return Checkpoint({}, {"runs": [asdict(run) for run in runs]})


def _begin() -> Checkpoint:
    made = _runs(SIZES[1])
    return Checkpoint({}, {"bits": [run["bits_per_byte"] for run in made.record["runs"]]})


def _settings() -> dict[str, Any]:
    return {
        "sizes": SIZES,
        "seeds": SEEDS,
        "budgets": BUDGETS,
        "window": WINDOW_BYTES,
        "step": STEP_TOKENS,
        "every": EVERY,
        "shape": (LAYERS, WIDTH, HEADS),
        "peak": PEAK,
    }


TRAINING = Training(
    "vocabulary-size",
    _settings,
    {f"{size:,} tokens": functools.partial(_runs, size) for size in SIZES},
    beginnings={"the second size": _begin},
)


def vocabulary_sizes() -> list[Run]:
    """Return one run for each size, budget and seed."""
    made = trained(TRAINING).values()
    return [Run(**run) for one in made for run in one.record["runs"]]


if __name__ == "__main__":
    sys.exit(main(["vocabulary-size"]))
