"""Every hostile, malformed and honest notebook of the class, with the outcome that it must have."""

import json

import pytest
from case_files import Block, Case, CaseFileError, read_case
from class_of_hostiles import CASES, lost, named, of_each_case
from graded_class import GradedClass
from handing_in import TRAP, exercises, hand_in
from nbformat import validate


@of_each_case()
def test_points_are_lost_where_something_is_wrong_and_nowhere_else(
    case: Case, graded_class: GradedClass
):
    grades = graded_class.row(case)["grades"]
    for name in exercises(case):
        share = grades[f"check_{name}"]["share"]
        if name in lost(case):
            assert share < 1, f"{name}: points for a wrong answer"
        else:
            assert share == 1, f"{name}: points lost for a right answer"


@of_each_case(lambda case: case.verdict.zero)
def test_nothing_at_all_is_earned_by_pretending(case: Case, graded_class: GradedClass):
    # partial credit is for parts that are right; a hostile answer has none
    grades = graded_class.row(case)["grades"]
    for name in named(case, case.verdict.zero):
        assert grades[f"check_{name}"]["score"] == 0


@of_each_case()
def test_a_person_is_asked_where_the_machine_cannot_tell(case: Case, graded_class: GradedClass):
    row = graded_class.row(case)
    waiting = {name for name, grade in row["grades"].items() if grade["waits"]}
    assert waiting == {f"check_{name}" for name in named(case, case.verdict.manual)}
    assert row["flagged"] == case.verdict.flagged


@of_each_case(lambda case: case.verdict.note or case.verdict.hint)
def test_the_cause_is_named(case: Case, graded_class: GradedClass):
    said = " ".join(graded_class.row(case)["comments"])
    shown = json.dumps(graded_class.notebook(case).cells)
    assert case.verdict.note in said + shown
    assert case.verdict.hint in shown


@of_each_case()
def test_the_outputs_are_shown_and_nothing_acts(case: Case, graded_class: GradedClass):
    notebook = graded_class.notebook(case)
    validate(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = json.dumps(outputs, ensure_ascii=False)
    pages = [cell.source for cell in notebook.cells if cell.cell_type != "code"]
    pages += [
        text
        for output in outputs
        for kind, text in output.get("data", {}).items()
        if kind not in ("text/plain", "image/png", "image/jpeg")
    ]
    for text in case.verdict.shown:
        assert text in shown
    for text in case.verdict.never_shown:
        assert text not in shown
    for text in case.verdict.never_in_markup:
        assert text not in "\n".join(pages)


@of_each_case()
def test_the_original_is_kept(case: Case, graded_class: GradedClass):
    kept = graded_class.originals(case)
    handed_in = graded_class.found["handed_in"].get(case.name)
    if handed_in:
        too_large = case.verdict.manual and handed_in["size"] > 32 * 2**20
        assert handed_in["hash"] in kept or too_large
    else:
        assert len(kept) == int(case.verdict.original)


def test_no_pickle_was_loaded(graded_class: GradedClass):
    assert not TRAP.exists()


def test_everybody_stands_in_the_table(graded_class: GradedClass):
    for assignment, printed in graded_class.found["printed"].items():
        names = [case.name for case in CASES.values() if case.assignment == assignment]
        one_without_a_name = int(assignment == "attention")
        assert f"{len(names) + one_without_a_name} submission" in printed
        for name in names:
            assert name[:20] in printed


def test_a_student_whose_name_is_no_text_is_named_and_stops_nobody(graded_class: GradedClass):
    printed = graded_class.found["printed"]["attention"]
    assert printed.count("NOT RECORDED, mend this") == 1
    assert "n\N{REPLACEMENT CHARACTER}ame" in printed


def test_verdicts_speak_of_exercises_that_there_are():
    for case in CASES.values():
        assert lost(case) | named(case, case.verdict.manual) <= {*exercises(case)}, case.name


def test_a_cell_beside_one_that_is_not_there_is_told_of(tmp_path):
    block = Block("code", "after", "sofmax", "1")
    case = Case("mine", "honest", "A text.", blocks=(block,))
    with pytest.raises(CaseFileError, match="mine: there is no cell sofmax"):
        hand_in(case, tmp_path / "submitted")


def test_the_class_is_as_large_as_it_was():
    assert len(CASES) >= 300


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A text.", "begins with a line"),
        ("+++\nflagged = true\n+++\nA text.", "nobody understands flagged"),
        ("+++\n[verdict]\nlost = []\n+++\nA text.", "nobody understands lost"),
        ("+++\n[[file]]\nconent = 'x'\n+++\nA text.", "nobody understands conent"),
        ("+++\n[[change]]\ndelet = ['x']\n+++\nA text.", "nobody understands delet"),
        ("+++\n+++\n", "no sentence says"),
        ("+++\n+++\nA text.\n```python\n1\n```", "where 'python' is to stand"),
        ("+++\n+++\nA text.\n```python after\n1\n```", "where 'python after' is to stand"),
        ("+++\n+++\nA text.\n```julia first\n1\n```", "not 'julia'"),
        ("+++\nflagged\n+++\nA text.", "after a key"),
    ],
)
def test_a_file_that_nobody_understands_is_told_of_in_one_line(tmp_path, text: str, problem: str):
    path = tmp_path / "case.md"
    path.write_text(text)
    with pytest.raises(CaseFileError, match=problem) as caught:
        read_case(path)
    assert "\n" not in str(caught.value)
