"""formgrader and the feedback in a browser, with names and texts that would like to act there.

The gradebook was filled, and the notebook graded, before anybody looked at names or texts: nothing
of what is tried here was stopped on its way in.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, BrowserContext, Page

ACT = "document.title='changed';window.acted=1;alert(1)"
FETCH = "http://elsewhere.example/picture.png"
NAMES = {  # student id: first and last name
    "ada": ("<script>" + ACT + "</script>", f'<img src="{FETCH}" onerror="{ACT}">&amp;'),
    f"<img src=x onerror={ACT.replace(' ', '')}>": ("</script><script>" + ACT, "a"),
    f'";{ACT};"': ("`${alert(1)}`", "\\"),
    f"</script><script>{ACT}</script>": (None, None),
    "DOM\\user": ("O'Brien & Sons", '"><svg onload=' + ACT + ">"),
}
OF_MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"
TEXT = f"""\
# why_not_generate
## why_not_generate-comment
### check_softmax
# statusmessage
# formgrader
# MathJax

<input id="why_not_generate"> <form id="formgrader"></form>

![x]({FETCH}) <img src="{FETCH}" onerror="{ACT}"> <script>{ACT}</script> [x](javascript:{ACT})
<iframe srcdoc="<script>parent.{ACT}</script>"></iframe>
<meta http-equiv="refresh" content="0;url={FETCH}">
$\\alpha + \\href{{javascript:{ACT}}}{{x}}$
"""
HTML = f'<p onclick="{ACT}">x</p><img src="{FETCH}" onerror="{ACT}"><script>{ACT}</script>'


@dataclass
class Canary:
    """What a page has done that it should not."""

    dialogs: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        def dismiss(dialog) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        context.on("dialog", dismiss)
        context.on("request", lambda request: self._asked(request.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _asked(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1":
            self.elsewhere.append(address)

    def sang(self, page: Page) -> list[str]:
        changed = [page.title()] if page.title() == "changed" else []
        acted = ["acted"] if page.evaluate("window.acted") else []
        return [*self.dialogs, *self.elsewhere, *changed, *acted]


@dataclass
class Served:
    folder: Path
    address: str
    submissions: dict[str, str]


def graded_before(released: Path) -> nbformat.NotebookNode:
    """A graded notebook with everything in it that intake would have made harmless."""
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "why_not_generate":
            cell.source = TEXT
    shown = new_output("display_data", {"text/html": HTML})
    printed = new_output(
        "stream", name="stdout", text="\x1b]0;changed\x07<script>alert(1)</script>"
    )
    notebook.cells.insert(0, new_code_cell("# </script>\x1b[2J", outputs=[shown, printed]))
    notebook.cells.insert(0, new_markdown_cell(TEXT))
    return notebook


@pytest.fixture(scope="module")
def course(
    tmp_path_factory: pytest.TempPathFactory,
    nbgrader: Callable[..., str],
    environment: dict[str, str],
) -> Path:
    from autograder.course.init import create_course

    folder = create_course(tmp_path_factory.mktemp("pages") / "course")
    nbgrader(folder, "generate_assignment", "attention")
    notebook = graded_before(folder / "release/attention/attention.ipynb")
    path = os.environ["PATH"]
    os.environ["PATH"] = environment["PATH"]  # alembic
    try:
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            for student, (first, last) in NAMES.items():
                gradebook.update_or_create_student(student, first_name=first, last_name=last)
                gradebook.update_or_create_submission("attention", student)
    finally:
        os.environ["PATH"] = path
    for student in ("ada", "DOM\\user"):
        for step in ("submitted", "autograded"):
            target = folder / step / student / "attention"
            target.mkdir(parents=True)
            (target / "attention.ipynb").write_text(json.dumps(notebook))
    return folder


@pytest.fixture(scope="module")
def served(course: Path, formgrader_of: Callable) -> Iterator[Served]:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submissions = {
            student: gradebook.find_submission_notebook("attention", "attention", student).id
            for student in NAMES
        }
    with formgrader_of(course) as address:
        yield Served(course, address, submissions)


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def page(browser: Browser, served: Served, token: str, canary: Canary) -> Iterator[Page]:
    with browser.new_context() as context:
        canary.watch(context)
        page = context.new_page()
        page.goto(f"{served.address}?token={token}")
        yield page


LISTS = (
    "manage_assignments", "gradebook", "gradebook/attention", "gradebook/attention/attention",
    "manage_submissions/attention", "manage_students",
    *(f"manage_students/{quote(name, safe='')}" for name in NAMES),
    *(f"manage_students/{quote(name, safe='')}/attention" for name in NAMES if "/" not in name),
    "api/students", "api/submissions/attention", "api/submitted_notebooks/attention/attention",
)  # fmt: skip


def test_no_list_acts_on_a_name(served: Served, page: Page, canary: Canary):
    for path in LISTS:
        page.goto(f"{served.address}/{path}")
        page.wait_for_load_state("networkidle")
        if page.locator("#toggle_names").count():
            page.locator("#toggle_names").click()
            assert page.locator("#toggle_names").inner_text() == "Hide All Names"
        assert canary.sang(page) == [], path
        if path.startswith("manage_students/"):  # asked for by the name in its address
            assert page.get_by_text("Loading, please wait...").count() == 0, path
    assert [error for error in canary.errors if "Content Security" in error] == []


def test_the_lists_show_the_names_as_they_are(served: Served, page: Page):
    page.goto(f"{served.address}/manage_students")
    page.locator("td.id").nth(len(NAMES) - 1).wait_for()
    assert set(page.locator("td.id").all_inner_texts()) == set(NAMES)
    page.get_by_text("Add new student").click()  # a script in an attribute, nbgrader's own
    page.locator("#add-student-modal").wait_for()


def test_nothing_acts_on_the_page_of_a_submission(served: Served, page: Page, canary: Canary):
    page.goto(f"{served.address}/submissions/{served.submissions['ada']}/")
    page.wait_for_load_state("networkidle")
    page.locator(".glyphicon-eye-open").click()  # shows the student's name
    page.locator("a.name-shown").wait_for()
    assert NAMES["ada"][0] in page.locator("a.name-shown").inner_text()
    page.mouse.click(300, 300)
    assert canary.sang(page) == []


def test_formulas_are_set_by_what_the_server_itself_has(served: Served, page: Page):
    page.goto(f"{served.address}/submissions/{served.submissions['ada']}/")
    page.locator(".MathJax").first.wait_for(timeout=60_000)


def written(served: Served) -> tuple[float | None, str | None]:
    with Gradebook(f"sqlite:///{served.folder / 'gradebook.db'}") as gradebook:
        names = ("why_not_generate", "attention", "attention", "ada")
        comment = gradebook.find_comment(*names).manual_comment
        return gradebook.find_grade(*names).manual_score, comment


def test_what_is_typed_is_saved_whatever_the_headings_are(served: Served, page: Page):
    page.goto(f"{served.address}/submissions/{served.submissions['ada']}/")
    page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
    cell = page.locator(".nbgrader_cell", has_text="why_not_generate").filter(
        has=page.locator("textarea#why_not_generate-comment")
    )
    with page.expect_response(lambda response: "/api/grade/" in response.url):
        cell.locator("input.score").fill("2")
        page.keyboard.press("Tab")
    with page.expect_response(lambda response: "/api/comment/" in response.url):
        cell.locator("textarea.comment").fill("read")
        page.locator("body").click(position={"x": 5, "y": 5})
    assert written(served) == (2.0, "read")


def test_a_browser_is_told_what_may_run(served: Served, page: Page):
    numbers = set()
    for path in ("manage_students", f"submissions/{served.submissions['ada']}/", "api/students"):
        answer = page.goto(f"{served.address}/{path}")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'nonce-" in policy
        assert "frame-ancestors 'self'" in policy
        numbers.add(policy.partition("nonce-")[2].partition("'")[0])
        if path.startswith("api"):
            assert answer.headers["content-type"].startswith("text/plain")
    assert len(numbers) == 3


def test_nothing_acts_in_the_feedback_and_no_id_is_taken(
    course: Path, browser: Browser, canary: Canary, nbgrader: Callable[..., str]
):
    shutil.rmtree(course / "feedback", ignore_errors=True)
    nbgrader(course, "generate_feedback", "attention")
    path = course / "feedback/ada/attention/attention.html"
    assert "\x1b" not in path.read_text()
    with browser.new_context() as context:
        canary.watch(context)
        page = context.new_page()
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        page.mouse.click(300, 300)
        canary.elsewhere = [a for a in canary.elsewhere if not a.startswith(OF_MATHJAX)]
        assert canary.sang(page) == []
        assert page.get_by_text("Score: ").count() > 3
        for name in ("why_not_generate", "check_softmax"):
            assert page.locator(f"#{name}").count() == 0
            assert page.locator(f"a[name={name}]").count() == 1
