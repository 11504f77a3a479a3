"""What the page for instructors says, held against the notebooks and against nbgrader."""

import json
import re
import shlex

import pytest
from nbgrader.apps import NbGraderApp
from written import ROOT, exercises

PAGE = (ROOT / "chapters" / "instructor.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| ([\w-]+) \| ([\w-]+) \| (\d+) \| (\d+) \| \{stated\}`(\d+) \\\|[^`]*` \|$",
    PAGE,
    re.MULTILINE,
)

README = (ROOT / "autograder/course/template/README.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) + re.findall(
    r"^ {4,}(.*\n)", README, re.M
)
COMMANDS = re.findall(r"^nbgrader .*", "".join(BLOCKS), re.MULTILINE)
COMMANDS += re.findall(r"`(nbgrader [^`]*)`", PAGE + README)


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


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_nbgrader_knows_every_option_that_is_named(command):
    words = shlex.split(command, comments=True)[1:]
    app = NbGraderApp()
    while words and words[0] in app.subcommands:
        app = app.subcommands[words.pop(0)][0]()
    assert not isinstance(app, NbGraderApp)
    if "--help" not in words:
        app.parse_command_line(words)
