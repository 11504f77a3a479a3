"""The base model's tokens and measurements; that it trains is shown where it is used."""

import math

import pytest
import torch

from solutions.experiments.base_model import Vocabulary, excerpt, measure_bits_per_byte, to_stream
from solutions.transformer import Configuration, Transformer


@pytest.fixture
def vocabulary() -> Vocabulary:
    alphabet = [bytes([byte]) for byte in range(256)]
    return Vocabulary([*alphabet, b"th", b"the", b"<|end|>"], [(b"t", b"h"), (b"th", b"e")])


def test_text_comes_back_and_the_end_is_one_token(vocabulary):
    ids = vocabulary.encode("the thé<|end|>")
    assert ids[0] == 257
    assert ids[-1] == vocabulary.end == 258
    assert vocabulary.decode(ids) == "the thé<|end|>"


def test_every_document_is_followed_by_the_end(vocabulary):
    assert to_stream(["the", "th"], vocabulary).tolist() == [257, 258, 256, 258]


@pytest.mark.parametrize("texts", [[], [""], ["the cat", "", "sat on the mat.\n", "the rat "]])
def test_texts_encoded_in_one_go_are_those_encoded_one_by_one(vocabulary, texts):
    one_by_one = [vocabulary.encode(text) for text in texts]
    assert vocabulary.encode_each(texts) == one_by_one
    stream = [token for row in one_by_one for token in (*row, vocabulary.end)]
    assert to_stream(texts, vocabulary).tolist() == stream


def test_token_bytes_add_up_to_the_text(vocabulary):
    text = "the thé"
    ids = torch.tensor(vocabulary.encode(text))
    assert vocabulary.byte_lengths()[ids].sum() == len(text.encode())
    assert vocabulary.byte_lengths()[vocabulary.end] == 0


def test_a_model_that_knows_nothing_needs_the_bits_of_an_even_guess():
    model = Transformer(
        Configuration(vocabulary_size=16, context_length=8, layers=1, width=4, heads=1), causal=True
    )
    torch.nn.init.zeros_(model.token_embedding.weight)
    tokens = torch.randint(16, (65,), generator=torch.Generator().manual_seed(0))
    bits = measure_bits_per_byte(model, tokens, torch.full((16,), 2))
    assert bits == pytest.approx(math.log2(16) / 2)


def test_an_excerpt_takes_stretches_from_all_over():
    taken = excerpt(torch.arange(10_000), stretches=4)
    assert len(taken) == 4 * 512
    assert taken[0] == 0
    assert taken[-1] == 9_999
