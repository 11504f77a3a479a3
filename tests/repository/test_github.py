"""What GitHub reads: workflows call what exists, forms ask what the book asks."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(
    set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"}
)
PROGRAMS = {"sysctl"}  # of the machine that GitHub lends
ACTION = re.compile(r"actions/[a-z-]+@v\d+")

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
every_form = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)


def read(path):
    return yaml.safe_load(path.read_text("utf-8"))


def steps(path):
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def program_and_arguments(line):
    """Split a command, without `sudo` and the variables that are set for it."""
    words = shlex.split(line)
    while words[0] in ("sudo", "env") or "=" in words[0]:
        words.pop(0)
    return words[0], words[1:]


@every_workflow
def test_a_step_calls_what_exists(path):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for step in steps(path):
        assert ("uses" in step) != ("run" in step), step
        for line in step.get("run", "").splitlines():
            program, arguments = program_and_arguments(line)
            if program == "make":
                assert arguments
                assert set(arguments) <= set(targets), line
            elif program not in PROGRAMS:
                assert (ROOT / program).stat().st_mode & 0o111, line


@every_workflow
def test_an_action_is_githubs_own_and_pinned_to_a_major_version(path):
    for step in steps(path):
        assert ACTION.fullmatch(step.get("uses", "actions/checkout@v0")), step


@every_workflow
def test_a_workflow_may_write_nothing_but_the_published_pages(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job.get("permissions", {}).keys() <= {"pages", "id-token"}


def test_everything_is_checked_and_only_then_the_book_is_published():
    jobs = read(GITHUB / "workflows" / "ci.yml")["jobs"]
    checked = [step.get("run", step.get("uses")) for step in jobs["check"]["steps"]]
    kept = next(place for place, what in enumerate(checked) if "upload-pages" in what)
    assert checked.index(".ci/run") < kept
    assert jobs["check"]["steps"][kept]["with"]["path"] == "_build/html"
    assert jobs["publish"]["needs"] == "check"
    triggers = read(GITHUB / "workflows" / "ci.yml")[True]  # YAML takes `on` for a truth value
    assert triggers["push"] == {"branches": ["main"]}


def test_the_python_that_checks_is_the_oldest_one_that_is_promised():
    asked = [
        step["with"]["python-version"]
        for step in steps(WORKFLOWS[0])
        if "setup-python" in str(step)
    ]
    oldest = re.search(r">=(\d+\.\d+)", PYPROJECT["project"]["requires-python"])[1]
    assert asked == [oldest]


@every_form
def test_a_form_has_what_github_asks_of_one(path):
    form = read(path)
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names) >= 4
    assert all(field["attributes"]["label"] for field in fields)


@every_form
def test_the_book_asks_what_the_form_asks(path):
    form = read(path)
    page = (ROOT / "chapters" / "report-an-error.md").read_text("utf-8").replace("`", "")
    said = re.search(rf"^{re.escape(form['name'])}\n: (.*?)(?=\n\S)", page, re.M | re.S)[1]
    words = " ".join(said.split()).lower()
    for field in form["body"]:
        if field["type"] != "markdown":
            assert field["attributes"]["label"].lower() in words


def test_there_is_a_form_for_each_kind_of_error_that_the_book_names():
    page = (ROOT / "chapters" / "report-an-error.md").read_text("utf-8")
    assert {read(path)["name"] for path in FORMS} == set(re.findall(r"^(.+)\n: ", page, re.M))


def test_who_asks_about_something_else_can_write_freely():
    assert read(GITHUB / "ISSUE_TEMPLATE" / "config.yml") == {"blank_issues_enabled": True}


def test_the_citation_is_of_this_version():
    citation, book = read(ROOT / "CITATION.cff"), read(ROOT / "_config.yml")
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PYPROJECT["project"]["version"]
    assert citation["abstract"] == PYPROJECT["project"]["description"]
    assert citation["title"] == book["title"]
    assert [author["name"] for author in citation["authors"]] == [book["author"]]
    code, prose = citation["license"]
    assert code == PYPROJECT["project"]["license"]
    assert prose == "CC-BY-4.0"
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-PROSE").read_text("utf-8")
