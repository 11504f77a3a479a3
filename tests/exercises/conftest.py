"""Every notebook under exercises/ is found here, so a new chapter needs no new test."""

from pathlib import Path

import nbformat
import pytest

EXERCISES = Path(__file__).parents[2] / "exercises"
NOTEBOOKS = sorted(EXERCISES.glob("*/*.ipynb"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
    if "asking" in metafunc.fixturenames:
        asking = [path for path in NOTEBOOKS if "graded by a person" in path.read_text()]
        metafunc.parametrize("asking", asking, ids=[path.stem for path in asking])


@pytest.fixture
def notebook(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@pytest.fixture
def every_notebook() -> list[nbformat.NotebookNode]:
    return [nbformat.read(path, as_version=nbformat.NO_CONVERT) for path in NOTEBOOKS]
