"""`autograder init DIR`: make the folder in which a course lives, outside the repository.

Submissions, grades and the secret stand in that folder and nowhere else, so neither git nor
`make clean` can reach them.
"""

import argparse
import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from autograder.course.secret import make_secret
from autograder.errors import UserError

REPOSITORY = Path(__file__).resolve().parents[2]
EXERCISES = REPOSITORY / "exercises"
DEMO = REPOSITORY / "demo"  # the only ignored folder that `make clean` leaves alone
TEMPLATES = Path(__file__).parent / "template"
RUBRIC = "rubric.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder init` takes."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the course folder to be made")
    parser.add_argument(
        "--course-id", metavar="ID", help="nbgrader's name for the course (default: DIR's name)"
    )
    parser.add_argument(
        "--exchange",
        metavar="PATH",
        type=Path,
        help="where assignments are handed out and in; on a machine with an account for each "
        "student a folder that all of them reach (default: DIR/exchange)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Make the course folder and say what comes next."""
    folder = create_course(arguments.folder, arguments.course_id, arguments.exchange)
    print(f"Made the course folder {folder}. The commands, in order, are in {folder}/README.md.")


def create_course(folder: Path, course_id: str | None = None, exchange: Path | None = None) -> Path:
    """Make a course folder with all exercises as nbgrader's source, and return its full path.

    It is put together beside its place and moved there at the end: whoever stops half-way leaves
    no half a course. Nobody but its owner can look into it.

    Raises:
        UserError: something stands at `folder` already, it lies in the repository (and not under
            `demo/`), or the course id has characters that nbgrader does not take.
    """
    folder = folder.expanduser().resolve()
    exchange = exchange.expanduser().resolve() if exchange else None
    course_id = course_id or re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.")
    refuse_unfit(folder, course_id)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    try:
        names = {
            "course_id": course_id,
            "exchange": repr(str(exchange or folder / "exchange")),
            # a course that is moved or copied keeps an exchange of its own
            "own_exchange": repr(str(exchange)) if exchange else 'str(folder / "exchange")',
        }
        fill_course(draft, names)
        make_exchange(exchange or draft / "exchange")
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def refuse_unfit(folder: Path, course_id: str) -> None:
    """Raise `UserError` where a course must not be made."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is left as it is; give the name of a new folder")
    if folder.is_relative_to(REPOSITORY) and not folder.is_relative_to(DEMO):
        raise UserError(
            f"{folder} lies in the repository, where git could delete grades; choose a folder "
            "outside"
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", course_id):
        raise UserError(
            f"the course id {course_id!r} should be made of letters, digits, '.', '_' and '-'; "
            "choose one with --course-id"
        )
    if not EXERCISES.is_dir():
        raise UserError(f"no exercises at {EXERCISES}; install the project with pip install -e")


def fill_course(folder: Path, names: dict[str, str]) -> None:
    """Write everything that a course has on its first day into an empty folder."""
    for template in sorted(TEMPLATES.rglob("*")):
        if template.is_file():
            # a .py would be taken for a module of ours by linters
            target = folder / str(template.relative_to(TEMPLATES)).removesuffix(".template")
            target.parent.mkdir(exist_ok=True)
            target.write_text(Template(template.read_text()).substitute(names))
    for assignment in assignments():
        copy_assignment(assignment, folder)
    make_secret(folder)


def make_exchange(exchange: Path) -> None:
    """Make the exchange folder, as nbgrader wants it: everybody who reaches it may write."""
    if not exchange.exists():  # formgrader offers no release without it
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)


def assignments() -> list[Path]:
    """Return the folders of all assignments in `exercises/`, in the order of their names."""
    return sorted({notebook.parent for notebook in EXERCISES.glob("*/*.ipynb")})


def copy_assignment(assignment: Path, folder: Path) -> None:
    """Copy an assignment into the course's source; its rubric to where no release picks it up."""
    ignored = shutil.ignore_patterns(RUBRIC, ".*", "__pycache__", "*.pyc")
    shutil.copytree(assignment, folder / "source" / assignment.name, ignore=ignored)
    if (assignment / RUBRIC).exists():
        (folder / "rubrics").mkdir(exist_ok=True)
        shutil.copy(assignment / RUBRIC, folder / "rubrics" / f"{assignment.name}.md")
