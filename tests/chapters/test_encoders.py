"""What the chapter on encoders says in its own words, held against the library and the assignment.

Its cells assert the rest while the book is built.
"""

import math
import re

import pytest
import torch
from written import chapter, exercises

from solutions.embeddings import negative_sampling_loss, noise_distribution, splice_image
from solutions.tokenization import count_pairs, merge_pair, train_bpe

CHAPTER = chapter("encoders")
ALPHABET = [bytes([byte]) for byte in range(256)]
WORDS = {b"sing": 3, b"singing": 2, b"king": 2}


def test_the_merges_worked_by_hand_are_the_trainers() -> None:
    split = {tuple(bytes([byte]) for byte in word): count for word, count in WORDS.items()}
    rows = re.findall(r"^\| (\d) \| (\w+) (\w+) \| (\d) \| ([a-z ]+) \|$", CHAPTER, re.MULTILINE)
    assert len(rows) == 5
    singing = tuple(bytes([byte]) for byte in b"singing")
    for (number, first, second, count, afterwards), merge in zip(
        rows, train_bpe(WORDS, ALPHABET, 5), strict=True
    ):
        assert merge == (first.encode(), second.encode()), number
        assert count_pairs(split)[merge] == int(count)
        split = {merge_pair(tokens, merge): times for tokens, times in split.items()}
        singing = merge_pair(singing, merge)
        assert b" ".join(singing) == afterwards.encode()


def test_the_count_worked_by_hand_is_right() -> None:
    assert "3 + 4 + 2 = 9" in CHAPTER
    split = {tuple(bytes([byte]) for byte in word): count for word, count in WORDS.items()}
    counts = count_pairs(split)
    assert counts[b"i", b"n"] == counts[b"n", b"g"] == 9 == max(counts.values())


def test_the_loss_of_coins_and_the_flattened_counts_are_right() -> None:
    assert r"with $k = 5$ the loss is $6 \ln 2$" in CHAPTER
    zeros = torch.zeros(2, 3)
    loss = negative_sampling_loss(zeros, zeros, torch.zeros(2, 5, 3))
    assert loss.item() == pytest.approx(6 * math.log(2))
    rare, common = noise_distribution(torch.tensor([1, 16])).tolist()
    assert common / rare == pytest.approx(8)


def test_the_answers_to_the_self_check_are_right() -> None:
    assert "*aa* has the count 3" in CHAPTER
    words = {tuple(bytes([byte]) for byte in b"aaab"): 1, (b"a", b"a"): 1}
    assert count_pairs(words)[b"a", b"a"] == 3
    merged = merge_pair(tuple(bytes([byte]) for byte in b"aaab"), (b"a", b"a"))
    assert b" ".join(merged) == b"aa a b"
    assert "*aa a b*" in CHAPTER
    spliced = splice_image(torch.zeros(1, 7, 2), torch.arange(7)[None], torch.zeros(1, 16, 2), 3)
    assert "leaves {stated}`22 vectors" in CHAPTER
    assert spliced.shape[1] == 22


def test_the_exercises_it_names_by_number_are_those_of_the_notebooks() -> None:
    tokenization, embeddings = exercises("tokenization"), exercises("embeddings")
    assert "(it answers exercise 3)" in CHAPTER
    assert tokenization[3] == "train_bpe"
    assert "The fast trainer, exercise 6 of the" in CHAPTER
    assert tokenization[6] == "train_bpe_fast"
    assert "Exercise 7 of the [notebook on tokenization]" in CHAPTER
    assert tokenization[7] == ""
    assert "(it answers exercises 4 and 5)" in CHAPTER
    assert {embeddings[4], embeddings[5]} == {
        "negative_sampling_loss",
        "negative_sampling_gradient",
    }
    assert "exercises 8 and 9, patches and the spliced image" in CHAPTER
    assert (embeddings[8], embeddings[9]) == ("patchify", "splice_image")


def test_its_lists_of_exercises_cover_both_notebooks() -> None:
    assert "exercises 1 to 6 of the [notebook on tokenization]" in CHAPTER
    assert set(exercises("tokenization")) == {*range(1, 7), 7}
    assert "exercises 1 to 7 of the [notebook on embeddings]" in CHAPTER
    assert set(exercises("embeddings")) == {*range(1, 8), 8, 9}
