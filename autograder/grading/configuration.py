"""How nbgrader is set up for a course: what `nbgrader_config.py` in a course folder calls.

What an instructor may change stands in a file beside it, `settings.py`. nbgrader carries on without
a file of settings that has a mistake in it, and would then run students' code unprotected; so the
file that it reads itself is one that nobody edits.
"""

import os
import shutil
import sys
import warnings
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from autograder.errors import UserError

# by name, not as classes: commands that do not grade need not load torch
NBGRADER = "nbgrader.preprocessors"
RECORD = "autograder.grading.gradebook"
SANITIZE = [f"{RECORD}.Intake", f"{NBGRADER}.CheckCellMetadata"]
AUTOGRADE = [
    f"{RECORD}.RunAndJudge",
    f"{RECORD}.RecordGrades",
    f"{NBGRADER}.AssignLatePenalties",
    f"{NBGRADER}.CheckCellMetadata",
]
EXCHANGE = "autograder.grading.exchange"
SETTINGS = "settings.py"
NOTHING_TO_CLEAR = ("ClearSolutions", "ClearHiddenTests")


def configure(config: Config, folder: Path) -> None:
    """Set what every course needs, and on top of that what the course's own settings say.

    Args:
        config: what `get_config()` returns in `nbgrader_config.py`; changed in place.
        folder: the course folder.

    Raises:
        UserError: there is a mistake in the settings.
    """
    # nbgrader's own objects make SQLAlchemy warn, which is nothing an instructor can act upon
    warnings.filterwarnings("ignore", module=r"nbgrader\.")
    folder = folder.resolve()
    if shutil.which("alembic") is None:  # which nbgrader calls, from an environment not activated
        beside_python = Path(sys.executable).parent
        os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{beside_python}"
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        "feedback",
        "rubric.md",  # not for students, should it ever get into source/
    ]
    # stubs and grade cells hold no answers, so there is nothing to clear, and a missing marker must
    # not be an error
    config.GenerateAssignment.preprocessors = [
        f"{NBGRADER}.{preprocessor.__name__}"
        for preprocessor in GenerateAssignment.preprocessors.default()
        if preprocessor.__name__ not in NOTHING_TO_CLEAR
    ]
    # student code runs in the sandbox and is judged outside, whoever starts the grading
    config.Autograde.sanitize_preprocessors = SANITIZE
    config.Autograde.autograde_preprocessors = AUTOGRADE
    # students write in the exchange, and their names stand in tables
    config.ExchangeFactory.collect = f"{EXCHANGE}.Collect"
    config.ExchangeFactory.release_feedback = f"{EXCHANGE}.ReleaseFeedback"
    config.ExchangeFactory.list = f"{EXCHANGE}.List"
    config.ExportApp.plugin_class = "autograder.instructor.csv_export.CsvExport"
    close_nbgrader()
    read_settings(config, folder)


def close_nbgrader() -> None:
    """Put our own in the place of what nbgrader has no settings for.

    Raises:
        ImportError: nbgrader is another one than this was written for.
    """
    from nbgrader.apps import api, autogradeapp, generatefeedbackapp
    from nbgrader.coursedir import CourseDirectory

    from autograder.grading import (
        closed_pages,
        converters,
        literal_glob,
        students_folders,
        timestamps,
    )

    autogradeapp.Autograde = api.Autograde = converters.Autograde
    generatefeedbackapp.GenerateFeedback = api.GenerateFeedback = converters.GenerateFeedback
    CourseDirectory.get_existing_timestamp = timestamps.of_submission
    api.NbGraderAPI.get_submitted_timestamp = timestamps.of_student
    api.NbGraderAPI.get_submitted_students = students_folders.listed_by
    closed_pages.close_formgrader()
    literal_glob.take_its_place("nbgrader")


def read_settings(config: Config, folder: Path) -> None:
    """Run the settings of a course, in which the name `c` stands for the configuration.

    Raises:
        UserError: they cannot be run.
    """
    path = folder / SETTINGS
    if not path.exists():  # a course made before has them in `nbgrader_config.py`
        return
    names = {"c": config, "get_config": lambda: config, "folder": folder, "__file__": str(path)}
    try:
        exec(compile(path.read_text(), path, "exec"), names)
    except Exception as error:
        raise UserError(f"{path}: {type(error).__name__}: {error}; mend it") from None
