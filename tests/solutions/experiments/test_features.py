"""Frozen features are means over a text's own positions, and MiniLM's are its sentence vectors."""

import pytest
import torch

from solutions.experiments.features import mean_features
from solutions.materials import pretrained
from solutions.materials.packages import PackageError
from solutions.transformer import Configuration, Transformer


@pytest.fixture(params=[True, False], ids=["causal", "bidirectional"])
def model(request) -> Transformer:
    configuration = Configuration(
        vocabulary_size=9, context_length=6, layers=2, width=8, heads=2, norm_place="before"
    )
    generator = torch.Generator().manual_seed(0)
    return Transformer(configuration, causal=request.param, generator=generator).eval()


def test_features_do_not_depend_on_what_else_is_in_the_batch(model):
    rows = [[1, 2, 3, 4], [5], [6, 7], [8, 1, 2]] * 20
    together = mean_features(model, rows)
    alone = torch.cat([mean_features(model, [row]) for row in rows])
    torch.testing.assert_close(together, alone)


def test_features_are_the_mean_of_the_last_hidden_states(model):
    with torch.no_grad():
        expected = model.hidden_states(torch.tensor([[3, 1, 4]])).mean(dim=1)
    torch.testing.assert_close(mean_features(model, [[3, 1, 4]]), expected)


def test_a_text_beyond_the_context_is_cut_off(model):
    torch.testing.assert_close(
        mean_features(model, [[1, 2, 3, 4, 5, 6, 7, 8]]), mean_features(model, [[1, 2, 3, 4, 5, 6]])
    )


def test_minilms_features_point_where_its_sentence_vectors_do():
    try:
        model, tokenizer = pretrained.load_minilm(), pretrained.minilm_tokenizer()
    except PackageError as missing:
        pytest.skip(str(missing))
    texts = ["A film to remember.", "Tedious."]
    features = mean_features(model, [tokenizer.encode(text).ids for text in texts])
    tokens, mask = pretrained.padded_batch(tokenizer, texts)
    with torch.no_grad():
        expected = pretrained.sentence_vectors(model.hidden_states(tokens, mask=mask), mask)
    torch.testing.assert_close(torch.nn.functional.normalize(features), expected)
