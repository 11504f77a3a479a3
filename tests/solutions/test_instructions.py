"""The task family: right answers, and nothing held out that is trained on."""

import re

import pytest
import torch

from solutions import instructions
from solutions.base_model import Vocabulary
from solutions.instructions import WORDINGS, ask, chance, draw_questions, wordings
from solutions.transformer import Configuration, Transformer

WORDS = [f"{a}{b}" for a in "abcdefgh" for b in "xyz"]
LIST = ["red", "green", "blue", "gold"]
COLORS = tuple(LIST)
NUMBERS = ("three", "four", "five", "six")


@pytest.fixture
def small(monkeypatch) -> Vocabulary:
    monkeypatch.setattr(
        instructions, "operands", lambda part: WORDS[:14] if part == "train" else WORDS[14:]
    )
    alphabet = [bytes([byte]) for byte in range(256)]
    return Vocabulary([*alphabet, b"<|end|>"], [])


@pytest.mark.parametrize(
    ("task", "word", "answer", "choices"),
    [
        ("first", "", "red", COLORS),
        ("last", "", "gold", COLORS),
        ("after", "green", "blue", COLORS),
        ("count", "", "four", NUMBERS),
        ("contains", "blue", "yes", ("yes", "no")),
        ("contains", "pink", "no", ("yes", "no")),
    ],
)
def test_each_task_has_its_answer(task, word, answer, choices):
    question = ask(task, wordings(task, "train")[0], LIST, word)
    assert question.answer == answer
    assert question.choices == choices
    assert question.prompt.endswith(" red, green, blue, gold\nAnswer:")
    asked_about = question.prompt.split(" red, green")[0]
    assert not word or word in asked_about


def test_no_wording_stands_twice_and_those_about_a_word_name_it():
    every = [wording for texts in WORDINGS.values() for wording in texts]
    assert len({wording.lower() for wording in every}) == len(every)
    for task, texts in WORDINGS.items():
        assert all(("{word}" in text) == (task in ("after", "contains")) for text in texts)
        assert len(texts) == 11
        assert not set(wordings(task, "train")) & set(wordings(task, "held out"))


def test_a_held_out_wording_uses_no_word_that_training_never_showed():
    shown = {
        word
        for task in WORDINGS
        for text in wordings(task, "train")
        for word in re.findall(r"\w+", text.lower())
    }
    for task in WORDINGS:
        for text in wordings(task, "held out"):
            assert set(re.findall(r"\w+", text.lower())) <= shown, text


def test_questions_keep_to_their_parts_and_take_the_tasks_in_turn(small):
    generator = torch.Generator().manual_seed(0)
    questions = draw_questions(2_000, "train", "held out", generator)
    assert [q.task for q in questions[:6]] == [*WORDINGS, "first"]
    for question in questions:
        assert len(set(question.words)) == len(question.words)
        assert set(question.words) <= set(WORDS[14:])
        assert question.answer in question.choices
    asked = {q.prompt.split(" " + q.words[0] + ", ")[0] for q in questions if q.task == "first"}
    assert asked == set(wordings("first", "train"))
    # every answer of a task is about as frequent as every other, so none pays as a habit
    for task, expected in (("count", 1 / 4), ("contains", 1 / 2)):
        given = [q.answer for q in questions if q.task == task]
        for answer in set(given):
            assert given.count(answer) / len(given) == pytest.approx(expected, abs=0.08)
    assert {q.words.index(q.answer) for q in questions if q.task == "after"} == {1, 2, 3, 4, 5}


def test_the_same_seed_asks_the_same(small):
    first, second = (
        draw_questions(20, "train", "train", torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert first == second


def test_chance_is_that_of_a_blind_choice():
    questions = [
        ask("first", "Which?", LIST),
        ask("count", "How many?", LIST),
        ask("contains", "Is {word}?", LIST, "red"),
    ]
    assert chance(questions) == pytest.approx((1 / 4 + 1 / 4 + 1 / 2) / 3)


def test_a_whole_text_example_scores_the_prompt_too():
    tokens, targets = instructions.whole_text_example([1, 2, 3], [4], 0)
    assert tokens.tolist() == [1, 2, 3, 4]
    assert targets.tolist() == [2, 3, 4, 0]


def test_an_answer_ends_at_the_end_token_and_does_not_depend_on_its_batch(small):
    configuration = Configuration(
        vocabulary_size=257, context_length=128, layers=1, width=8, heads=1
    )
    model = Transformer(configuration, causal=True, generator=torch.Generator().manual_seed(0))
    questions = draw_questions(5, "train", "train", torch.Generator().manual_seed(0))
    together = instructions.answers(model, small, questions)
    assert together == [instructions.answers(model, small, [q])[0] for q in questions]
    with torch.no_grad():
        model.token_embedding.weight.zero_()
        model.token_embedding.weight[small.end] = 1.0
        model.final_norm.bias.fill_(1.0)
    assert instructions.answers(model, small, questions) == [""] * 5


def test_a_choice_is_the_likeliest_possible_answer_whatever_else_is_likelier():
    alphabet = [bytes([byte]) for byte in range(256)]
    merges = [(b" ", letter.encode()) for letter in "abcd"]
    words = Vocabulary([*alphabet, *(a + b for a, b in merges), b"<|end|>"], merges)
    configuration = Configuration(
        vocabulary_size=261, context_length=128, layers=1, width=4, heads=1
    )
    model = Transformer(configuration, causal=True)
    question = ask("first", "Which word comes first?", ["a", "b", "c", "d"])
    with torch.no_grad():
        model.token_embedding.weight.zero_()
        model.token_embedding.weight[words.end] = 3.0
        model.token_embedding.weight[words.encode(" c")[0]] = 1.0
        model.final_norm.bias.fill_(1.0)
    assert instructions.chosen_answers(model, words, [question]) == ["c"]
    assert instructions.answers(model, words, [question]) == [""]
