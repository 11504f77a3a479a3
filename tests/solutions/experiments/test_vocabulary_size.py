"""Equal computing: what is counted, and that the vocabularies compared are cut from one list."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from solutions import tokenization
from solutions.experiments import vocabulary_size
from solutions.experiments.base_model import to_stream
from solutions.experiments.vocabulary_size import (
    excerpts,
    multiplications_per_token,
    nested_vocabulary,
    train_one,
)
from solutions.transformer import Configuration, Transformer

ALPHABET = [bytes([byte]) for byte in range(256)]
TEXT = "the cat sat on the mat and the rat sat on the hat. " * 40


@pytest.fixture
def merges() -> list[tuple[bytes, bytes]]:
    return tokenization.train_bpe(tokenization.count_words([TEXT]), ALPHABET, 20)


@pytest.mark.parametrize(("layers", "width", "size"), [(1, 8, 50), (3, 16, 300)])
def test_multiplications_are_those_that_pytorch_counts(layers, width, size):
    configuration = Configuration(
        vocabulary_size=size, context_length=12, layers=layers, width=width, heads=2
    )
    model = Transformer(configuration, causal=True)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 12, dtype=torch.long))
    # PyTorch counts a multiplication and its addition as two, and the scores of all pairs, of
    # which a causal model needs half: as many multiplications as those left out here
    both_halves = multiplications_per_token(configuration) + layers * 12 * width
    linear_only = both_halves - 2 * layers * 12 * width
    assert counter.get_total_flops() in (2 * 12 * both_halves, 2 * 12 * linear_only)


def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(merges):
    small, large = nested_vocabulary(merges, 260), nested_vocabulary(merges, 270)
    assert len(small.tokens) == 260
    assert len(large.tokens) == 270
    assert small.tokens[:-1] == large.tokens[:259]
    assert nested_vocabulary(merges, 257).merges == []
    assert small.decode(small.encode(TEXT)) == TEXT


def test_excerpts_are_equally_spaced_and_reach_both_ends():
    text = "".join(map(chr, range(1_000)))
    pieces = excerpts([text], count=4, length=100)
    assert pieces == [text[place : place + 100] for place in (0, 300, 600, 900)]


@pytest.mark.parametrize("size", [257, 276])
def test_training_costs_the_budget_to_within_a_step(merges, size):
    vocabulary = nested_vocabulary(merges, size)
    stream = to_stream([TEXT], vocabulary)
    run = train_one(vocabulary, stream, stream, 2e9, 0)
    configuration = Configuration(
        vocabulary_size=size,
        context_length=round(vocabulary_size.WINDOW_BYTES / run.bytes_per_token),
        layers=vocabulary_size.LAYERS,
        width=vocabulary_size.WIDTH,
        heads=vocabulary_size.HEADS,
    )
    per_token = 3 * multiplications_per_token(configuration)
    step = per_token * (vocabulary_size.STEP_TOKENS + configuration.context_length)
    assert abs(run.tokens * per_token - 2e9) < step
    assert 0 < run.bits_per_byte < 8
    assert run.bytes_per_token == pytest.approx(len(TEXT) / len(stream), rel=0.01)


def test_sizes_and_budgets_are_crossed_with_every_seed(monkeypatch):
    asked = []
    monkeypatch.setattr(vocabulary_size, "SIZES", (257, 260))
    monkeypatch.setattr(vocabulary_size, "SEEDS", (0, 1))
    monkeypatch.setattr(vocabulary_size, "read_documents", lambda split: [TEXT])
    run = vocabulary_size.Run(257, 1.0, 0, 1.0, 1, 1.0, 1.0)
    monkeypatch.setattr(
        vocabulary_size,
        "train_one",
        lambda words, text, held_out, budget, seed: (
            asked.append((len(words.tokens), budget, seed)) or run
        ),
    )
    vocabulary_size._merges.cache_clear()
    made = [vocabulary_size._runs(size).record["runs"] for size in vocabulary_size.SIZES]
    vocabulary_size._merges.cache_clear()
    assert sum(map(len, made)) == len(set(asked)) == 2 * len(vocabulary_size.BUDGETS) * 2
