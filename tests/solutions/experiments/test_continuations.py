"""Whether a model would write an answer, held against letting it write."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from solutions.experiments.continuations import next_tokens, would_write
from solutions.transformer import Configuration, Transformer, generate


@pytest.fixture
def tokenizer() -> Tokenizer:
    letters = {letter: place for place, letter in enumerate("abcdefgh")}
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return tokenizer


@pytest.fixture
def model() -> Transformer:
    configuration = Configuration(vocabulary_size=8, context_length=16, layers=2, width=8, heads=2)
    drawn = torch.Generator().manual_seed(0)
    model = Transformer(configuration, causal=True, generator=drawn).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=drawn)
    return model


def written(model: Transformer, tokenizer: Tokenizer, text: str) -> str:
    tokens = torch.tensor([tokenizer.encode(text).ids])
    new = generate(model, tokens, 3, temperature=0)[0, tokens.shape[1] :]
    return "".join(tokenizer.id_to_token(token) for token in new.tolist())


def test_what_the_model_writes_is_what_it_would_write(model, tokenizer):
    questions = ["bc", "d", "gha"]
    answers = [written(model, tokenizer, "ab" + question) for question in questions]
    pairs = list(zip(questions, answers, strict=True))
    assert would_write(model, tokenizer, "ab", pairs) == [True] * 3


@pytest.mark.parametrize("place", range(3))
def test_one_wrong_token_anywhere_is_enough(model, tokenizer, place):
    answer = list(written(model, tokenizer, "abd"))
    answer[place] = "h" if answer[place] != "h" else "g"
    assert would_write(model, tokenizer, "ab", [("d", "".join(answer))]) == [False]


def test_the_likeliest_tokens_come_first_and_as_likely_as_softmax_says(model, tokenizer):
    found = next_tokens(model, tokenizer, "abc", 8)
    expected = model(torch.tensor([[0, 1, 2]]))[0, -1].softmax(-1)
    assert [chance for _, chance in found] == pytest.approx(sorted(expected.tolist(), reverse=True))
    assert found[0][0] == "abcdefgh"[expected.argmax()]
