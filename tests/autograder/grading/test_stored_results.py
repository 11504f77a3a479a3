"""A stored result is that of the code which judges its exercises now, and of no other code."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.init import REPOSITORY
from autograder.grading import stored_results
from autograder.spec import sources

SOFTMAX_AND_MASK = ("attention.softmax", "attention.causal_mask")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, of whose code results are held to be."""
    for name in ("autograder", "solutions"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=ignored)
    monkeypatch.setattr(stored_results, "PROJECT", tmp_path)
    monkeypatch.setattr(stored_results, "SPECS", tmp_path / "autograder/specs")
    monkeypatch.setattr(sources, "PROJECT", tmp_path)
    yield tmp_path
    read_anew()


def read_anew() -> None:
    """Forget what was read of files."""
    stored_results.judged_by.cache_clear()
    sources.source_files.cache_clear()


def judged_by() -> str:
    read_anew()
    return stored_results.judged_by(SOFTMAX_AND_MASK)


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("autograder/specs/attention/softmax.py", True),
        ("autograder/specs/attention/padding_mask.py", False),
        ("autograder/specs/tokenization/words.py", False),
        ("autograder/checking/compare.py", True),
        ("autograder/spec/draw.py", True),
        ("solutions/attention.py", True),
        ("solutions/tokenization.py", False),
    ],
)
def test_a_change_counts_for_the_exercises_that_it_judges(project: Path, file: str, counts: bool):
    before = judged_by()
    with open(project / file, "a") as opened:
        opened.write("\n# mended\n")
    assert (judged_by() != before) == counts
