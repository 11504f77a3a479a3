"""What the chapter on attention says in its own words, held against the library and the assignment.

Its cells assert the rest while the book is built.
"""

import math
import re

import pytest
import torch
from written import chapter, exercises

from solutions.attention import scaled_dot_product_attention, softmax

CHAPTER = chapter("attention")


def test_the_weights_worked_by_hand_are_softmaxs() -> None:
    assert r"$\frac18$, $\frac28$ and $\frac58$" in CHAPTER
    weights = softmax(torch.tensor([0.0, math.log(2), math.log(5)]))
    torch.testing.assert_close(weights, torch.tensor([1 / 8, 2 / 8, 5 / 8]))


def test_the_output_worked_by_hand_is_attentions() -> None:
    printed = re.search(r"\\approx \((\d\.\d\d), (\d\.\d\d)\)", CHAPTER)
    query = torch.tensor([[0.0, 2, 1, 0]])
    key = torch.tensor([[2.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
    value = torch.tensor([[4.0, 0.0], [0.0, 2.0], [2.0, 4.0]])
    output = scaled_dot_product_attention(query, key, value)
    assert [f"{entry:.2f}" for entry in output[0].tolist()] == list(printed.groups())


def test_the_answers_to_the_self_check_are_right() -> None:
    scores = torch.tensor([0.0, 0.0, math.log(2)])
    assert softmax(scores).tolist() == pytest.approx([1 / 4, 1 / 4, 1 / 2])
    masked = softmax(scores, torch.tensor([True, True, False]))
    assert masked.tolist() == pytest.approx([1 / 2, 1 / 2, 0])


def test_the_exercises_it_names_by_number_are_those_of_the_assignment() -> None:
    number = {name: n for n, name in exercises("attention").items()}
    answered = re.search(r"answers exercises 5 and 9\)", CHAPTER)
    assert answered
    assert exercises("attention")[5] == "scaled_dot_product_attention"
    assert exercises("attention")[9] == "multi_head_attention"
    assert number["cached_attention_step"] == 8
    assert "exercise 8, one step with a cache" in CHAPTER
    assert number[""] == 12
    assert "exercise 12, in words" in CHAPTER


def test_its_two_lists_of_exercises_cover_the_assignment() -> None:
    assert "exercises 1 to 7 and 9 to 11 of [the assignment]" in CHAPTER
    assert set(exercises("attention")) == {*range(1, 8), *range(9, 12)} | {8, 12}
