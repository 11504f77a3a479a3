"""Comparing embeddings: the arms differ in the table only."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from solutions.experiments import native_embeddings as native
from solutions.experiments.vocabulary_size import nested_vocabulary

TEXT = "the cat sat on the mat. " * 60


@pytest.fixture
def text(monkeypatch) -> native.Text:
    monkeypatch.setattr(native, "VOCABULARY_SIZE", 257)
    small = native.Configuration(
        vocabulary_size=257, context_length=8, layers=1, width=8, heads=1, tied_output=False
    )
    monkeypatch.setattr(native, "CONFIGURATION", small)
    monkeypatch.setattr(native, "WIDTH", 8)
    monkeypatch.setattr(native, "WORD2VEC", native.Word2VecSettings(width=8, minimum_count=1))
    monkeypatch.setattr(native, "RECIPE", native.Recipe(steps=30, peak=1e-2))
    monkeypatch.setattr(native, "OBSERVED", (10, 30))
    vocabulary = nested_vocabulary([], 257)
    tokens = vocabulary.encode(TEXT)
    stream = torch.tensor(tokens)
    return native.Text(vocabulary, [tokens], stream, stream[:200])


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_frozen_table_stays_and_a_trained_one_moves(text):
    table = torch.randn(257, 8, generator=seeded(0))
    assert torch.equal(native.train_language(text, table, True, 0)[1], table)
    assert not torch.equal(native.train_language(text, table, False, 0)[1], table)


def test_the_arms_of_a_seed_differ_in_the_table_only(text):
    table = torch.randn(257, 8, generator=seeded(0))
    once = native.train_language(text, table, False, 3)
    torch.randn(5)  # the global generator has no say
    again = native.train_language(text, table, False, 3)
    assert once[0] == again[0]
    assert torch.equal(once[1], again[1])
    assert native.train_language(text, -table, False, 3)[0] != once[0]
    assert native.train_language(text, table, False, 4)[0] != once[0]


def test_random_tables_have_the_size_of_all_others(text):
    first, second = native.random_table(0), native.random_table(1)
    assert first.square().mean().sqrt().item() == pytest.approx(native.SIZE)
    assert not torch.equal(first, second)


def test_learning_is_seen(text):
    found, _ = native.train_language(text, native.random_table(0), False, 0)
    assert len(found) == 2
    assert found[1] < found[0]


def test_word2vecs_rows_belong_to_their_tokens(text):
    table = native.word2vec_table(text.documents, native.WORD2VEC, 0)
    sentences = [[str(token) for token in tokens] for tokens in text.documents]
    names, learned = native.train_word2vec(sentences, native.WORD2VEC, seeded(0))
    assert table.shape == (257, 8)
    for name, row in zip(names, learned, strict=True):
        assert torch.equal(table[int(name)], row)


def test_as_much_text_is_as_much_as_a_model_reads_and_stands_in_the_text(text):
    drawn = native.as_much_text(text, 0)
    assert len(drawn) == native.RECIPE.steps * native.BATCH
    whole = bytes(text.stream.tolist())
    assert {len(window) for window in drawn} == {native.CONFIGURATION.context_length}
    assert all(bytes(window) in whole for window in drawn)


def test_scaling_keeps_directions():
    table = torch.randn(20, 4, generator=seeded(0))
    result = native.scaled(table, 0.25)
    assert result.square().mean().sqrt().item() == pytest.approx(0.25)
    torch.testing.assert_close(result / table, (result / table)[0, 0].expand_as(table))


def test_standardized_averages_have_mean_zero_and_deviation_one():
    table = torch.randn(12, 6, generator=seeded(0)) * 3 + 1
    shares = torch.rand(50, 12, generator=seeded(1))
    shares = shares / shares.sum(1, keepdim=True)
    average = shares @ native.standardized(table, shares)
    torch.testing.assert_close(average.mean(0), torch.zeros(6), atol=1e-4, rtol=0)
    torch.testing.assert_close(average.std(0), torch.ones(6))


def test_the_average_classifier_is_a_linear_one_on_average_vectors(monkeypatch):
    monkeypatch.setattr(native, "LABEL_STEPS", 400)
    table = torch.randn(12, 6, generator=seeded(0))
    shares = torch.rand(600, 12, generator=seeded(1)).softmax(1)
    shares = torch.nn.functional.one_hot(torch.randint(12, (600,), generator=seeded(2)), 12) * 1.0
    positive = ((shares @ table)[:, 0] > 0).float()
    parts = {
        split: native.Sentences(shares[part], positive[part])
        for split, part in (
            ("train", slice(0, 400)),
            ("validation", slice(400, 500)),
            ("test", slice(500, 600)),
        )
    }
    found = native.train_labels(parts, table, True, 400, 0)
    features = shares @ table
    theirs = LogisticRegression().fit(features[:400], positive[:400])
    assert found >= theirs.score(features[500:], positive[500:]) - 0.05
    assert native.train_labels(parts, table, False, 400, 0) > 0.95


def test_a_sentences_shares_add_up_and_scores_of_zero_are_left_out():
    vocabulary = nested_vocabulary([], 257)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "VOCABULARY_SIZE", 257)
        sentences = native.labelled(vocabulary, "test")
    torch.testing.assert_close(sentences.shares.sum(1), torch.ones(len(sentences.shares)))
    scores = [review.score for review in native.corpora.reviews("movies", "test")]
    assert len(sentences.positive) == sum(score != 0 for score in scores)
    assert sentences.positive.sum() == sum(score > 0 for score in scores)
