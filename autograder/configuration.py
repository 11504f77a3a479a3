"""How nbgrader is set up for a course: what `nbgrader_config.py` in a course folder calls."""

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

from autograder.grading.record import AUTOGRADE, SANITIZE


def configure(config: Config, folder: Path) -> None:
    """Set what every course needs. Whatever `nbgrader_config.py` sets afterwards comes on top.

    Args:
        config: what `get_config()` returns in that file; changed in place.
        folder: the course folder.
    """
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
        preprocessor
        for preprocessor in GenerateAssignment.preprocessors.default()
        if preprocessor not in (ClearSolutions, ClearHiddenTests)
    ]
    # student code runs in the sandbox and is judged outside, whoever starts the grading
    config.Autograde.sanitize_preprocessors = SANITIZE
    config.Autograde.autograde_preprocessors = AUTOGRADE
