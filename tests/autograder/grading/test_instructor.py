"""What an instructor gets of a graded class: the report, the grades, the students' package."""

import csv
import html
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import nbformat
import pytest
from courses import CHOSEN, copy_of, entries, handed_in_folder, run_in

from autograder.checking.cases import read_cases
from autograder.course.filled_notebooks import answer_source, filled
from autograder.instructor.report import bins
from autograder.specs import find

MISTAKEN = "mistaken"
MISCONCEPTION = find("attention.softmax").misconceptions[0]


@pytest.fixture(scope="module")
def course(graded_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graded class, and one more student, who holds a misconception and is late for it."""
    folder = copy_of(graded_course, tmp_path_factory.mktemp("instructor") / "course")
    with open(folder / "nbgrader_config.py", "a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    due = "--duedate=2030-01-01 12:00:00 UTC"
    run_in(folder, "nbgrader", "db", "assignment", "add", "attention", due)
    notebook = nbformat.read(folder / "release/attention/attention.ipynb", as_version=4)
    source = answer_source(MISCONCEPTION.function, "softmax")
    target = handed_in_folder(folder, MISTAKEN)
    target.mkdir(parents=True)
    nbformat.write(filled(notebook, {"attention.softmax": source}), target / "attention.ipynb")
    (target / "timestamp.txt").write_text("2030-01-03 12:00:00 UTC")
    run_in(folder, "autograder", "grade", "attention")
    return folder


@pytest.fixture(scope="module")
def report(course: Path) -> str:
    run_in(course, "autograder", "report", "attention")
    return (course / "reports/attention.html").read_text()


def test_the_report_names_everybody_who_needs_a_person_and_every_flag(course, report):
    for student, entry in entries(course).items():
        if any(waiting for _, _, waiting in entry["grades"].values()):
            assert student in report.split("What needs a person")[1], student
    flags = report.split("<h2>Flags")[1].split("<h2>What needs")[0]
    assert "the_librarys_own_softmax" in flags
    assert "one_exercise_wrong" not in flags.split("Solutions that are the same")[0]


def test_the_report_shows_what_was_misunderstood_and_by_whom(report):
    shown = report.split("Misconceptions</h2>")[1].split("<h2>Flags")[0]
    shown = html.unescape(shown.replace("<code>", "`").replace("</code>", "`"))
    assert MISTAKEN in shown
    assert MISCONCEPTION.hint in shown


def test_what_no_misconception_explains_is_listed_for_the_instructor_to_look_into(report):
    shown = report.split("Parts that fail without a known misconception")[1]
    assert "attention." in shown.split("</details>")[0]


def test_the_report_is_one_file_in_which_nothing_can_run(report):
    assert "default-src 'none'" in report
    assert "<script" not in report
    for address in ("http://", "https://"):
        assert address not in report.replace("http://www.w3.org/", "")


def test_every_plot_says_what_it_shows_and_stands_beside_a_table(report):
    assert report.count("<svg") == report.count('<svg role="img" aria-label="') >= 2
    assert report.count("<table") >= 5
    names = [part.split('"')[0] for part in report.split(' id="')[1:]]
    assert len(names) == len(set(names))


def test_a_roster_and_the_grades_reach_a_learning_platform(course):
    # nbgrader's name for everybody is the login
    students = [*CHOSEN, MISTAKEN]
    lines = ["Student,ID,SIS Login ID,Section,attention (9)", "Points Possible,,,,34"]
    lines += [f'"Family{i}, Given{i}",{i},{name},A,' for i, name in enumerate(students)]
    (course / "canvas.csv").write_text("\n".join(lines) + "\n")
    assert f"{len(students)} students" in run_in(course, "autograder", "roster", "canvas.csv")
    run_in(course, "autograder", "grades", "attention", "--into", "canvas.csv", "--to", "up.csv")
    with open(course / "up.csv", newline="") as file:
        _, *rows = csv.DictReader(file)  # the first says how many points are possible
    scores = {row["SIS Login ID"]: float(row["attention (9)"]) for row in rows}
    # what nbgrader exports is what counts: lateness has taken from it
    exported = nbgraders_own(course)
    assert exported[MISTAKEN] == 0 < entries(course)[MISTAKEN]["score"]
    assert scores == pytest.approx(exported)


def nbgraders_own(course: Path) -> dict[str, float]:
    run_in(course, "nbgrader", "export", "--to=own.csv")
    with open(course / "own.csv", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def test_nbgraders_own_table_is_written_for_one_assignment(course):
    run_in(course, "autograder", "grades", "attention")
    with open(course / "grades-attention.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["student_id"]: float(row["score"]) for row in rows}
    assert found == pytest.approx(nbgraders_own(course))


def test_the_report_says_who_was_late_and_what_that_took(course, report):
    taken = entries(course)[MISTAKEN]["score"]
    (row,) = [
        row
        for row in report.split("<h2>Late")[1].split("</section>")[0].split("<tr>")
        if MISTAKEN in row
    ]
    assert ["2 days", f"{taken:g}", "0"] == re.findall(r"<td[^>]*>([^<]*)</td>", row)[1:]


@pytest.mark.parametrize("maximum", [0, 1, 2.5, 9, 10, 30, 34, 101])
def test_scores_are_counted_in_ranges_of_whole_points(maximum):
    scores = [0, maximum / 3, maximum]
    found = bins(scores, maximum)
    assert 1 <= len(found) <= 10 or maximum < 10
    assert found[0][0] == 0
    assert found[-1][1] == (maximum or 1)
    assert all(low == int(low) for low, _, _ in found)
    assert sum(number for _, _, number in found) == len(scores)


def test_a_table_is_not_written_over_itself(course):
    export = course / "up.csv"
    export.write_text("Student,ID,SIS User ID\n")
    same = ("--into", "up.csv", "--to", "./up.csv")
    assert "left as it is" in run_in(course, "autograder", "grades", "attention", *same, status=1)


def test_before_anything_is_graded_each_command_says_what_to_do(ungraded_course, tmp_path):
    course = copy_of(ungraded_course, tmp_path / "course")
    for command in ("grades", "report"):
        said = run_in(course, "autograder", command, "attention", status=1)
        assert "first run: autograder grade" in said
        assert "Traceback" not in said


def test_students_check_with_hints_and_without_specs_or_reference(course, tmp_path):
    said = run_in(course, "autograder", "handout", "attention")
    assert "nbgrader generate_assignment attention" in said
    run_in(course, "nbgrader", "generate_assignment", "attention", "--force")
    released = course / "release/attention"
    assert read_cases(released / "attention.cases").keys() >= {"attention.softmax"}
    (wheel,) = (course / "for-students").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    assert not [name for name in names if "specs" in name or "solutions" in name]
    assert not [name for name in names if "grading" in name or "draw" in name]
    program = textwrap.dedent("""
        import sys
        # this environment also has the whole project, installed to be edited
        sys.meta_path = [f for f in sys.meta_path if "__editable__" not in f"{f} {f.__module__}"]
        sys.path.insert(0, sys.argv[1])
        import torch
        from autograder.checking import check
        print(check("attention.causal_mask", lambda n: torch.ones(n, n).bool().tril()))
        print(check("attention.causal_mask", lambda n: torch.ones(n, n).bool().triu()))
    """)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path / "installed")],
        cwd=released,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert "1.0" in done.stdout.splitlines()
    assert "hint:" in done.stdout
