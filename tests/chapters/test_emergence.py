"""What the chapter on emergence says in its own words, held against the library and the assignment.

Its cells assert the rest while the book is built.
"""

import re

import pytest
import torch
from written import chapter, exercises

from solutions.emergence import (
    edit_distance,
    exact_match,
    predicted_exact_match,
    prefix_matching_score,
    token_accuracy,
)

CHAPTER = chapter("emergence")


def test_the_score_worked_by_hand_is_the_prefix_matching_score() -> None:
    assert "have $0.8$ and $0.6$ in the right places, so the score is $0.7$." in CHAPTER
    weights = torch.zeros(1, 1, 4, 4)
    weights[0, 0, 2, 1], weights[0, 0, 3, 2] = 0.8, 0.6
    assert prefix_matching_score(weights, 2).item() == pytest.approx(0.7)
    assert r"(0.9 + 0.5 + 0.7)/3 = 0.7" in CHAPTER


def test_the_sum_worked_by_hand_is_measured_so() -> None:
    assert "Let the sum be `0959` and the model write `0949`" in CHAPTER
    assert "here three of four" in CHAPTER
    assert token_accuracy(torch.tensor([0, 9, 4, 9]), torch.tensor([0, 9, 5, 9])) == 3 / 4
    assert exact_match(["0949"], ["0959"]) == 0
    assert edit_distance("0949", "0959") == 1


def test_the_modular_sum_worked_by_hand_is_right() -> None:
    assert r"with modulus 5, $3 + 4 = 7$, and $7 - 5 = 2$" in CHAPTER
    assert (3 + 4) % 5 == 2


def test_the_answers_to_the_self_check_are_right() -> None:
    assert r"$0.8^5 \approx 0.33$ and $0.9^5 \approx 0.59$" in CHAPTER
    expected = predicted_exact_match(torch.tensor([[0.8] * 5, [0.9] * 5]))
    assert [round(value, 2) for value in expected.tolist()] == [0.33, 0.59]


def test_the_exercises_it_names_by_number_are_those_of_the_assignment() -> None:
    named = exercises("emergence")
    for number, name in re.findall(r"(\d+) \(`(\w+)`\)", CHAPTER):
        assert name in named[int(number)]
    assert len(re.findall(r"(\d+) \(`(\w+)`\)", CHAPTER)) == 12


def test_its_boxes_of_exercises_cover_the_assignment() -> None:
    boxes = CHAPTER.split(":class: exercises")[1:]
    numbers = [
        int(number)
        for box in boxes
        for number in re.findall(r"\b(\d+)(?= \(|, in words)", box.split("\n:::")[0])
    ]
    assert sorted(numbers) == sorted(exercises("emergence"))
    assert "thirteen exercises" in CHAPTER
    assert len(exercises("emergence")) == 13
