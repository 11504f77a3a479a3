"""What the chapter on training stages says in its own words, held against library and assignment.

Its cells assert the rest while the book is built.
"""

import math
import re

import pytest
import torch
from written import chapter, exercises

from solutions.experiments import ngrams
from solutions.training import (
    adamw_step,
    clip_gradients,
    instruction_example,
    learning_rate,
    lora_merge,
    next_token_distribution,
    perplexity,
)

CHAPTER = chapter("training")


def test_the_bits_worked_by_hand_are_right() -> None:
    assert "It pays $1 + 2 + 3 = 6$ bits. The text has 7 bytes" in CHAPTER
    assert -sum(map(math.log2, (1 / 2, 1 / 4, 1 / 8))) == 6
    assert len("the cat") == 7


def test_the_back_off_worked_by_hand_is_the_models() -> None:
    assert r"\frac14 = 0.35" in CHAPTER
    assert r"\frac14 = 0.15" in CHAPTER
    model = ngrams.fit(torch.tensor([0, 1, 2, 0, 1, 3]), 2, 4)
    assert model.levels[1].discount == pytest.approx(0.6)
    assert model.distribution(torch.tensor([1])).tolist() == pytest.approx([0.15, 0.15, 0.35, 0.35])


def test_the_schedule_and_the_clipping_worked_by_hand_are_the_functions() -> None:
    assert "At step 4, half-way down, the rate is half the peak" in CHAPTER
    assert learning_rate(4, 4.0, 2, 6) == pytest.approx(2.0)
    assert "become $0.6$ and $0.8$" in CHAPTER
    clipped, norm = clip_gradients([torch.tensor([3.0]), torch.tensor([4.0])], 1.0)
    assert [*clipped, norm] == pytest.approx([0.6, 0.8, 5.0])


def test_the_step_of_adamw_worked_by_hand_is_the_functions() -> None:
    assert "$m = 0.05$ and is corrected to $0.5$; $v = 0.00025$" in CHAPTER
    assert "and ends at $0.89$" in CHAPTER
    one, zero = torch.ones(1), torch.zeros(1)
    for gradient in (0.5, 0.005):
        weight, first, second = adamw_step(
            one, torch.tensor([gradient]), zero, zero, 1, 0.1, weight_decay=0.0
        )
        assert weight.item() == pytest.approx(0.9)
        assert first.item() == pytest.approx(0.1 * gradient)
        assert second.item() == pytest.approx(0.001 * gradient**2)
    decayed = adamw_step(one, torch.tensor([0.5]), zero, zero, 1, 0.1, weight_decay=0.1)[0]
    assert decayed.item() == pytest.approx(0.89)


def test_the_knobs_worked_by_hand_are_the_functions() -> None:
    assert r"leaves $\frac{0.5}{0.8}$ and $\frac{0.3}{0.8}$" in CHAPTER
    assert "$0.25$, $0.09$ and $0.04$ over $0.38$" in CHAPTER
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    for knob in ({"top_k": 2}, {"top_p": 0.6}):
        found = next_token_distribution(logits, **knob).tolist()
        assert found == pytest.approx([0.5 / 0.8, 0.3 / 0.8, 0])
    half = next_token_distribution(logits, temperature=0.5).tolist()
    assert half == pytest.approx([0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38])
    assert "A fair die has perplexity 6" in CHAPTER
    assert perplexity(torch.zeros(1, 6), torch.tensor([3])) == pytest.approx(6)


def test_the_adapter_and_the_example_worked_by_hand_are_the_functions() -> None:
    assert "$A = (1, 0, 1)$" in CHAPTER
    weight = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    down, up = torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[0.0], [1.0]])
    assert down.numel() + up.numel() == 3 + 2
    assert lora_merge(weight, down, up, 2.0).tolist() == [[1, 2, 3], [2, 1, 2]]
    assert "Position 2 reads 7, the prompt's last token, and should predict 8" in CHAPTER
    tokens, targets = instruction_example([5, 6, 7], [8], 0)
    assert (tokens[2], targets[2]) == (7, 8)


def test_the_answers_to_the_self_check_are_right() -> None:
    bits = -sum(map(math.log2, (1 / 2, 1 / 2, 1 / 4, 1 / 16)))
    assert (bits / 8, 2 ** (bits / 4)) == (1, 4)
    logits = torch.tensor([2.0, 1.0, 0.0])
    kept = [
        (next_token_distribution(logits, **knob) > 0).tolist()
        for knob in ({"top_k": 2}, {"temperature": 0.0}, {"top_p": 0.5})
    ]
    assert kept == [[True, True, False], [True, False, False], [True, False, False]]


def test_the_exercises_it_names_by_number_are_those_of_the_assignment() -> None:
    number = {name: n for n, name in exercises("training").items()}
    named = {
        "Exercises 1, 6 and 10 of": ("learning_rate", "clip_gradients", "adamw_step"),
        "Exercises 8 and 11 of": ("perplexity", "next_token_distribution"),
        "Exercises 4, 5 and 9 of": ("lora_merge", "lora_forward", "last_token_features"),
        "Exercises 2 and 7 of": ("instruction_example", "masked_cross_entropy"),
        "Exercise 3 of": ("render_chat",),
        "exercise 12, in words": ("",),
    }
    for words, names in named.items():
        assert words in CHAPTER
        assert sorted(number[name] for name in names) == [int(n) for n in re.findall(r"\d+", words)]
    assert sorted(exercises("training")) == sorted(
        number[n] for names in named.values() for n in names
    )
