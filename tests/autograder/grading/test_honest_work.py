"""Nothing that an honest student loses is lost in silence, and what is thrown away costs nobody."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from class_of_hostiles import EVERYTHING
from handing_in import index_of, names_of, released_notebook, solved_notebook
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.grading import intake
from autograder.grading.intake import Submission, grade_id_of

PHOTO = "iVBORw0KGgo" + "A" * 1_300_001  # base64 of 1 MB, as pasted
WAYS = {
    "a tag": '<img src="data:image/png;base64,{}" width="400" alt="a photo">',
    "a tag without quotes": "<img src=data:image/jpeg;base64,{}>",
    "Markdown": "![a photo](data:image/png;base64,{})",
    "a definition": "![a photo][image1]\n\n[image1]: <data:image/png;base64,{}>",
}


@dataclass
class Notebook:
    """A solved notebook that can be changed; `folder` is what is handed in."""

    node: NotebookNode
    folder: Path

    def cell(self, name: str) -> NotebookNode:
        return next(cell for cell in self.node.cells if name in names_of(cell))

    def answer(self, name: str, source: str) -> None:
        self.cell(name).source = source

    def after(self, name: str, source: str) -> None:
        """Add a cell of the student's own after another one."""
        place = index_of(self.cell(name), self.node.cells) + 1
        self.node.cells.insert(place, new_code_cell(source))

    def content(self) -> bytes:
        """Return the notebook as a file."""
        return json.dumps(self.node).encode()


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return released_notebook("attention", "attention")


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(nbformat.from_dict(solved_notebook()), tmp_path)


def taken(notebook: Notebook, released: NotebookNode, name: str = "attention.ipynb") -> Submission:
    (notebook.folder / name).write_bytes(notebook.content())
    return intake.take_in(notebook.folder, "attention", released)


def cell_of(submission: Submission, grade_id: str) -> NotebookNode:
    (cell,) = (cell for cell in submission.notebook.cells if grade_id_of(cell) == grade_id)
    return cell


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_in_a_text_is_a_picture(notebook: Notebook, released: NotebookNode, way: str):
    content = PHOTO + "=" * (-len(PHOTO) % 4)
    notebook.answer("why_not_generate", "See:\n\n" + WAYS[way].format(content) + "\n\nDone.")
    submission = taken(notebook, released)
    assert submission.problem == ""
    cell = cell_of(submission, "why_not_generate")
    assert "](attachment:picture-0)" in cell.source
    assert "Done." in cell.source
    assert len(cell.source) < 200
    assert [content] == [next(iter(p.values())) for p in cell.attachments.values()]


def test_a_picture_of_another_kind_costs_no_more_than_itself(
    notebook: Notebook, released: NotebookNode
):
    notebook.answer("why_not_generate", f'Because.\n<img src="data:image/webp;base64,{PHOTO}">')
    submission = taken(notebook, released)
    assert submission.problem == ""
    assert "Because." in cell_of(submission, "why_not_generate").source


@pytest.mark.parametrize("text", ["[[[1, 2], {'a': [3]}], \"[\"]\n", '\\[{\\"'])
def test_saved_outputs_are_thrown_away_and_cost_nothing(
    notebook: Notebook, released: NotebookNode, text: str
):
    notebook.cell("softmax").outputs = [
        new_output("stream", text=text * (14_000_000 // len(text))) for _ in range(1)
    ]
    submission = taken(notebook, released)
    assert submission.problem == ""
    assert cell_of(submission, "softmax").outputs == []


@pytest.mark.parametrize("text", ['"' + '\\"' * 4_000_000, '["' * 4_000_000, '"\\' * 4_000_000])
def test_texts_without_an_end_are_counted_in_time(text: str):
    begun = time.monotonic()
    intake.containers("[" * (intake.MOST_CONTAINERS + 1) + text)
    assert time.monotonic() - begun < 10


def split(notebook: Notebook, at: int, *, keeps_id: bool) -> None:
    """Split the answer to softmax at a line, as the key for it does in Jupyter."""
    cell = notebook.cell("softmax")
    lines = cell.source.split("\n")
    notebook.after("softmax", "\n".join(lines[at:]))
    if keeps_id:
        second = notebook.node.cells[index_of(cell, notebook.node.cells) + 1]
        second.metadata = nbformat.from_dict(cell.metadata)
    cell.source = "\n".join(lines[:at])


@pytest.mark.parametrize("keeps_id", [False, True])
def test_halves_that_follow_each_other_are_joined_wherever_they_were_split(
    notebook: Notebook, released: NotebookNode, keeps_id: bool
):
    whole = notebook.cell("softmax").source
    compact = "\n".join(line for line in whole.split("\n") if line.strip())
    lines = compact.split("\n")
    begun = next(n for n, line in enumerate(lines) if line.startswith("def softmax")) + 1
    assert len(lines) - begun >= 2
    for at in range(begun, len(lines)):
        other = Notebook(nbformat.from_dict(notebook.node), notebook.folder)
        other.answer("softmax", compact)
        split(other, at, keeps_id=keeps_id)
        submission = taken(other, released)
        assert cell_of(submission, "softmax").source == compact
        assert submission.asks == frozenset()


def test_halves_that_cannot_be_joined_wait_for_a_person(notebook: Notebook, released: NotebookNode):
    notebook.answer("softmax", "def softmax(scores, mask=None):\n    a = (\n    1)\n    return a[")
    notebook.after("softmax", "    0]]")
    submission = taken(notebook, released)
    assert submission.asks == {"softmax"}
    assert "half" in " ".join(submission.notes["softmax"])


@pytest.mark.parametrize("own", ["print(softmax)", "%timeit softmax", "def helper(): return 1", ""])
def test_cells_of_ones_own_after_an_answer_are_no_halves(
    notebook: Notebook, released: NotebookNode, own: str
):
    whole = notebook.cell("softmax").source
    notebook.after("softmax", own)
    submission = taken(notebook, released)
    assert cell_of(submission, "softmax").source == whole
    assert (submission.asks, submission.problem) == (frozenset(), "")


def test_an_untouched_notebook_beside_a_solved_one_waits_for_a_person(
    notebook: Notebook, released: NotebookNode
):
    (notebook.folder / "attention.ipynb").write_bytes(json.dumps(released).encode())
    submission = taken(notebook, released, "attention (1).ipynb")
    assert submission.asks >= set(EVERYTHING)
    assert any("attention (1).ipynb" in note for note in submission.notes[""])


def test_two_solved_notebooks_that_differ_wait_for_a_person(
    notebook: Notebook, released: NotebookNode
):
    taken(notebook, released)
    notebook.answer("softmax", "def softmax(*arguments, **keywords):\n    return 0.0")
    assert taken(notebook, released, "attention-Copy1.ipynb").asks


def test_a_copy_and_a_second_untouched_one_say_nothing_else(
    notebook: Notebook, released: NotebookNode
):
    (notebook.folder / "attention (1).ipynb").write_bytes(json.dumps(released).encode())
    taken(notebook, released, "attention-Copy1.ipynb")
    assert taken(notebook, released).asks == frozenset()
