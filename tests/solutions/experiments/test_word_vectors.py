"""The controls of the analogy test, held against the library's own answers."""

import pytest
import torch

from solutions.embeddings import analogy, analogy_ranks, nearest_words
from solutions.experiments.word_vectors import answer_analogies, train_gensim

WORDS = [f"word{number}" for number in range(30)]


@pytest.fixture
def vectors() -> torch.Tensor:
    return torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def questions() -> list[tuple[str, str, str, str]]:
    drawn = torch.Generator().manual_seed(1)
    rows = torch.stack([torch.randperm(30, generator=drawn)[:4] for _ in range(200)])
    return [tuple(WORDS[number].upper() for number in row) for row in rows]


def ids(question: tuple[str, ...]) -> list[int]:
    return [WORDS.index(word.lower()) for word in question]


def test_the_nearest_neighbor_alone_is_nearest_words(vectors, questions):
    right = 0
    for question in questions:
        *given, answer = ids(question)
        right += nearest_words(vectors[given[2]], vectors, 1, given).item() == answer
    found = answer_analogies(WORDS, vectors, questions)
    assert found["nearest_to_third"] == pytest.approx(right / len(questions))


def test_with_all_words_allowed_the_answer_is_often_a_word_of_the_question(vectors, questions):
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    inside = right = 0
    for question in questions:
        first, second, third, answer = ids(question)
        query = unit[second] - unit[first] + unit[third]
        best = nearest_words(query, vectors, 1, []).item()
        inside += best in (first, second, third)
        right += best == answer
    found = answer_analogies(WORDS, vectors, questions)
    assert found["question_word"] == pytest.approx(inside / len(questions))
    assert found["answered_with_all"] == pytest.approx(right / len(questions))
    assert found["question_word"] > 2 * 3 / 30  # far from a guess


def test_a_question_with_an_unknown_word_is_left_out(vectors, questions):
    asked = [*questions, ("word1", "word2", "word3", "nowhere")]
    assert answer_analogies(WORDS, vectors, asked) == answer_analogies(WORDS, vectors, questions)


def test_the_usual_accuracy_is_that_of_analogy(vectors, questions):
    right = [analogy(*ids(question)[:3], vectors) == ids(question)[3] for question in questions]
    found = answer_analogies(WORDS, vectors, questions)
    assert found["asked"] == len(questions)
    assert found["answered"] == pytest.approx(sum(right) / len(right))
    assert (analogy_ranks(WORDS, vectors, questions) == 0).tolist() == right


def test_gensim_gets_the_same_settings():
    from solutions.embeddings import Word2VecSettings

    settings = Word2VecSettings("cbow", width=7, minimum_count=2, epochs=1)
    words, vectors = train_gensim([["a", "b", "a", "b", "c"]], settings, seed=1)
    assert sorted(words) == ["a", "b"]
    assert vectors.shape == (2, 7)
