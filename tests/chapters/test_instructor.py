"""What the page for instructors says of the assignments, held against their notebooks."""

import json
import re

import pytest
from written import ROOT, exercises

PAGE = (ROOT / "chapters" / "instructor.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| ([\w-]+) \| ([\w-]+) \| (\d+) \| (\d+) \| \{stated\}`(\d+) \\\|[^`]*` \|$",
    PAGE,
    re.MULTILINE,
)


def test_every_notebook_stands_in_its_table():
    notebooks = (ROOT / "exercises").glob("*/*.ipynb")
    listed = {(assignment, notebook) for assignment, notebook, *_ in ROWS}
    assert listed == {(path.parent.name, path.stem) for path in notebooks}


@pytest.mark.parametrize(("assignment", "notebook", "count", "points", "minutes"), ROWS)
def test_its_table_gives_what_the_notebook_says(assignment, notebook, count, points, minutes):
    path = ROOT / "exercises" / assignment / f"{notebook}.ipynb"
    first = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    assert f"takes about {minutes} minutes and gives {points} points" in first
    assert len(exercises(notebook)) == int(count)
