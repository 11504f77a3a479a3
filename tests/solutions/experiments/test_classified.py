"""The runs of classification: fair draws, labels that stay with their sentences."""

import pytest
import torch

from solutions.experiments import classified
from solutions.experiments.classified import drawn_labels, labeled_sentences, predicts, sentences
from solutions.materials import corpora
from solutions.materials.corpora import Review


@pytest.fixture
def reviews(monkeypatch) -> list[Review]:
    found = [Review(f"sentence {i}", (i % 3) - 1.0, f"review {i // 4}") for i in range(60)]
    monkeypatch.setattr(corpora, "reviews", lambda kind, split: found)
    monkeypatch.setattr(classified, "LABELS", 20)
    return found


def test_a_sentence_is_positive_above_zero(reviews):
    assert sentences("train").labels.tolist() == [int(review.score > 0) for review in reviews]
    assert sentences("train").texts == [review.sentence for review in reviews]


def test_a_seed_draws_the_same_labels_and_another_seed_others(reviews):
    assert drawn_labels(0) == drawn_labels(0)
    assert set(drawn_labels(0)) != set(drawn_labels(1))
    assert len(set(drawn_labels(0))) == 20


def test_drawn_sentences_keep_their_labels(reviews):
    drawn = labeled_sentences(0)
    score = {review.sentence: review.score for review in reviews}
    assert drawn.labels.tolist() == [int(score[text] > 0) for text in drawn.texts]


def test_each_sentence_is_judged_by_its_own_scores(monkeypatch):
    class Reader(torch.nn.Module):
        """Says the parity of a text's first token."""

        def __init__(self) -> None:
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(1))

        def forward(self, tokens, real):
            return torch.nn.functional.one_hot(tokens[:, 0] % 2, 2).float()

    class Words:
        def encode_each(self, texts):
            return [[int(text)] * (1 + int(text) % 7) for text in texts]

    monkeypatch.setattr(classified, "vocabulary", Words)
    texts = [str(i) for i in range(150)]
    wrong = {3, 77, 149}
    labels = torch.tensor([(i + (i in wrong)) % 2 for i in range(150)])
    right = predicts(Reader(), classified.Sentences(texts, labels))
    assert {i for i, is_right in enumerate(right) if not is_right} == wrong
