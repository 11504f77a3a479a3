"""What the chapter on self-supervision says in its own words, held against library and assignment.

Its cells assert the rest while the book is built.
"""

import json
import math
import re

import pytest
import torch
from written import ROOT, chapter

from solutions.self_supervision import (
    bigram_counts,
    bigram_gradient,
    bigram_probabilities,
    bits_per_byte,
    cross_entropy,
)

CHAPTER = chapter("self-supervision")
ABABAC = torch.tensor([0, 1, 0, 1, 0, 2])


def functions() -> dict[int, set[str]]:
    """The assignment's exercises: number and identifiers, none for the written one."""
    path = ROOT / "exercises/self-supervision/self-supervision.ipynb"
    found: dict[int, set[str]] = {}
    number = 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if heading := re.match(r"## (\d+)\. ", source):
            number = int(heading[1])
            found[number] = set()
        found.setdefault(number, set()).update(
            re.findall(r'check\("self_supervision\.(\w+)"', source)
        )
    return {n: names for n, names in found.items() if n}


def test_the_counts_worked_by_hand_are_the_librarys() -> None:
    assert r"the probability of *b* is $\frac23$ and of *c* is $\frac13$; after *b*, *a* is" in (
        CHAPTER.replace("\n", " ")
    )
    probabilities = bigram_probabilities(bigram_counts(ABABAC, 3))
    torch.testing.assert_close(probabilities[0], torch.tensor([0, 2 / 3, 1 / 3]))
    assert probabilities[1].tolist() == [1, 0, 0]


def test_the_cross_entropy_worked_by_hand_is_that_of_the_counts() -> None:
    printed = re.search(r"\\frac\{2\\ln\\frac32 \+ \\ln 3\}\{5\} \\approx (\d\.\d\d)", CHAPTER)
    logits = bigram_probabilities(bigram_counts(ABABAC, 3)).log().clamp(min=-1e4)
    loss = cross_entropy(logits[ABABAC[:-1]], ABABAC[1:]).item()
    assert loss == pytest.approx((2 * math.log(3 / 2) + math.log(3)) / 5)
    assert f"{loss:.2f}" == printed[1]


def test_the_gradient_worked_by_hand_is_the_librarys() -> None:
    assert r"= \left(\tfrac15, -\tfrac15, 0\right)" in CHAPTER
    gradient = bigram_gradient(torch.zeros(3, 3), ABABAC[:-1], ABABAC[1:])
    torch.testing.assert_close(gradient[0], torch.tensor([1 / 5, -1 / 5, 0]))


def test_the_smoothing_worked_by_hand_is_the_librarys() -> None:
    assert r"*b* gets $\frac{2 + 1}{3 + 3} = \frac12$, *c* gets $\frac26$" in CHAPTER
    smoothed = bigram_probabilities(bigram_counts(ABABAC, 3), 1.0)
    torch.testing.assert_close(smoothed[0], torch.tensor([1 / 6, 1 / 2, 2 / 6]))


def test_the_bits_worked_by_hand_are_the_librarys() -> None:
    assert "A token of four bytes that surprises a model by 8 bits costs 2 bits per byte" in CHAPTER
    assert bits_per_byte(8 * math.log(2), "long") == pytest.approx(2)
    assert len("été".encode()) == 5


def test_the_answers_to_the_self_check_are_right() -> None:
    counts = bigram_counts(torch.tensor([0, 1, 1, 0, 1, 1]), 2)
    torch.testing.assert_close(bigram_probabilities(counts)[1], torch.tensor([1 / 3, 2 / 3]))
    torch.testing.assert_close(bigram_probabilities(counts, 1.0)[1], torch.tensor([2 / 5, 3 / 5]))


def test_the_exercises_it_names_by_number_are_those_of_the_assignment() -> None:
    numbers = functions()
    named = {
        "Exercises 1, 8 and 11 of": {"next_token_pairs", "sample_batch", "mask_tokens"},
        "Exercises 2, 3, 7 and 10 of": {
            *("bigram_counts", "bigram_probabilities", "cross_entropy", "bigram_gradient"),
        },
        "Exercise 4 of": {"bits_per_byte"},
        "exercises 5 and 6, the mask of packed documents and packing itself, exercise 9,": {
            *("pack_documents", "document_mask", "split_without_leaks"),
        },
    }
    for sentence, expected in named.items():
        assert sentence in CHAPTER
        assert set().union(*(numbers[int(n)] for n in re.findall(r"\d+", sentence))) == expected
    assert "exercise 12, in words" in CHAPTER
    assert numbers[12] == set()
    assert set(numbers) == set(range(1, 13))
