"""What every exercise notebook must be: valid, locked where it grades, and without answers."""

import ast
import doctest
import importlib
import inspect
import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course.filled_notebooks import CHECK, exercise_cells

HEADING = re.compile(
    r"## \d+\. .+\n\nDifficulty (?P<difficulty>[1-5]) of 5 · about (?P<minutes>\d+) minutes · "
    r"(?P<points>1(?= point\b)|(?!1 )\d+(?= points)) points?(?P<by_hand>, graded by a person)?\n"
)


def nbgrader_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def reference(identifier: str):
    module, _, function = identifier.partition(".")
    return getattr(importlib.import_module(f"solutions.{module}"), function)


def definition(source: str) -> ast.FunctionDef:
    (node,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return node


def test_a_notebook_is_valid_and_names_its_cells(notebook, path):
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert not [name for name in names if re.fullmatch(r"[0-9a-f]{8}", name)], "a random cell id"


def test_a_notebook_has_never_been_run(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_every_graded_cell_carries_current_metadata(notebook):
    for cell in nbgrader_cells(notebook):
        assert cell.metadata.nbgrader.schema_version == 3
        assert set(cell.metadata) == {"nbgrader"}


def test_a_check_is_locked_and_follows_the_function_it_checks(notebook):
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if check := CHECK.fullmatch(cell.source):
            data = cell.metadata.nbgrader
            assert data.grade
            assert data.locked
            assert not data.solution
            assert data.grade_id == f"check_{check['function']}"
            assert check["identifier"].rpartition(".")[2] == check["function"]
            assert before.metadata.nbgrader.grade_id == check["function"]
            assert before.metadata.nbgrader.solution
            assert not before.metadata.nbgrader.locked
            assert not before.metadata.nbgrader.grade


def test_every_code_cell_is_an_import_an_answer_or_a_check(notebook):
    imports, *cells, last = [cell for cell in notebook.cells if cell.cell_type == "code"]
    nodes = ast.parse(imports.source).body
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes)
    assert "from autograder.checking import check, check_all" in imports.source
    assert last.source == "check_all()"
    answers = [id(cell) for cell in exercise_cells(notebook).values()]
    assert answers, "no exercise found"
    for cell in cells:
        assert id(cell) in answers or CHECK.fullmatch(cell.source), cell.id


def test_a_stub_has_the_signature_and_the_docstring_of_the_reference(notebook):
    for identifier, cell in exercise_cells(notebook).items():
        stub = definition(cell.source)
        original = definition(inspect.getsource(reference(identifier)))
        assert ast.unparse(stub.args) == ast.unparse(original.args), identifier
        assert ast.unparse(stub.returns) == ast.unparse(original.returns), identifier
        assert ast.get_docstring(stub, clean=False) == ast.get_docstring(original, clean=False)


def test_a_stub_does_nothing_but_raise(notebook):
    for cell in exercise_cells(notebook).values():
        body = ast.parse(cell.source).body
        assert len(body) == 1
        docstring, statement = body[0].body
        assert isinstance(docstring, ast.Expr)
        assert ast.unparse(statement) == "raise NotImplementedError"


def test_no_answer_stands_in_a_notebook(notebook, path):
    text = path.read_text()
    for marker in ("solutions", "BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        assert marker not in text, marker
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    lines = {re.sub(r"\s", "", line) for line in prose.splitlines()}
    for identifier in exercise_cells(notebook):
        body = definition(inspect.getsource(reference(identifier))).body[1:]
        for statement in body:
            answer = re.sub(r"\s", "", ast.unparse(statement))
            assert answer not in lines, f"{identifier}: {answer}"


def test_the_rubric_is_not_in_the_notebook(asking: Path):
    rubric = asking.parent / "rubric.md"
    sentences = [line for line in rubric.read_text().splitlines() if len(line) > 40]
    assert sentences
    text = asking.read_text()
    assert not [line for line in sentences if json.dumps(line)[1:-1] in text]


def test_the_prose_gives_the_points_of_its_cells_and_the_sheet_their_sum(notebook):
    total = 0
    for index, cell in enumerate(notebook.cells):
        if not cell.source.startswith("## ") or not (heading := HEADING.match(cell.source)):
            continue
        graded = notebook.cells[index + (1 if heading["by_hand"] else 2)]
        assert graded.metadata.nbgrader.grade, cell.id
        assert graded.metadata.nbgrader.points == int(heading["points"]), cell.id
        total += int(heading["points"])
    assert total == sum(
        cell.metadata.nbgrader.points
        for cell in nbgrader_cells(notebook)
        if cell.metadata.nbgrader.grade
    ), "a graded cell without a heading"
    assert f"gives {total} points" in notebook.cells[0].source


def test_exercises_go_from_easy_to_hard_and_their_minutes_add_up(notebook):
    headings = [HEADING.match(cell.source) for cell in notebook.cells]
    headings = [heading for heading in headings if heading]
    difficulties = [int(heading["difficulty"]) for heading in headings if not heading["by_hand"]]
    assert difficulties == sorted(difficulties)
    minutes = sum(int(heading["minutes"]) for heading in headings)
    assert f"takes about {minutes} minutes" in notebook.cells[0].source


def test_an_answer_in_words_is_graded_by_hand(notebook):
    for cell in nbgrader_cells(notebook):
        if cell.cell_type == "markdown":
            data = cell.metadata.nbgrader
            assert data.grade
            assert data.solution
            assert not data.locked


def test_every_worked_example_is_true_of_the_reference(notebook, path: Path):
    cells = exercise_cells(notebook)
    imports = next(cell for cell in notebook.cells if cell.cell_type == "code")
    names: dict = {}
    exec(imports.source.replace("from autograder.checking import check, check_all", ""), names)
    names |= {identifier.partition(".")[2]: reference(identifier) for identifier in cells}
    examples = 0
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if id(cell) not in map(id, cells.values()):
            continue
        test = doctest.DocTestParser().get_doctest(
            before.source.replace("```", ""), names.copy(), before.id, path.name, 0
        )
        assert test.examples, f"{before.id} has no worked example"
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test)
        assert runner.failures == 0, before.id
        examples += len(test.examples)
    assert examples
