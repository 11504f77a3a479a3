"""A page is made in time whatever a student has written, and is nbconvert's own where that ends."""

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from handing_in import solved_notebook
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps import api
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader.base import BaseHandler
from traitlets.config import Config

from autograder.course.init import create_course
from autograder.grading import bounded_rendering
from autograder.grading.bounded_rendering import NOTE, BoundedExporter, Renderer, renderer
from autograder.grading.configuration import configure

BLANK = "\n" + " \n" * 20_000  # on which Pygments is quadratic
SPARE = 30.0  # seconds, for a machine that is busy


@pytest.fixture(scope="module")
def exporter() -> BoundedExporter:
    exporter = BoundedExporter()
    exporter.from_notebook_node(notebook(new_code_cell("1")))
    return exporter


def notebook(*cells: NotebookNode) -> NotebookNode:
    node = new_notebook(cells=list(cells))
    node.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    return node


def test_the_page_of_an_honest_notebook_is_the_one_that_nbconvert_makes(exporter: BoundedExporter):
    solved = nbformat.from_dict(solved_notebook())
    solved.cells.append(new_markdown_cell("![a](attachment:picture-0) $x^2$ `y`"))
    solved.cells[-1].attachments = {"picture-0": {"image/png": "iVBORw0KGgo="}}
    page, _ = exporter.from_notebook_node(solved)
    expected, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(solved))
    assert page == expected


def test_what_stalls_is_shown_as_it_is_and_the_rest_as_ever(exporter: BoundedExporter):
    cells = (new_code_cell(BLANK + "def stalls(): ..."), new_markdown_cell("and *then*"))
    begun = time.monotonic()
    page, _ = exporter.from_notebook_node(notebook(*cells))
    assert time.monotonic() - begun < bounded_rendering.TEXT_SECONDS + SPARE
    assert page.count(NOTE) == 1
    assert "def stalls(): ..." in page
    assert "<em>then</em>" in page


def test_many_of_them_take_no_longer_than_a_page_may(exporter: BoundedExporter):
    cells = [new_code_cell(f"{number}{BLANK}") for number in range(40)]
    begun = time.monotonic()
    page, _ = exporter.from_notebook_node(notebook(*cells))
    assert time.monotonic() - begun < bounded_rendering.PAGE_SECONDS + SPARE
    assert page.count(NOTE) >= 40
    page, _ = exporter.from_notebook_node(notebook(new_code_cell("print(1)")))
    assert NOTE not in page  # the next page has all of its time


@pytest.mark.parametrize("source", ["![x](attachment:none)", "<b>![x](attachment:none)"])
def test_what_nbconvert_stumbles_over_is_shown_as_it_is(exporter: BoundedExporter, source: str):
    page, _ = exporter.from_notebook_node(notebook(new_markdown_cell(source), new_code_cell("2")))
    assert NOTE in page
    assert "<b>" not in page


@pytest.mark.parametrize("ended", ["serving", "forking"])
def test_a_process_that_was_ended_is_followed_by_another(exporter: BoundedExporter, ended: str):
    renderer().wait_until_ready()
    one = renderer().serving if ended == "serving" else renderer().process.pid
    os.kill(one, signal.SIGKILL)
    time.sleep(0.5)
    exporter.from_notebook_node(notebook(new_code_cell("1")))
    page, _ = exporter.from_notebook_node(notebook(new_markdown_cell("*again*")))
    assert "<em>again</em>" in page


def test_feedback_and_formgrader_make_their_pages_so(tmp_path: Path):
    create_course(tmp_path / "course")
    config = Config()
    configure(config, tmp_path / "course")
    feedback = api.GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    assert issubclass(feedback.exporter_class, BoundedExporter)
    settings = {"nbgrader_exporter": HTMLExporter()}
    handler = SimpleNamespace(settings=settings, page_number="1", base_url="/")
    assert isinstance(BaseHandler.exporter.fget(handler), BoundedExporter)


def test_no_answer_is_taken_for_another_texts():
    one = Renderer()
    one.wait_until_ready()
    try:
        one.process.stdin.write(b'{"number": 7, "filter": "ansi2html", "text": "another"}\n')
        with pytest.raises(bounded_rendering.RenderingError):
            one.rendered("ansi2html", 10, text="this")
        one.wait_until_ready()
        assert one.rendered("ansi2html", 10, text="this") == "this"
    finally:
        one.stop()
