"""How nbgrader is set up for a course: what `nbgrader_config.py` in a course folder calls."""

import warnings
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

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
NOTHING_TO_CLEAR = ("ClearSolutions", "ClearHiddenTests")


def configure(config: Config, folder: Path) -> None:
    """Set what every course needs. Whatever `nbgrader_config.py` sets afterwards comes on top.

    Args:
        config: what `get_config()` returns in that file; changed in place.
        folder: the course folder.
    """
    # nbgrader's own objects make SQLAlchemy warn, which is nothing an instructor can act upon
    warnings.filterwarnings("ignore", module=r"nbgrader\.")
    folder = folder.resolve()
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
