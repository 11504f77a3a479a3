"""What the chapter on attention says in its own words, held against the library and the assignment.

Its cells assert the rest while the book is built.
"""

import json
import math
import re
from pathlib import Path

import pytest
import torch

from solutions.attention import scaled_dot_product_attention, softmax

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "chapters/attention.md").read_text("utf-8")
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.DOTALL | re.MULTILINE)


def cells() -> list[tuple[str, str]]:
    """Each cell's options and its code."""
    found = []
    for text in CELL.findall(CHAPTER):
        options = OPTIONS.match(text)
        found.append((options[0], text[options.end() :]) if options else ("", text))
    return found


def exercises() -> dict[int, str]:
    """The assignment's exercises: number and identifier, "" for the written one."""
    notebook = json.loads((ROOT / "exercises/attention/attention.ipynb").read_text("utf-8"))
    found, number = {}, 0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if heading := re.match(r"## (\d+)\. ", source):
            number = int(heading[1])
            found[number] = ""
        elif called := re.search(r'check\("attention\.(\w+)"', source):
            found[number] = called[1]
    return found


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
    questions = CHAPTER.split(":class: self-check")[1].split("\n::::\n")[0]
    assert len(re.findall(r"^\*\*\d+\.\*\*", questions, re.MULTILINE)) == questions.count(
        ":::{dropdown} Answer"
    )


def test_the_exercises_it_names_by_number_are_those_of_the_assignment() -> None:
    number = {name: n for n, name in exercises().items()}
    answered = re.search(r"answers exercises 5 and 9\)", CHAPTER)
    assert answered
    assert exercises()[5] == "scaled_dot_product_attention"
    assert exercises()[9] == "multi_head_attention"
    assert number["cached_attention_step"] == 8
    assert "exercise 8, one step with a cache" in CHAPTER
    assert number[""] == 12
    assert "exercise 12, in words" in CHAPTER


def test_its_two_lists_of_exercises_cover_the_assignment() -> None:
    assert "exercises 1 to 7 and 9 to 11 of [the assignment]" in CHAPTER
    assert set(exercises()) == {*range(1, 8), *range(9, 12)} | {8, 12}


def test_its_cells_are_short() -> None:
    shown = [
        sum(bool(line.strip()) for line in code.splitlines())
        for options, code in cells()
        if "remove-cell" not in options and "hide-input" not in options
    ]
    assert sorted(shown)[len(shown) // 2] <= 4
    assert max(shown) <= 14


def test_every_figure_has_a_name_and_a_caption() -> None:
    for options, code in cells():
        assert ("show(figure" in code) == ("caption:" in options and "name: figure-" in options)
