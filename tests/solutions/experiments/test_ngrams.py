"""N-gram models, held against counts by hand, a plain implementation and each other."""

import gzip
import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from solutions.experiments import ngrams
from solutions.experiments.base_model import measure_bits_per_byte
from solutions.transformer import Configuration, Transformer

TEXTS = st.lists(st.integers(0, 4), min_size=5, max_size=40)


def plain_kneser_ney(tokens: list[int], order: int, size: int):
    """The textbook's recursion, word by word, with dictionaries."""
    tables = []
    for k in range(1, order + 1):
        if k == order:
            counts = Counter(tuple(tokens[i : i + k]) for i in range(len(tokens) - k + 1))
        else:
            # how many different longer sequences end in this one, itself counted from above
            longer = tables_of_all(tokens, order, k + 1)
            counts = Counter(sequence[1:] for sequence in longer)
        tables.append(counts)

    def probability(context: tuple[int, ...], token: int) -> float:
        k = len(context) + 1
        below = probability(context[1:], token) if context else 1 / size
        counts = tables[k - 1]
        followers = {key[-1]: n for key, n in counts.items() if key[:-1] == context}
        if not followers:
            return below
        ones, twos = (sum(n == m for n in counts.values()) for m in (1, 2))
        discount = ones / (ones + 2 * twos) if ones and twos else 0.5
        total = sum(followers.values())
        kept = max(followers.get(token, 0) - discount, 0) / total
        return kept + discount * len(followers) / total * below

    return probability


def tables_of_all(tokens: list[int], order: int, k: int) -> set[tuple[int, ...]]:
    """Different k-grams that occur as the end of an n-gram of the highest order."""
    return {tuple(tokens[i + order - k : i + order]) for i in range(len(tokens) - order + 1)}


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_it_gives_the_probabilities_of_the_textbooks_recursion(train, held_out, order):
    model = ngrams.fit(torch.tensor(train), order, 5)
    plain = plain_kneser_ney(train, order, 5)
    ours = model.log_probabilities(torch.tensor(held_out)).exp()
    for i, token in enumerate(held_out):
        context = tuple(held_out[max(0, i - order + 1) : i])
        assert ours[i].item() == pytest.approx(plain(context, token), rel=1e-9)


@given(TEXTS, st.lists(st.integers(0, 4), max_size=6), st.integers(0, 4))
def test_every_context_has_a_distribution_that_sums_to_one(train, context, order):
    model = ngrams.fit(torch.tensor(train), order, 5)
    distribution = model.distribution(torch.tensor(context, dtype=torch.long))
    assert distribution.sum().item() == pytest.approx(1)
    assert (distribution > 0).all()


@given(TEXTS, st.integers(0, 4))
def test_the_distribution_and_the_text_agree(train, order):
    model = ngrams.fit(torch.tensor(train), order, 5)
    text = torch.tensor([*train[::-1], 4])
    last = model.log_probabilities(text)[-1].exp().item()
    assert model.distribution(text[:-1])[4].item() == pytest.approx(last)


def test_order_0_is_an_even_guess_and_order_1_counts():
    text = torch.tensor([0, 0, 0, 1, 1, 2])
    even = ngrams.fit(text, 0, 8).log_probabilities(text)
    assert even.tolist() == pytest.approx([-math.log(8)] * 6)
    # one count of 1 and one of 2: discount 1/3; three ids share it, over eight
    single = ngrams.fit(text, 1, 8).distribution(torch.tensor([], dtype=torch.long))
    assert single[0].item() == pytest.approx((3 - 1 / 3) / 6 + 1 / 6 / 8)
    assert single[7].item() == pytest.approx(1 / 6 / 8)


def test_a_pattern_of_three_is_learned_by_order_3_and_not_by_order_1():
    pattern = torch.tensor([0, 1, 1] * 200)
    bits = {
        order: ngrams.bits_per_byte(ngrams.fit(pattern, order, 2), pattern, torch.ones(2))
        for order in (0, 1, 3)
    }
    assert bits[0] == pytest.approx(1)
    assert bits[1] == pytest.approx(
        -(1 / 3) * math.log2(1 / 3) - (2 / 3) * math.log2(2 / 3), abs=0.01
    )
    assert bits[3] < 0.05


def test_the_even_guess_is_measured_as_a_transformer_that_knows_nothing():
    model = Transformer(
        Configuration(vocabulary_size=16, context_length=8, layers=1, width=4, heads=1), causal=True
    )
    torch.nn.init.zeros_(model.token_embedding.weight)
    tokens = torch.randint(16, (65,), generator=torch.Generator().manual_seed(0))
    byte_lengths = torch.arange(1, 17)
    theirs = measure_bits_per_byte(model, tokens, byte_lengths)
    ours = ngrams.bits_per_byte(ngrams.fit(tokens, 0, 16), tokens, byte_lengths)
    assert ours == pytest.approx(theirs)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="needs at least 3 tokens"):
        ngrams.fit(torch.tensor([1, 2]), 3, 8)
    with pytest.raises(ValueError, match="too high"):
        ngrams.fit(torch.zeros(10, dtype=torch.long), 6, 2_048)


def test_gzips_bits_are_those_of_its_file():
    text = "to be or not to be, that is the question: " * 20
    size = len(gzip.compress(text.encode(), 9))
    assert ngrams.gzip_bits_per_byte(text) == 8 * size / len(text)
    assert ngrams.gzip_bits_per_byte(text) < 1 < ngrams.gzip_bits_per_byte("qwertyuiop")
