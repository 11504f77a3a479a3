"""The rebuilt notebook is the released one, with the student's answers and nothing else."""

import json
import os
import subprocess
from pathlib import Path

import nbformat
import pytest
from handing_in import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode, validate
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading import intake
from autograder.grading.cell_outputs import CellOutputs, overwritten
from autograder.grading.forbidden_calls import forbidden_calls

RELEASED = REPOSITORY / "exercises/attention/attention.ipynb"


@pytest.fixture(scope="module")
def released() -> NotebookNode:
    return nbformat.read(RELEASED, as_version=4)


def taken(released: NotebookNode, cells: list) -> tuple[NotebookNode, dict]:
    content = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}).encode()
    return intake.rebuild(released, intake.parse(content))


def test_an_untouched_notebook_comes_back_as_it_was(released: NotebookNode):
    rebuilt, _ = taken(released, released.cells)
    assert [cell.source for cell in rebuilt.cells] == [cell.source for cell in released.cells]
    assert [cell.metadata for cell in rebuilt.cells] == [cell.metadata for cell in released.cells]


def test_cells_of_ones_own_stand_where_they_stood(released: NotebookNode):
    cells = list(released.cells)
    cells.insert(4, new_code_cell("mine = 1"))
    cells.insert(8, new_markdown_cell("a thought"))
    rebuilt, _ = taken(released, cells)
    assert [cell.source for cell in rebuilt.cells] == [cell.source for cell in cells]


def test_nothing_but_its_source_is_taken_of_an_answer(released: NotebookNode):
    cells = nbformat.from_dict(released).cells
    answer = next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == "softmax")
    expected = nbformat.from_dict(answer)
    answer.source = expected.source = "def softmax(scores, mask=None): ..."
    answer.metadata.update(tags=["skip-execution"], trusted=True)
    answer.metadata.nbgrader.update(points=99, locked=True, grade=True)
    answer.outputs = [{"output_type": "stream", "name": "stdout", "text": "4.0"}]
    answer.execution_count = 7
    rebuilt, _ = taken(released, cells)
    (found,) = (c for c in rebuilt.cells if c.source == expected.source)
    assert (found.metadata, found.outputs) == (expected.metadata, [])


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["cell_type", "source", "metadata", "outputs", "id", "attachments", "x"])
NBGRADER = st.fixed_dictionaries(
    {"nbgrader": st.fixed_dictionaries({"grade_id": st.sampled_from(["softmax", "causal_mask"])})}
)
CELLS = st.lists(
    PLAIN
    | st.dictionaries(KEYS, PLAIN, max_size=6)
    | st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(["code", "markdown", "raw", "evil"]),
            "source": st.text() | PLAIN,
            "metadata": NBGRADER | PLAIN,
        }
    ),
    max_size=6,
)


@given(cells=CELLS)
def test_whatever_is_handed_in_a_valid_notebook_or_a_reason_comes_out(
    released: NotebookNode, cells: list
):
    content = json.dumps({"cells": cells, "nbformat": 4}).encode()
    try:
        rebuilt, notes = intake.rebuild(released, intake.parse(content))
    except intake.UnreadableError:
        return
    validate(rebuilt)
    kept = [cell.metadata for cell in rebuilt.cells if cell.metadata]
    assert kept == [cell.metadata for cell in released.cells if cell.metadata]
    assert all(isinstance(note, str) for texts in notes.values() for note in texts)


def test_a_picture_that_is_no_text_is_left_out(released: NotebookNode):
    cell = {"cell_type": "markdown", "source": "x", "metadata": {}}
    whole = {"image/png": ["aGVs", "bG8="]}
    attachments = {"": {"": [None]}, "a.png": {"image/png": [None, 5, {}]}, "b.png": whole}
    rebuilt, _ = taken(released, [{**cell, "attachments": attachments}])
    kept = [found.attachments for found in rebuilt.cells if "attachments" in found]
    assert kept == [{"picture-0": {"image/png": ""}, "picture-1": {"image/png": "aGVsbG8="}}]


def places_in(tree: object) -> list[tuple[object, object]]:
    """Return every container of a JSON tree with every key or index in it."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if tree else ()
    found = [(tree, key) for key in keys]
    for container, key in found[:]:
        if isinstance(container[key], dict | list):
            found += places_in(container[key])
    return found


ANYTHING = st.one_of(
    PLAIN,
    st.sampled_from([10**4000, -(10**4000), 1e308, float("nan"), float("-inf"), "\ud800", "\0"]),
    st.integers(2, 800).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)


@given(data=st.data(), version=st.sampled_from([4, 4, 4, 3, 2, 1, 0, True]))
def test_a_real_notebook_damaged_anywhere_is_still_one_or_is_refused_with_a_reason(
    released: NotebookNode, data: st.DataObject, version: int
):
    """Any values and cells may be missing, doubled, or something else altogether."""
    plain = json.loads(json.dumps(released))
    if version != 4:
        plain = {"nbformat": version, "nbformat_minor": 0, "metadata": {}, "worksheets": [plain]}
    for _ in range(data.draw(st.integers(1, 12))):
        container, key = data.draw(st.sampled_from(places_in(plain)))
        match data.draw(st.sampled_from(["replace", "delete", "double"])):
            case "replace":
                container[key] = data.draw(ANYTHING)
            case "delete":
                del container[key]
            case "double" if isinstance(container, list):
                container.insert(key, container[key])
            case "double":
                container[data.draw(st.text())] = container[key]
        if not plain:
            break
    try:
        rebuilt, notes = intake.rebuild(released, intake.parse(json.dumps(plain).encode()))
    except intake.UnreadableError:
        return
    validate(rebuilt)
    kept = [cell.metadata for cell in rebuilt.cells if cell.metadata]
    assert kept == [cell.metadata for cell in released.cells if cell.metadata]
    assert len({cell.id for cell in rebuilt.cells}) == len(rebuilt.cells)
    json.dumps(rebuilt, ensure_ascii=False).encode()
    assert all(isinstance(note, str) for texts in notes.values() for note in texts)


@given(content=st.binary(max_size=300))
def test_bytes_at_random_are_refused_with_a_reason(content: bytes):
    with pytest.raises(intake.UnreadableError, match=r"\w"):
        intake.parse(content)


@given(messages=st.lists(PLAIN | st.dictionaries(
    st.sampled_from(["type", "name", "text", "data", "id", "update", "traceback", "count"]),
    PLAIN | st.sampled_from(["stream", "display", "result", "error", "clear"]),
)))  # fmt: skip
def test_whatever_a_process_says_it_shows_is_a_valid_output(messages: list):
    collected = CellOutputs()
    for message in messages:
        collected.add(message)
    cell = new_code_cell("", outputs=collected.finished())
    validate(nbformat.v4.new_notebook(cells=[cell]))


def test_a_progress_bar_ends_as_it_was_seen_last():
    assert overwritten("one\r  0%\r100%\ntwo\r\nthree") == "100%\ntwo\nthree"


def nested(folder: Path, names: list[str], last: str) -> None:
    """Make folders in folders, deeper than a path can tell, and a file in the last of them."""
    descriptor = os.open(folder, os.O_RDONLY)
    for name in names:
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open(last, os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)


@pytest.mark.parametrize(
    "names", [["d"] * 3000, ["d" * 200] * 19, ["d" * 200] * 40, ["ä" * 100] * 15, [".d"] * 1500]
)
def test_folders_in_folders_without_end_are_left_out(
    released: NotebookNode, tmp_path: Path, names: list[str]
):
    path = tmp_path / "attention"
    path.mkdir()
    (path / "attention.ipynb").write_bytes(json.dumps(released).encode())
    (path / "zz.py").write_text("x = 1")
    try:
        nested(path, names, "f" * 250)
        submission = intake.take_in(path, "attention", released)
        assert (submission.problem, list(submission.beside)) == ("", ["zz.py"])
        assert all(len(note) < 2000 for note in submission.notes.get("", ()))
        (path / "attention.ipynb").rename(path / "other.ipynb")
        assert intake.take_in(path, "attention", released).content is not None
    finally:
        subprocess.run(["rm", "-rf", path], check=True)


def test_what_lies_beside_the_notebook_comes_before_what_lies_deeper(
    released: NotebookNode, tmp_path: Path
):
    for number in range(1200):
        place = tmp_path / f"a/environment/{number}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("")
    (tmp_path / "zz_helper.py").write_text("x = 1")
    (tmp_path / "attention.ipynb").write_bytes(json.dumps(released).encode())
    submission = intake.take_in(tmp_path, "attention", released)
    assert "zz_helper.py" in submission.beside


def test_a_file_in_place_of_the_folder_is_looked_into(released: NotebookNode, tmp_path: Path):
    place = tmp_path / "attention"
    place.write_bytes(json.dumps(released).encode())
    submission = intake.take_in(place, "attention", released)
    assert submission.content == place.read_bytes()
    assert submission.notes[""] == ("handed in under the name 'attention'",)
    place.write_text("what is this?")
    assert "not JSON" in intake.take_in(place, "attention", released).problem


def test_two_notebooks_of_an_assignment_that_were_confused_are_told_apart(tmp_path: Path):
    folder = RELEASED.parents[1] / "encoders"
    names = sorted(path.stem for path in folder.glob("*.ipynb"))
    assert len(names) == 2
    for name, other in zip(names, reversed(names), strict=True):
        (tmp_path / f"{name}.ipynb").write_bytes((folder / f"{other}.ipynb").read_bytes())
    for name, other in zip(names, reversed(names), strict=True):
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        submission = intake.take_in(tmp_path, name, notebook, {other})
        assert submission.content == (folder / f"{name}.ipynb").read_bytes()
        assert submission.notes[""] == (f"handed in under the name '{other}.ipynb'",)


def test_one_of_two_notebooks_is_found_beside_the_other(tmp_path: Path):
    folder = RELEASED.parents[1] / "encoders"
    one, two = sorted(path.stem for path in folder.glob("*.ipynb"))
    (tmp_path / f"{one}.ipynb").write_bytes((folder / f"{one}.ipynb").read_bytes())
    notebooks = {name: nbformat.read(folder / f"{name}.ipynb", as_version=4) for name in (one, two)}
    assert intake.take_in(tmp_path, two, notebooks[two], {one}).missing
    assert "" not in intake.take_in(tmp_path, one, notebooks[one], {two}).notes
    (tmp_path / f"{two} (2).ipynb").write_bytes((folder / f"{two}.ipynb").read_bytes())
    found = intake.take_in(tmp_path, two, notebooks[two], {one})
    assert found.notes[""] == (f"handed in under the name '{two} (2).ipynb'",)


def test_a_copy_beside_the_notebook_is_told_of(released: NotebookNode, tmp_path: Path):
    for name in ("attention.ipynb", "attention-Copy1.ipynb"):
        (tmp_path / name).write_bytes(json.dumps(released).encode())
    submission = intake.take_in(tmp_path, "attention", released)
    assert submission.notes[""] == ("left out: attention-Copy1.ipynb",)


def test_a_folder_that_cannot_be_read_waits_for_a_person(
    released: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refused)  # the tests may be run by root, who reads all
    submission = intake.take_in(tmp_path, "attention", released)
    assert submission.problem == "the folder cannot be read: Permission denied"


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "attention.ipynb").symlink_to("secret")
    with pytest.raises(intake.UnreadableError, match="link"):
        intake.read_regular_file(tmp_path / "attention.ipynb", 1000)


@pytest.mark.parametrize("name", ["homework.zip", "attention.py", "a/attention.html"])
def test_another_file_in_place_of_the_notebook_waits_for_a_person(
    released: NotebookNode, tmp_path: Path, name: str
):
    (tmp_path / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    (tmp_path / "submission_secret.txt").write_text("0123")
    (tmp_path / ".DS_Store").write_text("")
    assert intake.take_in(tmp_path, "attention", released).missing
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    submission = intake.take_in(tmp_path, "attention", released)
    assert submission.problem == f"there is no notebook, but {name!r}"


def test_nothing_stands_where_the_feedback_will_be(released: NotebookNode, tmp_path: Path):
    (tmp_path / "attention.ipynb").write_bytes(json.dumps(released).encode())
    (tmp_path / "attention.html").write_text("30 of 30 points")
    submission = intake.take_in(tmp_path, "attention", released)
    assert submission.beside == {}
    assert submission.notes[""] == ("left out: attention.html",)


@pytest.mark.parametrize("one", [b'{"":0},', b"[],"])
def test_a_file_that_unfolds_to_a_gigabyte_is_refused(one: bytes):
    content = b'{"cells": [], "x": [' + one * 2_000_000 + b"0]}"
    with pytest.raises(intake.UnreadableError, match="lists and objects"):
        intake.parse(content)


def test_outputs_count_for_what_a_page_takes_to_lay_them_out():
    collected = CellOutputs(most=100_000)
    for _ in range(200):
        collected.add({"type": "display", "data": {"text/plain": "x"}})
    assert len(collected.finished()) <= 100_000 / 2000
    assert collected.outputs[-1].text.strip().endswith("is left out")


def test_source_too_long_for_a_syntax_tree_is_left_to_a_person():
    assert forbidden_calls("x\n" * 400_000, ("softmax",)) == [
        "800,000 characters of source are too many to look through"
    ]
