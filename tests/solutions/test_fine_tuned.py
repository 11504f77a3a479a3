"""The runs of the chapter on training stages: fair draws, and tests that nothing trained on."""

import pytest
import torch

from solutions import corpora, fine_tuned, instructions
from solutions.corpora import Review
from solutions.fine_tuned import drawn_labels, labeled_sentences, sentences


@pytest.fixture
def reviews(monkeypatch) -> list[Review]:
    found = [Review(f"sentence {i}", (i % 3) - 1.0, f"review {i // 4}") for i in range(60)]
    monkeypatch.setattr(corpora, "reviews", lambda kind, split: found)
    return found


def test_a_sentence_is_positive_above_zero(reviews):
    assert sentences("train").labels.tolist() == [int(review.score > 0) for review in reviews]
    assert sentences("train").texts == [review.sentence for review in reviews]


def test_a_seed_draws_the_same_labels_and_another_seed_others(reviews):
    assert drawn_labels(0, 20) == drawn_labels(0, 20)
    assert set(drawn_labels(0, 20)) != set(drawn_labels(1, 20))
    assert len(set(drawn_labels(0, 20))) == 20


def test_drawn_sentences_keep_their_labels(reviews, monkeypatch):
    drawn = labeled_sentences(0)
    score = {review.sentence: review.score for review in reviews}
    assert drawn.labels.tolist() == [int(score[text] > 0) for text in drawn.texts]


def test_the_examination_is_the_same_every_time_and_keeps_to_its_part(monkeypatch):
    words = {"train": [f"a{c}" for c in "bcdefg"], "held out": [f"z{c}" for c in "bcdefg"]}
    monkeypatch.setattr(instructions, "operands", lambda part: words[part])
    for wording_part, operand_part in fine_tuned.PARTS:
        asked = fine_tuned.examination(wording_part, operand_part)
        assert asked == fine_tuned.examination(wording_part, operand_part)
        assert len(asked) == fine_tuned.EXAMINED
        assert {word for q in asked for word in q.words} <= set(words[operand_part])


def test_random_weights_differ_with_the_seed_and_not_without():
    one, same, other = (fine_tuned.start_from("random weights", seed) for seed in (0, 0, 1))
    weights = [model.token_embedding.weight for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert one.training
