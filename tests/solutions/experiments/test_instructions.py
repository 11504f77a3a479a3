"""The task family: right answers, and nothing held out that is trained on."""

import pytest
import torch

from solutions.experiments import instructions
from solutions.experiments.base_model import Vocabulary
from solutions.experiments.instructions import (
    BETWEEN,
    END,
    FRAMES,
    NUMBERS,
    WANTED,
    ask,
    chance,
    draw_questions,
    wordings,
)
from solutions.transformer import Configuration, Transformer

WORDS = [f"{a}{b}" for a in "abcdefgh" for b in "xyz"]
LIST = ["red", "green", "blue", "gold"]


@pytest.fixture
def small(monkeypatch) -> Vocabulary:
    monkeypatch.setattr(
        instructions, "operands", lambda part: WORDS[:14] if part == "train" else WORDS[14:]
    )
    alphabet = [bytes([byte]) for byte in range(256)]
    return Vocabulary([*alphabet, b"<|end|>"], [])


@pytest.mark.parametrize(
    ("task", "answer", "choices"),
    [
        ("count", "four", ("three", "four", "five", "six")),
        ("between", ";", (",", ";", ":", "-")),
        ("end", "!", (".", "!", "?")),
        ("first", "red", tuple(LIST)),
    ],
)
def test_each_task_has_its_answer(task, answer, choices):
    question = ask(task, "Which?", LIST, ";", "!")
    assert question.answer == answer
    assert question.choices == choices
    assert question.prompt == "Which? red; green; blue; gold!\n"


def test_a_quarter_of_the_wordings_is_held_out_and_its_parts_are_all_trained_on():
    for task, names in WANTED.items():
        trained, held_out = (set(wordings(task, part)) for part in ("train", "held out"))
        assert len(trained) == 3 * len(held_out) == 24
        assert not trained & held_out
        for part in (trained, held_out):
            assert all(any(name in wording for wording in part) for name in names)
            beginnings = {frame.split("{")[0] for frame in FRAMES}
            assert {b for b in beginnings if any(w.startswith(b) for w in part)} == beginnings
    every = [name for names in WANTED.values() for name in names]
    assert len(set(every)) == len(every)


def test_questions_keep_to_their_parts_and_take_the_tasks_in_turn(small):
    generator = torch.Generator().manual_seed(0)
    questions = draw_questions(2_000, "train", "held out", generator)
    assert [q.task for q in questions[:5]] == [*WANTED, "count"]
    for question in questions:
        assert len(set(question.words)) == len(question.words)
        assert set(question.words) <= set(WORDS[14:])
        assert question.answer in question.choices
    asked = {q.prompt.split(" " + q.words[0])[0] for q in questions if q.task == "first"}
    assert asked == set(wordings("first", "train"))
    # every answer is about as frequent as every other, so none pays as a habit
    for task, possible in (("count", NUMBERS.values()), ("between", BETWEEN), ("end", END)):
        given = [q.answer for q in questions if q.task == task]
        for answer in possible:
            assert given.count(answer) / len(given) == pytest.approx(1 / len(possible), abs=0.08)


def test_the_same_seed_asks_the_same(small):
    first, second = (
        draw_questions(20, "train", "train", torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert first == second


def test_chance_is_that_of_a_blind_choice():
    questions = [ask(task, "Which?", LIST, ",", ".") for task in ("first", "end")]
    assert chance(questions) == pytest.approx((1 / 4 + 1 / 3) / 2)


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
    question = ask("first", "Which?", ["a", "b", "c", "d"], ",", ".")
    with torch.no_grad():
        model.token_embedding.weight.zero_()
        model.token_embedding.weight[words.end] = 3.0
        model.token_embedding.weight[words.encode(" c")[0]] = 1.0
        model.final_norm.bias.fill_(1.0)
    assert instructions.chosen_answers(model, words, [question]) == ["c"]
    assert instructions.answers(model, words, [question]) == [""]
