"""Every hostile, malformed and honest notebook of the class, with the outcome that it must have."""

import hashlib
import json

import pytest
from class_of_hostiles import CASES, EVERYTHING, Case
from conftest import GradedClass
from escapes import SPRUNG
from nbformat import validate

NAMED = {name: case for name, case in CASES.items() if case.note or case.hint}


def test_points_are_lost_where_something_is_wrong_and_nowhere_else(
    case: Case, graded_class: GradedClass
):
    with graded_class.gradebook() as gradebook:
        grades = {grade.name: grade for grade in graded_class.entry(case.name, gradebook).grades}
        for name in EVERYTHING:
            share = grades[f"check_{name}"].auto_score / grades[f"check_{name}"].max_score
            if name in case.lost:
                assert share < 1, f"{name}: points for a wrong answer"
            else:
                assert share == 1, f"{name}: points lost for a right answer"


def test_nothing_at_all_is_earned_by_pretending(case: Case, graded_class: GradedClass):
    # partial credit is for parts that are right; a hostile answer has none
    with graded_class.gradebook() as gradebook:
        grades = {grade.name: grade for grade in graded_class.entry(case.name, gradebook).grades}
        for name in set(case.lost) - set(case.partly):
            assert grades[f"check_{name}"].auto_score == 0


def test_a_person_is_asked_where_the_machine_cannot_tell(case: Case, graded_class: GradedClass):
    with graded_class.gradebook() as gradebook:
        entry = graded_class.entry(case.name, gradebook)
        automatic = [grade for grade in entry.grades if grade.name.startswith("check_")]
        assert all(grade.needs_manual_grade == case.manual for grade in automatic)
        assert entry.flagged == case.flagged


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_the_cause_is_named(named: Case, graded_class: GradedClass):
    with graded_class.gradebook() as gradebook:
        comments = graded_class.entry(named.name, gradebook).comments
        said = " ".join(comment.auto_comment or "" for comment in comments)
    shown = json.dumps(graded_class.notebook(named.name).cells)
    assert named.note in said + shown
    assert named.hint in shown


def test_the_outputs_are_shown_and_nothing_acts(case: Case, graded_class: GradedClass):
    notebook = graded_class.notebook(case.name)
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
    for text in case.shown:
        assert text in shown
    for text in case.never_shown:
        assert text not in (shown if text.isupper() else "\n".join(pages))


def test_the_original_is_kept(case: Case, graded_class: GradedClass):
    kept = graded_class.originals(case.name)
    if case.name in graded_class.handed_in:
        assert hashlib.sha256(graded_class.handed_in[case.name]).hexdigest() in kept or (
            case.manual and len(graded_class.handed_in[case.name]) > 32 * 2**20
        )
    else:
        assert len(kept) == int(case.kept)


def test_no_pickle_was_loaded(graded_class: GradedClass):
    assert not SPRUNG.exists()


def test_everybody_stands_in_the_table(graded_class: GradedClass):
    assert f"{len(CASES) + 1} submissions in" in graded_class.printed
    for name in CASES:
        assert name[:20] in graded_class.printed


def test_a_student_whose_name_is_no_text_is_named_and_stops_nobody(graded_class: GradedClass):
    assert graded_class.printed.count("NOT RECORDED, mend this") == 1
    assert "n\N{REPLACEMENT CHARACTER}ame" in graded_class.printed


def test_at_least_forty_cases_are_our_own(graded_class: GradedClass):
    assert len(CASES) >= 100
