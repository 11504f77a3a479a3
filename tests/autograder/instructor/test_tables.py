"""Rosters and grades of Canvas, Moodle and nbgrader: a file comes back as it was, filled in."""

import csv
import io
from types import SimpleNamespace

import pytest

from autograder.errors import UserError
from autograder.grading.harmless_text import as_cell, from_cell
from autograder.instructor.export_grades import fill
from autograder.instructor.roster import id_column, students_in
from autograder.instructor.tables import read_table

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,attention (1234),quiz (77),Final Score
    Points Possible,,,,,40,10,(read only)
"Lovelace, Ada",11,s-1,ada,A,,3,
"Turing, Alan",12,s-2,alan,A,7,4,
"Student, Test",13,,,A,,,
"""
WORKSHEET = """\
\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 77,Ada Lovelace,ada@example.org,Submitted,,100.00,"well, done"
Participant 78,Alan Mathison Turing,alan@example.org,Submitted,,100.00,
"""
PARTICIPANTS = """\
First name;Surname;ID number;Email address
Ada;Lovelace;4711;ada@example.org
Alan;Turing;4712;alan@example.org
"""
NBGRADER = "id,first_name,last_name,email\nada,Ada,Lovelace,ada@example.org\n"


@pytest.fixture
def table(tmp_path):
    def read(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return read_table(path)

    return read


def graded(penalty=0.0, **scores):
    return {
        name: SimpleNamespace(
            student=SimpleNamespace(id=name, email=None),
            score=score,
            max_score=40.0,
            late_submission_penalty=penalty,
        )
        for name, score in scores.items()
    }


def test_canvas_students_go_by_their_login_and_test_students_are_nobody(table):
    assert students_in(table(CANVAS)) == {
        "ada": {"first_name": "Ada", "last_name": "Lovelace"},
        "alan": {"first_name": "Alan", "last_name": "Turing"},
    }


def test_moodles_worksheet_has_addresses_and_whole_names(table):
    students = students_in(table(WORKSHEET))
    assert students["alan@example.org"] == {
        "first_name": "Alan Mathison",
        "last_name": "Turing",
        "email": "alan@example.org",
    }


def test_moodles_participants_go_by_their_number_whatever_separates_columns(table):
    assert list(students_in(table(PARTICIPANTS))) == ["4711", "4712"]


def test_nbgraders_roster_is_read_as_nbgrader_reads_it(table):
    ada = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"}
    assert students_in(table(NBGRADER)) == {"ada": ada}


def test_a_column_that_is_named_goes_before_the_likeliest(table):
    assert list(students_in(table(CANVAS), "SIS User ID")) == ["s-1", "s-2"]


def test_an_empty_column_is_no_identifier(table):
    assert id_column(table(CANVAS.replace(",ada,", ",,").replace(",alan,", ",,"))) == "SIS User ID"


def test_scores_go_into_the_assignments_own_column_and_nothing_else_changes(table):
    canvas = table(CANVAS)
    filled = fill(canvas, graded(ada=31.5, alan=40.0, eve=1.0), "attention")
    assert filled.scored == ["ada", "alan"]
    assert filled.unmatched == ["eve"]
    before = list(csv.reader(io.StringIO(CANVAS)))
    after = list(csv.reader(io.StringIO(canvas.text())))
    changed = [
        (row[0], column, new)
        for row, old_row in zip(after, before, strict=True)
        for column, (new, old) in enumerate(zip(row, old_row, strict=True))
        if new != old
    ]
    assert changed == [("Lovelace, Ada", 5, "31.5"), ("Turing, Alan", 5, "40")]


def test_scores_are_fitted_to_the_platforms_maximum(table):
    worksheet = table(WORKSHEET)
    filled = fill(worksheet, graded(**{"ada@example.org": 30.0}), "attention")
    assert filled.factor == pytest.approx(2.5)
    assert worksheet.rows[0][4] == "75"
    assert worksheet.rows[1][4] == ""  # nothing handed in: what stands there stays
    assert worksheet.text().startswith("\ufeffIdentifier,")
    assert '"well, done"' in worksheet.text()


def test_what_lateness_took_is_taken_off_and_nobody_gets_less_than_nothing(table):
    canvas = table(CANVAS)
    fill(canvas, graded(penalty=8.0, ada=31.5, alan=5.0), "attention")
    assert [row[5] for row in canvas.rows[1:3]] == ["23.5", "0"]


def test_the_column_is_found_by_which_names_the_gradebook_knows(table):
    canvas = table(CANVAS)
    fill(canvas, graded(**{"s-2": 20.0}), "attention")
    assert canvas.rows[2][5] == "20"


def test_an_assignment_the_platform_does_not_know_gets_a_column(table):
    canvas = table(CANVAS)
    fill(canvas, graded(ada=20.0), "training")
    assert canvas.headers[-1] == "training"
    assert canvas.rows[1][-1] == "20"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "has not the columns"),
        ("", "no table"),
        ('Student,ID,Section\n"open,1,2\n', "no table"),
    ],
)
def test_what_is_no_table_of_a_platform_is_refused_in_one_line(table, text, said):
    with pytest.raises(UserError, match=said) as error:
        table(text)
    assert "\n" not in str(error.value)


def test_latin_letters_in_another_encoding_are_refused(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("id,first_name\nada,Zoë\n".encode("latin-1"))
    with pytest.raises(UserError, match="UTF-8"):
        read_table(path)


@pytest.mark.parametrize("name", ["../../etc", ".hidden", "a/b"])
def test_a_name_that_leads_out_of_the_course_is_refused(table, name):
    with pytest.raises(UserError, match="folder"):
        students_in(table(f"id\n{name}\n"))


def test_a_name_that_stands_twice_is_refused(table):
    with pytest.raises(UserError, match="twice"):
        students_in(table("id\nada\nada\n"))


def test_a_file_of_strangers_is_refused(table):
    with pytest.raises(UserError, match="none of the gradebook's students"):
        fill(table(CANVAS), graded(nobody=1.0), "attention")


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1|x", "-2+3", "@SUM(1)", " =1+1", "＝1+1", "\t=1", "-dash")


@pytest.mark.parametrize("name", FORMULAS)
def test_no_spreadsheet_computes_a_name(table, name):
    for form, header in ((CANVAS, "Student,"), (NBGRADER, "id,"), (PARTICIPANTS, "First name;")):
        mark = ";" if ";" in header else ","
        row = mark.join([f'"{name}"'] * (form.splitlines()[0].count(mark) + 1))
        read = table(f"{form.splitlines()[0]}\n{row}\n")
        written = read.text()
        cells = next(csv.reader(io.StringIO(written.splitlines()[1]), delimiter=mark))
        assert all(cell.startswith("'") for cell in cells)
        # and it is the same name when the table comes back
        assert table(written).rows == read.rows


@pytest.mark.parametrize("cell", ["-", "+", "-1.5", "+49", "1e5", "-1,5", "7 %", "", "O'Brien"])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert from_cell(as_cell(cell)) == as_cell(cell) == cell


@pytest.mark.parametrize("name", ["<script>x</script>", "a\nb", "a*", ".a", "\x1b[2J"])
def test_a_name_that_can_be_nobodys_is_refused_and_named(table, name):
    with pytest.raises(UserError, match="cannot be the name"):
        students_in(table(f'id,first_name,last_name,email\n"{name}",a,b,c\n'))


def test_first_and_last_names_are_kept_without_tags(table):
    text = 'id,first_name,last_name,email\nada,<b>Ada</b>,"Love\nlace\x1b[2J",a@b\n'
    (fields,) = students_in(table(text)).values()
    assert fields["first_name"] == "‹b›Ada‹/b›"
    assert fields["last_name"].startswith("Love lace")
    assert "\x1b" not in fields["last_name"]
