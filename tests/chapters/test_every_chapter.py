"""What holds for every chapter: short cells, named figures, an answer for each question."""

import re
import statistics

import pytest
from written import CHAPTERS, cells, chapter

every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def test_there_are_chapters():
    assert len(CHAPTERS) >= 5


@every_chapter
def test_its_cells_are_short(name):
    shown = [
        sum(bool(line.strip()) for line in code.splitlines())
        for options, code in cells(name)
        if "remove-cell" not in options and "hide-input" not in options
    ]
    assert statistics.median(shown) <= 5
    assert max(shown) <= 14


@every_chapter
def test_every_figure_has_a_name_and_a_caption(name):
    for options, code in cells(name):
        assert ("show(figure" in code) == ("caption:" in options and "name: figure-" in options)


@every_chapter
def test_every_question_of_the_self_check_has_an_answer(name):
    asked = chapter(name).split(":class: self-check")[1].split("\n::::\n")[0]
    questions = re.findall(r"^\*\*\d+\.\*\*", asked, re.MULTILINE)
    assert len(questions) == asked.count(":::{dropdown} Answer") >= 4


@every_chapter
def test_nothing_is_left_to_be_written(name):
    assert not re.search(r"@@|\bTODO\b|\bFIXME\b|\bXXX\b", chapter(name))
