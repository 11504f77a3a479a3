"""What students install: it can be had from a public index, and has all that notebooks import."""

import ast
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from autograder.course.handout import LEFT_OUT, NEEDED, requirement
from autograder.course.init import EXERCISES, REPOSITORY

MODULES = sorted((REPOSITORY / "autograder/checking").glob("*.py"))
CHECKING = [path for path in MODULES if path.name not in LEFT_OUT]
NOTEBOOKS = sorted(EXERCISES.rglob("*.ipynb"))


def source_of(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text()
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return {name.lower() for name in names - sys.stdlib_module_names}


@pytest.mark.parametrize("path", [*CHECKING, *NOTEBOOKS], ids=lambda path: path.name)
def test_the_package_requires_all_that_it_and_the_notebooks_import(path):
    assert imported(source_of(path)) <= {*NEEDED, "autograder"}


def test_a_build_of_this_machine_is_asked_of_no_student(monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: "2.13.1+cpu")
    asked = Requirement(requirement("torch")).specifier
    assert "+" not in str(asked)
    assert "2.13.1" in asked
    assert "2.13.1+cu130" in asked
    assert "2.12.0" not in asked
    assert "2.14.0" not in asked


@pytest.mark.parametrize("name", NEEDED)
def test_what_judges_here_is_enough_for_students(name):
    assert Requirement(requirement(name)).specifier.contains(metadata.version(name))
