"""`autograder check NOTEBOOK` shows in a terminal what the notebook would show."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[3]

SETUP = "import torch\nfrom autograder.checking import check"
RIGHT = "def causal_mask(length):\n    return torch.ones(length, length).bool().tril()"
WRONG = "def causal_mask(length):\n    return torch.ones(length, length).bool().triu()"
GRADE = 'check("attention.causal_mask", causal_mask)'


def run(path):
    return subprocess.run(
        [sys.executable, "-m", "autograder", "check", str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(source)) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_solved_notebook_passes_and_is_not_changed(tmp_path):
    path = write(tmp_path / "solved.ipynb", SETUP, RIGHT, GRADE)
    before = path.read_bytes()
    result = run(path)
    assert result.returncode == 0, result
    assert "attention.causal_mask: 1 of 1 point\n" in result.stdout
    assert "together" in result.stdout
    assert result.stderr == ""
    assert path.read_bytes() == before


def test_a_wrong_one_reads_its_hint_and_a_broken_cell_stops_nothing(tmp_path):
    path = write(tmp_path / "wrong.ipynb", SETUP, "1 / 0", WRONG, GRADE)
    result = run(path)
    assert result.returncode == 1
    assert "cell 2 fails: ZeroDivisionError" in result.stdout
    assert "upper triangle" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_notebook_whose_kernel_dies_is_one_line(tmp_path):
    path = write(tmp_path / "dies.ipynb", "import os\nos._exit(1)", SETUP)
    result = run(path)
    assert result.returncode == 1
    assert "kernel died" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", [None, b"", b"no json", b"{}", b"\xff\xfe", b"[1]"])
def test_what_is_no_notebook_is_one_line(tmp_path, content):
    path = tmp_path / "broken.ipynb"
    if content is not None:
        path.write_bytes(content)
    result = run(path)
    assert result.returncode == 1
    assert str(path) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_is_no_notebook(tmp_path):
    result = run(tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
