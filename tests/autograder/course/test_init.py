"""`autograder init`: what it makes, and where it refuses to."""

import stat
from pathlib import Path

import pytest
from traitlets.config import Config

from autograder.__main__ import main
from autograder.course import init
from autograder.course.init import REPOSITORY, create_course
from autograder.course.secret import course_secret
from autograder.errors import UserError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_course_holds_every_exercise_and_nothing_that_is_not_for_students(course):
    for original in (REPOSITORY / "exercises").glob("*/*.ipynb"):
        copy = course / "source" / original.relative_to(REPOSITORY / "exercises")
        assert copy.read_bytes() == original.read_bytes()
    assert not list((course / "source").rglob("rubric*"))
    for rubric in (REPOSITORY / "exercises").glob("*/rubric.md"):
        assert (course / "rubrics" / f"{rubric.parent.name}.md").exists()


def test_a_course_folder_made_by_an_earlier_version_goes_on_working(course):
    file = course / "nbgrader_config.py"
    before = file.read_text().replace(
        "autograder.grading.configuration", "autograder.configuration"
    )
    made = Config()
    exec(before, {"get_config": lambda: made, "__file__": str(file)})
    assert "autograder.grading.gradebook.RunAndJudge" in made.Autograde.autograde_preprocessors


def test_nobody_else_can_look_into_a_course_or_read_its_secret(course):
    assert mode(course) == 0o700
    assert mode(course / "seeds.secret") == 0o600


def test_two_courses_have_different_secrets_of_32_bytes(course, tmp_path):
    other = create_course(tmp_path / "other")
    assert len(course_secret(course)) == len(course_secret(other)) == 32
    assert course_secret(course) != course_secret(other)


@pytest.mark.parametrize("damage", ["", "not hexadecimal\n"])
def test_a_damaged_secret_is_refused(course, damage):
    (course / "seeds.secret").write_text(damage)
    with pytest.raises(UserError, match="backup"):
        course_secret(course)


def test_a_missing_secret_is_refused(course):
    (course / "seeds.secret").unlink()
    with pytest.raises(UserError, match="backup"):
        course_secret(course)


def test_what_exists_is_never_overwritten(course, capsys):
    (course / "gradebook.db").write_text("grades")
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    assert main(["init", str(course)]) == 1
    assert "exists and is left as it is" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == before


def test_a_file_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "course").write_text("mine")
    with pytest.raises(UserError, match="exists"):
        create_course(tmp_path / "course")
    assert (tmp_path / "course").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "course").mkdir()
    assert (create_course(tmp_path / "course") / "source").is_dir()


@pytest.mark.parametrize("inside", ["course", "tests/course/new", "_build/course", "demolition"])
def test_a_course_is_not_made_in_the_repository(inside, capsys):
    assert main(["init", str(REPOSITORY / inside)]) == 1
    assert "lies in the repository" in capsys.readouterr().err
    assert not (REPOSITORY / inside).exists()


def test_a_link_into_the_repository_is_seen_through(tmp_path):
    (tmp_path / "link").symlink_to(REPOSITORY)
    with pytest.raises(UserError, match="lies in the repository"):
        create_course(tmp_path / "link" / "course")


def test_half_a_course_is_never_left_behind(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(init, "copy_assignment", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create_course(tmp_path / "course")
    assert list(tmp_path.iterdir()) == []


def test_the_course_id_comes_from_the_name_of_the_folder(tmp_path):
    course = create_course(tmp_path / "Language Models, 2030")
    assert '"Language-Models-2030"' in (course / "settings.py").read_text()


@pytest.mark.parametrize("course_id", ['a"b', "a/b", "a+b", " ", ".."])
def test_a_course_id_that_nbgrader_cannot_take_is_refused(tmp_path, course_id):
    with pytest.raises(UserError, match="course id"):
        create_course(tmp_path / "course", course_id)
    assert list(tmp_path.iterdir()) == []


def test_the_exchange_can_lie_elsewhere(tmp_path):
    elsewhere = tmp_path / "an exchange, isn't it"
    course = create_course(tmp_path / "course", exchange=elsewhere)
    for config in ("settings.py", "for-students/nbgrader_config.py"):
        assert f"c.Exchange.root = {str(elsewhere)!r}" in (course / config).read_text()
